"""`downstream.json`: what fine-tuned models come to, by language, and its table."""

from __future__ import annotations

from typing import Any

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.downstream.settings import MEASURES_OF
from hf_xalign.evaluation.json_files import DATASET, ESTIMATE, VERSIONS, ResultsFormat, check_shape
from hf_xalign.evaluation.text_tables import columns, gain, markdown_cell, markdown_row
from hf_xalign.messages import counted, did_you_mean


FORMAT = "hf_xalign/downstream-1"
FILE_NAME = "downstream.json"
TITLES = {"accuracy": "accuracy", "macro_f1": "macro-F1", "entity_f1": "entity F1"}

_PART = {"n": int, "dropped": int}
SHAPE = {
    "format": str,
    "task": str,
    "dataset": DATASET,
    "train_language": str,
    "train": _PART,
    "validation": _PART,
    "settings": {"labels": [str], "best_by": str, "max_length": int, "training": {}, "peft": {}},
    "measures": [str],
    "seeds": [int],
    "models": [{"model": str, "label": str, "max_length": int, "validation": [float], "chosen_steps": [int]}],
    "languages": [
        {"language": str, **_PART, "words": int, "scores": [{"cut": int, "lost_words": int}]},
    ],
    "versions": VERSIONS,
    "date": str,
}


def _check(results: dict[str, Any], where: str) -> None:
    """Check the measures, and that there is a score for every model and a figure for every seed."""
    known = MEASURES_OF.get(results["task"])
    if known is None:
        raise XAlignError(f"{where}: unknown task {results['task']!r}{did_you_mean(results['task'], MEASURES_OF)}")
    if list(known) != results["measures"]:
        raise XAlignError(f"{where}: the measures of {results['task']} are {', '.join(known)}")
    for place, entry in enumerate(results["languages"]):
        if len(entry["scores"]) != len(results["models"]):
            raise XAlignError(f"{where}: {len(entry['scores'])} scores for {len(results['models'])} models")
        for number, score in enumerate(entry["scores"]):
            path = f"languages[{place}].scores[{number}]"
            shape = {key: {**ESTIMATE, "seeds": [float]} for key in known}
            check_shape(score, shape, where, path)
            for measure in known:
                found = score[measure]
                if len(found["seeds"]) != len(results["seeds"]):
                    raise XAlignError(f"{where}: {path}.{measure}.seeds has not one figure for each seed")
                if "sd" not in found:
                    raise XAlignError(f"{where} lacks {path}.{measure}.sd")
                if found["sd"] is not None:
                    check_shape(found["sd"], float, where, f"{path}.{measure}.sd")
            if number:
                check_shape(score, {"difference": dict.fromkeys(known, ESTIMATE)}, where, path)


_FILE = ResultsFormat(FORMAT, FILE_NAME, SHAPE, _check)
validate_downstream = _FILE.validate
write_downstream = _FILE.write
read_downstream = _FILE.read


def format_downstream(results: dict[str, Any]) -> str:
    """The table as plain text.

    Args:
        results: what `evaluate_downstream` returns.
    """
    notes = [note for entry in results["languages"] for note in _notes(results, entry)]
    return "\n".join([_title(results), "", *columns(_rows(results)), *([""] if notes else []), *notes])


def downstream_markdown(results: dict[str, Any]) -> str:
    """The table as Markdown.

    Args:
        results: what `evaluate_downstream` returns.
    """
    header, *rows = ([markdown_cell(cell) for cell in row] for row in _rows(results))
    lines = [f"**{markdown_cell(_title(results))}**", "", markdown_row(header)]
    lines.append(markdown_row(["---", "---", *["---:"] * (len(header) - 2)]))
    return "\n".join([*lines, *map(markdown_row, rows)]) + "\n"


def _title(results: dict[str, Any]) -> str:
    data = results["dataset"]
    kind = " (synthetic)" if data["synthetic"] else ""
    count = len(results["seeds"])
    seeds = "1 seed" if count == 1 else f"mean ± standard deviation of {count} seeds"
    return (
        f"{results['task']} on {data['name']}{kind}, trained on {results['train']['n']:,} of "
        f"{results['train_language']}, {seeds} [95 % interval over examples{' and seeds' * (count > 1)}]"
    )


def _rows(results: dict[str, Any]) -> list[list[str]]:
    """A row per language and measure, a cell per model; where there are several, what they are above the first."""
    models = [model["label"] for model in results["models"]]
    rows = [["test", "measure", "n", *models, *(f"{label} to {models[0]}" for label in models[1:])]]
    for entry in results["languages"]:
        for measure in results["measures"]:
            cells = [_figure(score[measure]) for score in entry["scores"]]
            gains = [gain(score["difference"][measure]) for score in entry["scores"][1:]]
            rows.append([entry["language"], TITLES[measure], f"{entry['n']:,}", *cells, *gains])
    return rows


def _figure(found: dict[str, Any]) -> str:
    deviation = "" if found["sd"] is None else f" ± {100 * found['sd']:.1f}"
    return f"{100 * found['value']:.1f}{deviation} [{100 * found['low']:.1f}, {100 * found['high']:.1f}]"


def _notes(results: dict[str, Any], entry: dict[str, Any]) -> list[str]:
    """What of a test set the models did not see, or nobody did."""
    dropped = counted(entry["dropped"], "row")
    notes = [f"{entry['language']}: {dropped} without text or label left out"] * bool(entry["dropped"])
    for model, score in zip(results["models"], entry["scores"], strict=True):
        if score["lost_words"]:
            notes.append(
                f"{entry['language']}, {model['label']}: {score['lost_words']} of {entry['words']} words beyond "
                f"{model['max_length']} tokens or without any, counted as errors"
            )
        elif score["cut"]:
            notes.append(
                f"{entry['language']}, {model['label']}: {counted(score['cut'], 'sentence')} cut at "
                f"{model['max_length']} tokens"
            )
    return notes
