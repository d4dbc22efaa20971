"""The data section of a recipe."""

from __future__ import annotations

from dataclasses import dataclass, field

from hf_xalign.data.transliteration import check_transliteration
from hf_xalign.errors import XAlignError


SECTIONS = ("train_data", "selection_data", "test_data", "exclude_data")

SOURCE_HELP = (
    "a list of sources; each is a mapping with `path` (a .parquet, .jsonl, .json, .tsv, .csv or .txt file, .gz or "
    "not, a Hub data set id, or minicorpus:train) and what to take from it"
)


@dataclass
class DataArguments:
    """What to read, how to clean it, and how to turn it into tokens.

    Each of `train_data`, `selection_data`, `test_data` and `exclude_data` is a list of sources; the keys of a source
    are documented in `hf_xalign.data.sources.Source`. No train sentence that equals a sentence of the other three is
    kept (equal in letters, marks and digits, whatever its case and width).

    Attributes:
        train_data: sentences (`text`, `lang`) or pairs of translations (`source`, `target`) to train on.
        selection_data: what chooses the checkpoint; never the test data.
        test_data: what the report measures.
        exclude_data: sentences that must not be trained on (the test sets that are read elsewhere).
        prepared_dir: folder of the prepared data; `xalign prepare` writes it and training reads it.
        second_view: what the `target` view of a monolingual sentence holds: its transliteration, or the original once
            more (model 1 of Liu et al. 2025 sees each sentence twice, so that the steps of all models are equal).
        transliteration: what romanises, `backend: uroman` (the default) or `icu` with its `transform` as in
            [`load_transliterator`], and `noise`, the share of letters that are damaged on purpose.
        tokenizer_name: Hub id or folder of a tokenizer; by default the encoder's own, or, without an encoder, a
            SentencePiece Unigram model trained on `train_data`.
        vocab_size: pieces of the tokenizer that is trained.
        tokenizer_train_on: the sentences that it is trained on: as written, or their transliterations too.
        max_length: tokens of a view, special tokens included; what is longer is truncated.
        mlm_probability: share of the tokens that masked language modelling predicts.
        mask_replace_prob: share of those that become the mask token.
        random_replace_prob: share of those that become a random token; the rest stay.
        aligner: what aligns the words of pairs that come without an alignment: `name` and the settings of
            [`load_aligner`].
        alignment_threshold: score that a word link needs to be trained on.
        awp_probability: share of the aligned words of a side that aligned word prediction masks.
        romanise_targets: give pairs a romanised target (`target_latn`), for TCM on one side of translations.
        deduplicate: keep one of each train sentence a language (equal as for exclusion).
        preprocessing_num_proc: processes that prepare data; by default one.
    """

    train_data: list[dict] = field(default_factory=list, metadata={"help": f"Training data: {SOURCE_HELP}."})
    selection_data: list[dict] = field(
        default_factory=list, metadata={"help": "Data that choose the checkpoint, in the form of train_data."}
    )
    test_data: list[dict] = field(default_factory=list, metadata={"help": "Data that the report measures."})
    exclude_data: list[dict] = field(
        default_factory=list, metadata={"help": "Data whose sentences must not be trained on."}
    )
    prepared_dir: str | None = field(default=None, metadata={"help": "Folder of the prepared data."})
    second_view: str = field(
        default="transliteration",
        metadata={
            "help": "What the target view of a monolingual sentence holds.",
            "choices": ["transliteration", "original"],
        },
    )
    transliteration: dict = field(
        default_factory=dict,
        metadata={"help": "What romanises: backend (uroman or icu), transform (of icu) and noise (0 to 1)."},
    )
    tokenizer_name: str | None = field(
        default=None,
        metadata={"help": "Hub id or folder of a tokenizer; by default the encoder's own, else one is trained."},
    )
    vocab_size: int = field(default=30_000, metadata={"help": "Pieces of the tokenizer that is trained."})
    tokenizer_train_on: str = field(
        default="original",
        metadata={"help": "Sentences the tokenizer is trained on.", "choices": ["original", "both"]},
    )
    max_length: int = field(default=128, metadata={"help": "Tokens of a view, special tokens included."})
    mlm_probability: float = field(default=0.15, metadata={"help": "Share of the tokens that MLM predicts."})
    mask_replace_prob: float = field(default=0.8, metadata={"help": "Share of those that become the mask token."})
    random_replace_prob: float = field(default=0.1, metadata={"help": "Share of those that become a random token."})
    aligner: dict = field(
        default_factory=dict,
        metadata={"help": "What aligns the words of pairs: name and settings, as load_aligner takes them."},
    )
    alignment_threshold: float = field(default=0.0, metadata={"help": "Score that a word link needs."})
    awp_probability: float = field(default=0.3, metadata={"help": "Share of the aligned words that AWP masks."})
    romanise_targets: bool = field(default=False, metadata={"help": "Give pairs a romanised target (target_latn)."})
    deduplicate: bool = field(default=True, metadata={"help": "Keep one of each train sentence a language."})
    preprocessing_num_proc: int | None = field(default=None, metadata={"help": "Processes that prepare data."})

    def __post_init__(self):
        if self.max_length < 3:
            raise XAlignError(f"max_length is {self.max_length}; a view needs at least 3 tokens, two of them special")
        if self.vocab_size < 8:
            raise XAlignError(f"vocab_size is {self.vocab_size}; a vocabulary of fewer than 8 pieces is none")
        for name in ("mlm_probability", "awp_probability"):
            if not 0 < getattr(self, name) < 1:
                raise XAlignError(f"{name} is {getattr(self, name)}; it must lie between 0 and 1")
        if not 0 <= self.alignment_threshold <= 1:
            raise XAlignError(f"alignment_threshold is {self.alignment_threshold}; it must lie in 0..1")
        check_transliteration(self.transliteration)
        if self.aligner and "name" not in self.aligner:
            raise XAlignError("aligner: name is missing (simalign, awesome, ot, wspalign or eflomal)")
        shares = (self.mask_replace_prob, self.random_replace_prob)
        if min(shares) < 0 or sum(shares) > 1:
            raise XAlignError(
                f"mask_replace_prob {shares[0]} and random_replace_prob {shares[1]} must be shares of at most 1 in sum"
            )
        if self.preprocessing_num_proc is not None and self.preprocessing_num_proc < 1:
            raise XAlignError(f"preprocessing_num_proc is {self.preprocessing_num_proc}; it must be at least 1")
