"""Training a tokenizer: SentencePiece Unigram in the form of XLM-R's, which plain transformers opens."""

from __future__ import annotations

import io
import os
import re
import shutil
import string
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from hf_xalign.errors import XAlignError


# uroman writes ASCII. Without these letters among the pieces, the transliterations of a corpus that has no Latin text
# would be a row of unknown tokens.
_REQUIRED = string.ascii_letters + string.digits + string.punctuation


def train_sentencepiece_tokenizer(
    sentences: Iterable[str],
    output_dir: str | Path,
    vocab_size: int = 30_000,
    *,
    character_coverage: float = 0.9999,
    max_sentences: int = 5_000_000,
    model_max_length: int = 512,
) -> Path:
    """Train a tokenizer and save it as a folder that `AutoTokenizer.from_pretrained` opens.

    The special tokens are those of XLM-R (`<s> <pad> </s> <unk> ... <mask>`), the normalisation is nmt_nfkc. Equal
    sentences in equal order give an equal tokenizer. ASCII letters, digits and punctuation are always in the
    vocabulary, since transliterations consist of them.

    Args:
        sentences: what to train on; the paper of Liu et al. (2025, section 4.1) takes the original text only.
        output_dir: the folder; it is made, or replaced when training is done.
        vocab_size: pieces, `<unk>`, `<s>` and `</s>` included (`<pad>` and `<mask>` come on top).
        character_coverage: share of the characters of the text that have a piece; the rest is unknown.
        max_sentences: of more than these, a random sample (with a fixed seed) is trained on.
        model_max_length: what the tokenizer says is the longest input.

    Returns:
        `output_dir`.

    Raises:
        XAlignError: there is no sentence, or the text is too small for so many pieces (the largest possible number
            is named), or has more characters than pieces.
    """
    from transformers import XLMRobertaTokenizer

    output_dir = Path(output_dir)
    model = _train(sentences, vocab_size, character_coverage, max_sentences)
    output_dir.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{output_dir.name}.", dir=output_dir.parent))
    try:
        # from_pretrained converts the ids of SentencePiece (unk 0, bos 1, eos 2) to those of XLM-R.
        (temporary / "sentencepiece.bpe.model").write_bytes(model)
        XLMRobertaTokenizer.from_pretrained(temporary, model_max_length=model_max_length).save_pretrained(temporary)
        if output_dir.exists():
            shutil.rmtree(output_dir)
        temporary.chmod(0o755)
        os.replace(temporary, output_dir)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return output_dir


def _train(sentences: Iterable[str], vocab_size: int, character_coverage: float, max_sentences: int) -> bytes:
    import sentencepiece

    counter = _Counter(sentences)
    sentencepiece.set_random_generator_seed(0)
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(counter),
            model_writer=model,
            model_type="unigram",
            vocab_size=vocab_size,
            character_coverage=character_coverage,
            required_chars=_REQUIRED,
            normalization_rule_name="nmt_nfkc",
            input_sentence_size=max_sentences,
            shuffle_input_sentence=True,
            max_sentence_length=65_536,  # bytes; longer sentences would be left out without a word
            num_threads=16,  # the sums, and so the pieces, depend on it
            minloglevel=2,
        )
    except RuntimeError as error:
        raise _explained(str(error), vocab_size, counter.seen) from None
    return model.getvalue()


class _Counter:
    def __init__(self, sentences: Iterable[str]):
        self.sentences = sentences
        self.seen = 0

    def __iter__(self) -> Iterator[str]:
        for sentence in self.sentences:
            self.seen += 1
            yield sentence


def _explained(message: str, vocab_size: int, sentences: int) -> XAlignError:
    if not sentences:
        return XAlignError("there is no sentence to train a tokenizer on")
    largest = re.search(r"value <= (\d+)", message)
    if largest:
        return XAlignError(
            f"vocab_size is {vocab_size}, but {sentences} sentences give at most {largest[1]} pieces; "
            f"set vocab_size to {largest[1]} or less, or train on more text"
        )
    fewest = re.search(r"required_chars\. \d+ vs (\d+)", message)
    if fewest:
        return XAlignError(
            f"vocab_size is {vocab_size}, but the text has {fewest[1]} characters, each of which needs a piece; "
            f"set vocab_size above {fewest[1]}"
        )
    return XAlignError(f"SentencePiece cannot train on these {sentences} sentences: {' '.join(message.split())}")
