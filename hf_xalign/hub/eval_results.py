"""Scores as the Hub reads them: `.eval_results/*.yaml`, and the legacy `model-index` of a card."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import yaml
from huggingface_hub import EvalResult, EvalResultEntry, eval_result_entries_to_yaml

from hf_xalign.files import write_text
from hf_xalign.hub.run_folder import RunFolder
from hf_xalign.hub.run_results import Score
from hf_xalign.markdown import one_line


FOLDER = ".eval_results"
# Files of other names are their writers'.
PREFIX = "xalign-"

# Task -> the Hub's name for it, and the name that people read.
TASKS = {
    "retrieval": ("sentence-similarity", "Sentence retrieval"),
    "similarity": ("sentence-similarity", "Similarity of translations"),
    "alignment": ("token-classification", "Word alignment"),
    "layers": ("token-classification", "Word alignment by layer"),
    "mining": ("sentence-similarity", "Bitext mining"),
    "sts": ("sentence-similarity", "Graded sentence similarity"),
    "sib200": ("text-classification", "Topic classification, fine-tuned"),
    "ner": ("token-classification", "Named entity recognition, fine-tuned"),
    "pos": ("token-classification", "Part-of-speech tagging, fine-tuned"),
    "nli": ("text-classification", "Natural language inference, fine-tuned"),
}
# Metric -> the Hub's name for it, and the name that people read.
METRICS = {
    "forward": ("accuracy", "top-1, queries in the first language"),
    "backward": ("accuracy", "top-1, queries in the second language"),
    "mean": ("accuracy", "top-1, mean of both directions"),
    "gap": ("cosine_similarity", "cosine of translations above that of random pairs"),
    "precision": ("precision", "precision"),
    "recall": ("recall", "recall"),
    "f1": ("f1", "F1"),
    "aer": ("alignment_error_rate", "alignment error rate"),
    "spearman": ("spearmanr", "Spearman correlation"),
    "pearson": ("pearsonr", "Pearson correlation"),
    "accuracy": ("accuracy", "accuracy"),
    "macro_f1": ("f1", "macro-F1"),
    "entity_f1": ("f1", "entity F1, strict IOB2"),
}
# One figure for each table's row; the card's tables have the rest.
_MAIN = ("mean", "gap", "aer", "f1", "spearman", "accuracy", "entity_f1")


def model_index(scores: Iterable[Score], run: RunFolder) -> list[EvalResult]:
    """The main figure of every data set and language as `EvalResult`s; values are those of the result files."""
    ids = _hub_ids(run)
    return [
        EvalResult(
            task_type=TASKS[score.task][0],
            task_name=TASKS[score.task][1],
            dataset_type=ids.get(score.dataset, _slug(score.dataset)),
            dataset_name=" ".join(filter(None, (one_line(score.dataset), one_line(score.row)))),
            dataset_config=one_line(score.row) or None,
            dataset_split=one_line(score.split) or "test",
            metric_type=METRICS[score.metric][0],
            metric_name=METRICS[score.metric][1] + (f" ({one_line(score.by)})" if score.by else ""),
            metric_value=score.value,
        )
        for score in scores
        if score.metric in _MAIN
    ]


def entries(scores: Iterable[Score], run: RunFolder) -> dict[str, list[EvalResultEntry]]:
    """The entries of each file of `.eval_results/`, a file a data set.

    `dataset_id` is the data set's id on the Hub where the recipe read it from there, else the name of its file.
    """
    ids = _hub_ids(run)
    files: dict[str, list[EvalResultEntry]] = {}
    for score in scores:
        if score.metric not in _MAIN:
            continue
        notes = [METRICS[score.metric][1], score.by, f"95 % interval {score.low} to {score.high}", f"n = {score.n}"]
        if score.layer is not None:
            notes.append(f"layer {score.layer}")
        if score.deviation is not None:
            notes.append(f"mean of {score.seeds} seeds, standard deviation {score.deviation}")
        notes += [f"split {score.split}"] * bool(score.split)
        notes += ["synthetic data"] * score.synthetic
        notes += [f"data fingerprint {score.fingerprint}"] * bool(score.fingerprint)
        files.setdefault(_slug(score.dataset), []).append(
            EvalResultEntry(
                dataset_id=ids.get(score.dataset, _slug(score.dataset)),
                task_id=_slug("-".join(filter(None, (score.task, score.metric, score.by, score.row)))),
                value=score.value,
                date=one_line(score.date) or None,
                notes=one_line(", ".join(filter(None, notes))),
            )
        )
    return files


def write_eval_results(folder: Path, scores: Iterable[Score], run: RunFolder) -> list[Path]:
    """Write `.eval_results/*.yaml`; files of data sets that there are no scores for any more are taken away.

    Returns:
        The files.
    """
    place = folder / FOLDER
    written = []
    for name, listed in entries(scores, run).items():
        text = yaml.safe_dump(eval_result_entries_to_yaml(listed), sort_keys=False, allow_unicode=True, width=119)
        written.append(write_text(place / f"{PREFIX}{name}.yaml", text))
    for path in place.glob(f"{PREFIX}*.yaml"):
        if path not in written:
            path.unlink()
    return written


def _slug(text: str) -> str:
    """A name for files and ids: letters, digits, `-`, `_` and `.` of ASCII."""
    slug = re.sub(r"[^A-Za-z0-9_.-]+", "-", one_line(text)).strip("-.")[:80]
    return slug or "data"


def _hub_ids(run: RunFolder) -> dict[str, str]:
    """Name of a test set in result files -> its id on the Hub, where the recipe has it from there."""
    sources = run.provenance.get("data", {}).get("sources", {}).get("test_data", [])
    ids = [one_line(source["hub_id"]) for source in sources if source.get("hub_id")]
    return {Path(name).name.split(".")[0]: name for name in ids}
