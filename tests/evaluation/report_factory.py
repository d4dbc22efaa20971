"""Valid results and trainer states for tests of the report: random, seeded, as large and as odd as a test asks."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

from hf_xalign.evaluation.results import FORMAT, SIMILARITIES, validate_results


# Made up for these tests.
TEXTS = {
    "hin_Deva": ("नदी के पास एक पुराना घर है।", "nadi ke pas ek purana ghar hai."),
    "urd_Arab": ("دریا کے پاس ایک پرانا گھر ہے۔", "drya ke pas ayk prana ghr he."),
    "pol_Latn": ("Nad rzeką stoi stary dom.", "Nad rzeka stoi stary dom."),
    "ukr_Cyrl": ("Біля річки стоїть старий дім.", "Bilya richky stoyit staryy dim."),
}


def measure(value: float, n: int = 1000, spread: float | None = None) -> dict:
    half = 1.96 * math.sqrt(max(value * (1 - value), 1e-4) / n) if spread is None else spread
    return {"value": value, "low": max(value - half, 0.0), "high": min(value + half, 1.0), "n": n}


def cosine(value: float, n: int = 1000) -> dict:
    return {"value": value, "low": value - 0.01, "high": value + 0.01, "n": n}


def make_results(
    label: str = "Model-1",
    top1: float = 0.6,
    *,
    dataset: str = "flores200_devtest",
    fingerprint: str = "0123456789abcdef",
    pair: tuple[str, str] = ("hin_Deva", "urd_Arab"),
    n: int = 1000,
    synthetic: bool = False,
    seed: int = 0,
    dynamics: int = 0,
    metrics: tuple[str, ...] = ("cosine",),
    num_layers: int = 12,
    errors: int = 3,
) -> dict:
    """What `xalign evaluate` would have written for a model with about this accuracy."""
    rng = random.Random(f"{label} {dataset} {seed}")

    def near(value: float, by: float = 0.02) -> float:
        return min(0.999, max(0.001, value + rng.uniform(-by, by)))

    def direction(level: float) -> dict:
        return {f"top{k}": measure(near(1 - (1 - level) / k**0.5), n) for k in (1, 5, 10)}

    def retrieval(level: float) -> dict:
        return {"forward": direction(level), "backward": direction(level), "mean_top1": measure(level, n)}

    def similarity() -> dict:
        matched = near(0.55 + 0.3 * top1, 0.08)
        unmatched = near(0.6 - 0.4 * top1, 0.08)
        edges = [-1 + index / 20 for index in range(41)]
        counts = []
        for mean, width in ((matched, 0.06 + 0.05 * (1 - top1)), (unmatched, 0.09)):
            drawn = [0] * 40
            for _ in range(n):
                drawn[min(39, max(0, int((rng.gauss(mean, width) + 1) * 20)))] += 1
            counts.append(drawn)
        return {
            "matched": cosine(matched, n),
            "random": cosine(unmatched, n),
            "gap": cosine(matched - unmatched, n),
            "auroc": measure(near(0.95), n, 0.01),
            "histogram": {"edges": edges, "matched": counts[0], "random": counts[1]},
        }

    def by_layer(layer: int) -> dict:
        # Best at two thirds of the depth, as encoders are.
        level = top1 * math.exp(-(((layer - num_layers * 2 / 3) / num_layers) ** 2) * 4)
        estimate = measure(near(level), n)
        return {
            "layer": layer,
            "forward": {"top1": estimate},
            "backward": {"top1": estimate},
            "mean_top1": measure(level, n),
        }

    def moment(step: int) -> dict:
        share = step / dynamics
        level = top1 * (1 - math.exp(-4 * share))
        means = {}
        for place, name in enumerate(SIMILARITIES):
            matched, unmatched = 0.6 + 0.2 * share * top1, 0.6 - 0.3 * share * top1 + 0.02 * place
            means[name] = {"matched": matched, "random": unmatched, "gap": matched - unmatched}
        return {"step": 2000 * step, "mean_top1": measure(near(level), n), "similarities": means}

    def overlap(share: float) -> dict:
        total = rng.randint(2000, 20000)
        return {"shared": int(share * total), "total": total, "ratio": measure(share, total)}

    def error(place: int) -> dict:
        way = "forward" if place % 2 == 0 else "backward"
        query, other = pair if way == "forward" else reversed(pair)
        texts = {}
        for role, code in (("query", query), ("answer", other), ("nearest", other)):
            texts[role], texts[f"{role}_latn"] = TEXTS.get(code, ("a sentence", "a sentence"))
        rank = rng.randint(2, 40)
        return {"direction": way, **texts, "rank": rank, "score_answer": 0.7123, "score_nearest": 0.7456}

    results = {
        "format": FORMAT,
        "model": f"runs/{label}",
        "label": label,
        "dataset": {
            "name": dataset,
            "file": f"{dataset}.tsv",
            "fingerprint": fingerprint,
            "n": n,
            "synthetic": synthetic,
        },
        "pair": list(pair),
        "layer": round(num_layers * 8 / 12),
        "num_layers": num_layers,
        "pooling": "mean",
        "seed": seed,
        "versions": {"hf_xalign": "0.1.0", "transformers": "5.23.0", "torch": "2.9.0", "uroman": "1.3.1.1"},
        "date": "2026-01-02T03:04:05+00:00",
        "truncated": {"source": 0, "target": 0},
        "retrieval": {metric: retrieval(near(top1, 0.0 if metric == "cosine" else 0.03)) for metric in metrics},
        "layers": [by_layer(layer) for layer in range(num_layers + 1)],
        "similarities": {name: similarity() for name in SIMILARITIES},
        "overlap": {"original": overlap(0.1), "transliterated": overlap(0.6)},
        "errors": [error(place) for place in range(errors)],
    }
    if dynamics:
        results["dynamics"] = [moment(step) for step in range(1, dynamics + 1)]
    validate_results(results)
    return results


def make_trainer_state(losses: tuple[str, ...] = ("loss", "loss_mlm"), steps: int = 40, *, seed: int = 0) -> dict:
    """The part of a Trainer's state that the report reads: a log every 50 steps, an evaluation every 200."""
    rng = random.Random(seed)
    history = []
    for index in range(1, steps + 1):
        step = 50 * index
        decay = math.exp(-3 * index / steps)
        entry = {name: 2 + place + 6 * decay + rng.uniform(0, 0.3) for place, name in enumerate(losses)}
        history.append({"epoch": index / steps, "step": step, "learning_rate": 1e-4, **entry})
        if step % 200 == 0:
            top1 = 0.7 * (1 - decay)
            history.append({"eval_retrieval_top1": top1, "eval_similarity_gap": 0.3 * (1 - decay), "step": step})
    return {"global_step": 50 * steps, "log_history": history}


def write(folder: Path, results: dict | None = None, state: dict | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if results is not None:
        (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    if state is not None:
        (folder / "trainer_state.json").write_text(json.dumps(state), encoding="utf-8")
    return folder
