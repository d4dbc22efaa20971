"""`languages.json` files that tests make up."""

from __future__ import annotations

import json
import random
from pathlib import Path

from hf_xalign.evaluation.languages_results import DIRECTIONS, FORMAT, validate_languages
from tests.evaluation.report_factory import measure


LANGUAGES = {"swh_Latn": True, "tgl_Latn": True, "deu_Latn": False, "rus_Cyrl": False}


def make_languages(
    labels: tuple[str, ...] = ("Model-1", "Model-2"),
    levels: tuple[float, ...] = (0.4, 0.5),
    *,
    languages: dict[str, bool] = LANGUAGES,
    metrics: tuple[str, ...] = ("cosine",),
    name: str = "flores200_devtest",
    fingerprint: str = "0123456789abcdef",
    synthetic: bool = False,
    n: int = 1000,
    seed: int = 0,
) -> dict:
    """Scores about the level of each model, with intervals of the width that N sentences give."""
    rng = random.Random(seed)
    shift = {language: rng.uniform(-0.3, 0.3) for language in languages}

    def score(place: int, value: float, first: float, count: int) -> dict:
        entry = {way: measure(min(0.99, max(0.01, value + 0.01 * k)), count) for k, way in enumerate(DIRECTIONS)}
        if place:
            gain = value - first
            difference = {"value": gain, "low": gain - 0.02, "high": gain + 0.02, "n": count}
            entry["difference"] = {way: dict(difference) for way in DIRECTIONS}
        return entry

    def scores(members: list[str]) -> dict:
        mean = sum(shift[member] for member in members) / len(members)
        values = [min(0.97, max(0.01, level + mean)) for level in levels]
        entries = [score(place, value, values[0], n * len(members)) for place, value in enumerate(values)]
        return dict.fromkeys(metrics, entries)

    groups = {
        "low-resource": [language for language, low in languages.items() if low],
        "other": [language for language, low in languages.items() if not low],
        "all": list(languages),
    }
    if not groups["low-resource"] or not groups["other"]:
        groups = {"all": groups["all"]}
    results = {
        "format": FORMAT,
        "dataset": {"name": name, "file": f"{name}.parquet", "fingerprint": fingerprint, "synthetic": synthetic},
        "models": [
            {
                "model": f"runs/{label}",
                "label": label,
                "layer": 8,
                "num_layers": 12,
                "pooling": "mean",
                "max_length": 512,
                "truncated": 0,
            }
            for label in labels
        ],
        "languages": [
            {
                "language": language,
                "pair": ["eng_Latn", language],
                "n": n,
                "low_resource": low,
                "scores": scores([language]),
            }
            for language, low in languages.items()
        ],
        "groups": [
            {"name": group, "languages": members, "scores": scores(members)} for group, members in groups.items()
        ],
        "seed": seed,
        "versions": {"hf_xalign": "0.1.0", "transformers": "5.23.0", "torch": "2.9.0"},
        "date": "2026-01-02T03:04:05+00:00",
    }
    validate_languages(results)
    return results


def write_made(folder: Path, results: dict) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "languages.json").write_text(json.dumps(results), encoding="utf-8")
    return folder
