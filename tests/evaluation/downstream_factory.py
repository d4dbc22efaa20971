"""`downstream.json` files that tests make up."""

from __future__ import annotations

import json
import random
from pathlib import Path
from statistics import mean, stdev

from hf_xalign.evaluation.downstream.results import FORMAT, validate_downstream
from hf_xalign.evaluation.downstream.settings import MEASURES_OF


def make_downstream(
    labels: tuple[str, ...] = ("Model-1", "Model-2"),
    levels: tuple[float, ...] = (0.4, 0.5),
    *,
    task: str = "sib200",
    train: str = "hin_Deva",
    tests: tuple[str, ...] = ("hin_Deva", "urd_Arab"),
    name: str = "sib200",
    fingerprint: str | None = None,
    synthetic: bool = False,
    seeds: int = 3,
    n: int = 204,
    epochs: int = 40,
) -> dict:
    """Scores about the level of each model; a test in another language loses a tenth."""
    rng = random.Random(f"{task} {train}")

    def score(place: int, level: float) -> dict:
        entry: dict = {"cut": place, "lost_words": 2 * place}
        for measure in MEASURES_OF[task]:
            drawn = [round(min(0.99, max(0.01, level + rng.uniform(-0.03, 0.03))), 6) for _ in range(seeds)]
            value = mean(drawn)
            entry[measure] = {
                **{"value": value, "low": max(0.0, value - 0.04), "high": min(1.0, value + 0.04), "n": n},
                **{"sd": stdev(drawn) if seeds > 1 else None, "seeds": drawn},
            }
        return entry

    languages = []
    for language in tests:
        scores = [score(place, level - 0.1 * (language != train)) for place, level in enumerate(levels)]
        for other in scores[1:]:
            gains = {measure: other[measure]["value"] - scores[0][measure]["value"] for measure in MEASURES_OF[task]}
            other["difference"] = {
                measure: {"value": gain, "low": gain - 0.05, "high": gain + 0.05, "n": n}
                for measure, gain in gains.items()
            }
        languages.append({"language": language, "n": n, "dropped": 0, "words": n, "scores": scores})
    results = {
        "format": FORMAT,
        "task": task,
        "dataset": {
            **{"name": name, "file": f"{name}.parquet", "fingerprint": fingerprint or f"of {train}"},
            "synthetic": synthetic,
        },
        "train_language": train,
        "train": {"n": 701, "dropped": 0},
        "validation": {"n": 99, "dropped": 0},
        "settings": {
            **{"labels": ["a", "b"], "best_by": MEASURES_OF[task][0], "max_length": 160},
            **{"training": {"learning_rate": 1e-5, "num_train_epochs": epochs}, "peft": {}},
        },
        "measures": list(MEASURES_OF[task]),
        "seeds": list(range(seeds)),
        "models": [
            {
                **{"model": f"runs/{label}", "label": label, "max_length": 160},
                **{"validation": [0.5] * seeds, "chosen_steps": [100] * seeds},
            }
            for label in labels
        ],
        "languages": languages,
        "versions": {"hf_xalign": "0.1.0", "transformers": "5.23.0", "torch": "2.13.0"},
        "date": "2026-01-03T00:00:00+00:00",
    }
    validate_downstream(results)
    return results


def write_downstream_made(folder: Path, results: dict) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "downstream.json").write_text(json.dumps(results), encoding="utf-8")
    return folder
