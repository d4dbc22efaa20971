"""Claim: cost grows with the lines, pairs and sentences, and no faster; retrieval alone compares all with all.

Processor time of each at three sizes a decade apart, on real text of the folder HF_XALIGN_DATA (medians of
`--rounds`): what a line, pair or sentence costs, and the slope of time over size on logarithmic axes; 1 is linear, 2
quadratic.

- `transliterate`: lines of `mono_sentences.parquet`, five languages, the memory of words emptied before each run.
- `align`: pairs of NTREX-128 (English–Hindi), SimAlign's itermax on a random encoder, sorted by length in batches.
- `step`: a step of TR + AWP + WTR through a gradient cache with chunks of 64, by rows of its batch; the scores of the
  contrastive losses compare all with all.
- `retrieval`: cosine top-1 in both directions, random vectors of 256, by sentences a side.

    python benchmarks/growth.py transliterate align step retrieval
"""

from __future__ import annotations

import argparse
import itertools
import logging
import math
import os
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from objective_sets import PAIR_OBJECTIVES
from small_encoder import make_model, pairs_and_text, tokenised
from transformers import AutoTokenizer
from transformers.utils.logging import disable_progress_bar
from transliteration import sentences

from hf_xalign import XAlignDataCollator, load_aligner
from hf_xalign.data import romanizer
from hf_xalign.data.tokenizer_training import train_sentencepiece_tokenizer
from hf_xalign.data.transliteration import Transliterate, transliterate
from hf_xalign.data.words import split_words
from hf_xalign.evaluation import retrieval_accuracy
from hf_xalign.gradient_cache import cached_step


SIZES = {
    "transliterate": (1_000, 10_000, 100_000),
    "align": (15, 150, 1_500),
    "step": (16, 160, 1_600),
    "retrieval": (400, 4_000, 40_000),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measures", nargs="+", choices=SIZES)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    disable_progress_bar()
    print(
        f"{platform.machine()}, {torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}; Python "
        f"{platform.python_version()}, torch {torch.__version__}, numpy {np.__version__}"
    )
    for name in options.measures:
        with tempfile.TemporaryDirectory() as folder:
            runs = {size: [] for size in SIZES[name]}
            measure = MEASURES[name](Path(folder))
            for _ in range(options.rounds):
                for size in runs:
                    runs[size].append(measure(size))
        report(name, {size: statistics.median(times) for size, times in runs.items()})


def report(name: str, times: dict[int, float]) -> None:
    sizes = list(times)
    slopes = [
        math.log(times[large] / times[small]) / math.log(large / small) for small, large in itertools.pairwise(sizes)
    ]
    costs = ", ".join(f"{1e6 * times[size] / size:.0f} us each of {size:,}" for size in sizes)
    print(f"{name}: {costs}; slope {slopes[0]:.2f}, then {slopes[1]:.2f}", flush=True)


def timed(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


def transliteration(folder: Path) -> Callable[[int], float]:
    pairs = sentences("mixture", SIZES["transliterate"][-1], 0)
    transliterate(["ї"], lang="ukr")  # loads the tables

    def measure(size: int) -> float:
        for memory in list(romanizer._Memory._all):
            memory.clear()
            memory._older.clear()
        step = Transliterate("text", lang_column="lang")

        def run() -> None:
            for start in range(0, size, 1000):
                lang, text = zip(*pairs[start : min(start + 1000, size)], strict=True)
                step({"lang": list(lang), "text": list(text)})

        return timed(run)

    return measure


def alignment(folder: Path) -> Callable[[int], float]:
    pairs, text = pairs_and_text(["hin"])
    model, tokenizer = encoder("TR", text, folder)
    words = [(split_words(source), split_words(target)) for source, target in pairs]
    random.Random(0).shuffle(words)
    aligner = load_aligner("simalign", method="itermax", model=model, tokenizer=tokenizer, layer=3)
    return lambda size: timed(lambda: aligner.align(words[:size]))


def training(folder: Path) -> Callable[[int], float]:
    pairs, text = pairs_and_text(["hin"])
    model, tokenizer = encoder("TR + AWP + WTR", text, folder)
    rows = tokenised(pairs, tokenizer, 64)
    random.Random(0).shuffle(rows)
    collate = XAlignDataCollator(tokenizer, views=model.views, masked_views=model.masked_views)
    model.train()
    return lambda size: timed(lambda: cached_step(model, collate(rows[:size]), chunk_size=64))


def retrieval(folder: Path) -> Callable[[int], float]:
    generator = np.random.default_rng(0)

    def measure(size: int) -> float:
        source, target = generator.standard_normal((2, size, 256), dtype=np.float32)
        return timed(lambda: retrieval_accuracy(source, target))

    return measure


def encoder(heads: str, text: list[str], folder: Path):
    train_sentencepiece_tokenizer(text, folder / "model", vocab_size=8000)
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    return make_model(PAIR_OBJECTIVES[heads], tokenizer), tokenizer


MEASURES = {"transliterate": transliteration, "align": alignment, "step": training, "retrieval": retrieval}


if __name__ == "__main__":
    main()
