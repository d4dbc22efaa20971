"""A recipe of a run of seconds: a few sentences of the synthetic corpus, a tiny encoder from scratch."""

from __future__ import annotations

from typing import Any


LANGS = ["hin_Deva", "urd_Arab"]


def small_config(layers: int = 2, width: int = 16, **changes: Any) -> dict[str, Any]:
    """`model_config` of XLM-R's architecture, `width` wide, with two attention heads."""
    return {
        "model_type": "xlm-roberta",
        "num_hidden_layers": layers,
        "hidden_size": width,
        "num_attention_heads": 2,
        "intermediate_size": 2 * width,
    } | changes


def small_data(train: int, held_out: int) -> dict[str, Any]:
    """The three sections of data: so many training sentences, and so many pairs to choose by and to test on."""

    def section(split: str, limit: int) -> list[dict[str, Any]]:
        return [{"path": f"minicorpus:{split}", "langs": LANGS, "limit": limit}]

    return {
        "train_data": section("train", train),
        "selection_data": section("validation", held_out),
        "test_data": section("test", held_out),
    }
