"""What a model card tells of a run besides its results: data, objectives, settings, log, machine."""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
from collections.abc import Iterable
from typing import Any

from hf_xalign.citations import ALIGNERS, UROMAN
from hf_xalign.data.arguments import DataArguments
from hf_xalign.errors import XAlignError
from hf_xalign.heads import HEADS, build_head
from hf_xalign.hub.run_folder import RunFolder
from hf_xalign.markdown import code, inline, one_line, table
from hf_xalign.training_args import XAlignTrainingArguments


NOT_STATED = "not stated"

# Where a run writes, and how it speaks: no setting of the training, and often a machine's path.
_NO_SETTINGS = ("output_dir", "logging_dir", "run_name", "disable_tqdm", "resume_from_checkpoint", "report_to")
_NO_SETTINGS += ("dry_run", "push_to_hub", "log_level", "log_level_replica", "project", "trackio_space_id", "use_cpu")
# What of the data section is a setting, not a source.
_DATA_SETTINGS = (
    "second_view",
    "vocab_size",
    "tokenizer_train_on",
    "max_length",
    "mlm_probability",
    "mask_replace_prob",
    "random_replace_prob",
    "alignment_threshold",
    "awp_probability",
    "romanise_targets",
    "deduplicate",
)
_LOG_ROWS = 12


def objective_rows(run: RunFolder) -> str:
    """A table of the objectives with every setting that has a value, defaults included."""
    rows = []
    for name, options in run.settings.heads.items():
        settings = objective_settings(name, options)
        weight = settings.pop("weight", 1.0)
        told = ", ".join(f"{key} {_value(value)}" for key, value in settings.items() if value is not None)
        rows.append([inline(name), inline(_value(weight)), inline(told) or "–", _summary(name)])
    return table(["objective", "weight", "settings", "what it is"], rows, numbers=[1])


def _summary(name: str) -> str:
    """The first paragraph of an objective's documentation, which names its paper."""
    if name not in HEADS:
        return ""
    return one_line((inspect.getdoc(HEADS[name]) or "").split("\n\n")[0]).replace("|", "\\|")


def objective_settings(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options of an objective as they were in force: those given, those of a preset, and defaults.

    An objective that this version does not know, or not with these options, is told as it was written.
    """
    try:
        head = build_head(name, options)
    except XAlignError:
        return dict(options)
    parameters = inspect.signature(type(head).__init__).parameters
    known = {
        option: parameter.default
        for option, parameter in parameters.items()
        if parameter.default is not inspect.Parameter.empty and option != "num_layers"
    }
    return known | options | head.settings


def language_rows(run: RunFolder) -> str:
    """A table of what is trained on, by language or pair of languages; empty where the run does not tell."""
    counts = run.provenance.get("data", {}).get("languages", {})
    rows = [
        [code(name), *(f"{count.get(key, 0):,}" for key in ("kept", "words", "excluded", "duplicates"))]
        for name, count in counts.items()
    ]
    header = ["language", "rows", "words", "left out: equal a held-out sentence", "left out: duplicates"]
    return table(header, rows, numbers=[1, 2, 3, 4]) if rows else ""


def source_rows(run: RunFolder) -> str:
    """A table of the sources by section: rows taken, licence, SHA-256 of their files."""
    sections = run.provenance.get("data", {}).get("sources", {})
    rows = []
    for section, sources in sections.items():
        for source in sources:
            sums = ", ".join(code(file["sha256"][:12]) for file in source["files"]) or "–"
            rows.append([section.removesuffix("_data"), *_source_cells(source), sums])
    return table(["used for", "source", "rows", "licence", "SHA-256"], rows, numbers=[2]) if rows else ""


def _source_cells(source: dict[str, Any]) -> list[str]:
    rows = "–" if source.get("rows") is None else f"{source['rows']:,}"
    return [inline(source["label"]), rows, inline(source.get("license") or NOT_STATED)]


def licences(run: RunFolder) -> dict[str, int]:
    """Licence -> how many training sources have it; `NOT_STATED` for those that the recipe says nothing of."""
    sources = run.provenance.get("data", {}).get("sources", {}).get("train_data", [])
    told = [one_line(source.get("license") or NOT_STATED) for source in sources]
    return {licence: told.count(licence) for licence in dict.fromkeys(told)}


def setting_rows(run: RunFolder) -> str:
    """A table of the settings of the recipe that are not the defaults; empty where there are none."""
    defaults = _defaults()
    rows = [
        [code(key), inline(_value(value))]
        for key, value in run.recipe.items()
        if key in defaults and value != defaults[key] and value is not None
    ]
    return table(["setting", "value"], rows) if rows else ""


def _defaults() -> dict[str, Any]:
    found = {}
    for kind in (DataArguments, XAlignTrainingArguments):
        for item in dataclasses.fields(kind):
            hidden = item.name in _NO_SETTINGS or item.name.startswith("hub_")
            if hidden or (kind is DataArguments and item.name not in _DATA_SETTINGS):
                continue
            factory = item.default_factory
            found[item.name] = item.default if factory is dataclasses.MISSING else factory()
    return found


def log_rows(run: RunFolder) -> str:
    """A table of the training log: at most twelve steps, evenly spread, the last among them; empty without a log."""
    steps: dict[int, dict[str, float]] = {}
    for entry in run.state.get("log_history", []):
        figures = {key: value for key, value in entry.items() if isinstance(value, int | float)}
        if isinstance(entry.get("step"), int):
            steps.setdefault(entry["step"], {}).update(figures)
    names = list(dict.fromkeys(name for figures in steps.values() for name in figures))
    shown = [name for name in names if name == "loss" or name.startswith("loss_")]
    shown += [name for name in ("eval_loss", "eval_retrieval_top1") if name in names]
    told = [step for step, figures in sorted(steps.items()) if any(name in figures for name in shown)]
    if not told:
        return ""
    evaluated = [step for step in told if any(name.startswith("eval_") for name in steps[step])]
    rows = [
        [f"{step:,}", *(f"{steps[step][name]:.3f}" if name in steps[step] else "" for name in shown)]
        for step in _spread(told, kept=evaluated)
    ]
    return table(["step", *map(code, shown)], rows, numbers=range(len(shown) + 1))


def _spread(steps: list[int], kept: list[int]) -> list[int]:
    """Some of the steps: those to be kept, or some of them, and others between them while there is room."""
    if len(kept) > _LOG_ROWS:
        steps, kept = kept, []
    others = [step for step in steps if step not in kept]
    room = _LOG_ROWS - len(kept)
    if len(others) > room:
        places = {round(place * (len(others) - 1) / max(room - 1, 1)) for place in range(room)}
        others = [others[place] for place in places]
    return sorted({*kept, *others, steps[-1]})


def seconds_of(run: RunFolder) -> float | None:
    """How long the training took, or its last part if it was resumed; None where nothing tells."""
    told = [entry["train_runtime"] for entry in run.state.get("log_history", []) if "train_runtime" in entry]
    return run.provenance.get("seconds", told[-1] if told else None)


def duration(seconds: float) -> str:
    """`5 h 2 min`, `12 min 30 s`, `41 s`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def peak_memory_gb(run: RunFolder) -> float | None:
    """The most memory that a process took, as the log tells; None where it does not."""
    told = [entry["peak_memory_gb"] for entry in run.state.get("log_history", []) if "peak_memory_gb" in entry]
    return max(told, default=None)


def citations(run: RunFolder) -> list[str]:
    """BibTeX of the objectives used, of the aligner that linked the words, and of the romaniser."""
    found = [HEADS[name].citation for name in run.settings.heads if name in HEADS]
    data = run.provenance.get("data", {})
    aligner = str(data.get("aligner") or (run.recipe.get("aligner") or {}).get("name") or "")
    found.append(ALIGNERS.get(aligner.split("(")[0], ""))
    if romanised(run) and str(data.get("romaniser") or "uroman").startswith("uroman"):
        found.append(UROMAN)
    return list(dict.fromkeys(filter(None, found)))


def romanised(run: RunFolder) -> bool:
    """Whether the run was trained on transliterations."""
    sources = run.provenance.get("data", {}).get("sources", {}).get("train_data", [])
    of_sentences = any(source["kind"] == "text" for source in sources)
    second_view = run.recipe.get("second_view", "transliteration") == "transliteration"
    return (of_sentences and second_view) or bool(run.recipe.get("romanise_targets"))


def _value(value: Any) -> str:
    """A setting as text; a path by its last part."""
    if isinstance(value, bool) or value is None:
        return "none" if value is None else json.dumps(value)
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict | list):
        return json.dumps(_without_folders(value), ensure_ascii=False)
    return str(_without_folders(value))


def _without_folders(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_folders(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_without_folders(item) for item in value]
    if isinstance(value, str) and (os.path.isabs(value) or value.startswith("~")):
        return os.path.basename(os.path.normpath(value))
    return value
