"""What several benchmarks share: a small encoder with random weights, and real sentences for it."""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch
from transformers import XLMRobertaConfig

from hf_xalign import XAlignModel
from hf_xalign.data.tokenization import TokenizeViews
from hf_xalign.data.words import split_words


SIZES = {"hidden_size": 256, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 1024}


def encoder_config(tokenizer) -> XLMRobertaConfig:
    """XLM-R's architecture, without dropout."""
    special = {name: getattr(tokenizer, name) for name in ("pad_token_id", "bos_token_id", "eos_token_id")}
    return XLMRobertaConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=514,
        type_vocab_size=1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        **SIZES,
        **special,
    )


def make_model(heads: dict, tokenizer) -> XAlignModel:
    torch.manual_seed(0)
    return XAlignModel.from_encoder(encoder_config(tokenizer), heads)


def pairs_and_text(langs: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """English with each of the languages of NTREX-128, a sentence of English with one before the next one comes; and
    all lines, for a tokenizer."""
    import pyarrow.parquet

    if "HF_XALIGN_DATA" not in os.environ:
        sys.exit("set HF_XALIGN_DATA to the folder that holds ntrex128.parquet")
    table = pyarrow.parquet.read_table(Path(os.environ["HF_XALIGN_DATA"]) / "ntrex128.parquet")
    columns = {name: table.column(name).to_pylist() for name in ("eng", *langs)}
    english = {text: row for row, text in enumerate(columns["eng"]) if text}
    pairs: dict[str, tuple[str, str]] = {}
    for turn in range(len(langs)):
        for text, row in english.items():
            other = columns[langs[(row + turn) % len(langs)]][row]
            if other:
                pairs.setdefault(other, (text, other))
    return list(pairs.values()), [line for column in columns.values() for line in column if line]


def tokenised(pairs: list[tuple[str, str]], tokenizer, max_length: int) -> list[dict]:
    """Rows of `TokenizeViews`; every second word is linked to the one that stands as far into the translation."""
    words = [(split_words(source), split_words(target)) for source, target in pairs]
    columns = {
        "source": [source for source, _ in pairs],
        "target": [target for _, target in pairs],
        "source_words": [source for source, _ in words],
        "target_words": [target for _, target in words],
        "alignment": [
            [[i, i * len(target) // len(source)] for i in range(0, len(source), 2)] for source, target in words
        ],
    }
    tokenize = TokenizeViews(tokenizer, source="source", target="target", max_length=max_length, alignments=True)
    done = tokenize(columns)
    return [{name: column[i] for name, column in done.items()} for i in range(len(pairs))]


def real_tokens(batch: dict) -> int:
    """Tokens of all views, padding apart."""
    return sum(int(view["attention_mask"].sum()) for view in batch.values() if isinstance(view, dict))


def version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
