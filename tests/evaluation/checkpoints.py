"""Tiny checkpoints and parallel data for tests of evaluations that open models themselves."""

from __future__ import annotations

import random
from pathlib import Path

import torch
from transformers import AutoModelForMaskedLM

from tests.tiny import tiny_config, word_tokenizer


def save_checkpoint(folder: Path, seed: int = 0, **fields) -> Path:
    """A plain checkpoint of random weights; `fields` go to its config."""
    torch.manual_seed(seed)
    AutoModelForMaskedLM.from_config(tiny_config("xlm-roberta", **fields)).save_pretrained(folder)
    word_tokenizer().save_pretrained(folder)
    return folder


def parallel_rows(n: int, languages: tuple[str, ...], seed: int = 0) -> list[dict[str, str]]:
    """Sentences of the tokenizer's words; each language after the first changes more words than the one before."""
    draw = random.Random(seed)
    rows = []
    for _ in range(n):
        words = [f"w{draw.randrange(55)}" for _ in range(draw.randint(4, 9))]
        row = {}
        for changes, language in enumerate(languages):
            changed = list(words)
            for place in draw.sample(range(len(words)), min(changes, len(words))):
                changed[place] = f"w{draw.randrange(55)}"
            row[language] = " ".join(changed)
        rows.append(row)
    return rows
