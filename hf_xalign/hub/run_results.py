"""The scores of a run that lie in result files: what a card may claim, and nothing else."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hf_xalign.evaluation import languages_results, mining_results, results, sts_results
from hf_xalign.evaluation.audit import results as audit_results
from hf_xalign.evaluation.downstream import results as downstream_results
from hf_xalign.evaluation.downstream.settings import MEASURES_OF
from hf_xalign.evaluation.json_files import DATASET, ESTIMATE, check_shape


@dataclass(frozen=True)
class Score:
    """One figure of one model on one data set.

    Attributes:
        task: `"retrieval"`, `"similarity"`, `"layers"` and `"alignment"` (of words, by layer and by language),
            `"mining"`, `"sts"`, or one of downstream: `"sib200"`, `"ner"`, `"pos"` or `"nli"`.
        dataset, fingerprint, synthetic: what it was measured on.
        row: the pair of languages as `eng_Latn-swh_Latn`, a group of them, a layer, of downstream tasks the languages
            of training and test as `eng_Latn → swh_Latn`; empty where there is one row.
        languages: the codes that it speaks of; none for a group.
        metric: `"forward"`, `"backward"`, `"mean"` (top-1 of either direction and of both), `"gap"`, `"aer"`, `"f1"`,
            `"spearman"`, ...
        by: the similarity that retrieval ranks by, the aligner of words; empty for other tasks.
        value, low, high: the estimate and its 95 % interval, as in the file.
        n: sentences (pairs) that it is the mean over.
        deviation, seeds: of downstream tasks, the standard deviation over so many seeds; None of one seed.
        split: of the data; empty where the file does not tell.
        layer, pooling: of the sentence embeddings; None where they make no difference.
        date: when it was measured, ISO 8601; empty where the file does not tell.
    """

    task: str
    dataset: str
    fingerprint: str
    synthetic: bool
    row: str
    languages: tuple[str, ...]
    metric: str
    value: float
    low: float
    high: float
    n: int
    by: str = ""
    layer: int | None = None
    pooling: str | None = None
    date: str = ""
    deviation: float | None = None
    seeds: int = 1
    split: str = ""


@dataclass(frozen=True)
class RunResults:
    """Every score of a run, and why other result files were left out.

    Attributes:
        scores: in the order of files and of what they hold.
        truncated: data set -> sentences that were cut at the model's limit.
        left_out: a line for each file that tells of this run and was not used.
    """

    scores: list[Score] = field(default_factory=list)
    truncated: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def read_scores(
    folder: Path, *, names: Sequence[str] = (), since: str | None = None, also: Sequence[str | Path] = ()
) -> RunResults:
    """The scores of a run in the result files of its folder, of the folders in it, and of further ones.

    A file counts if it measures this run (by the last part of the model's path) and is not older than its weights.

    Args:
        folder: the run's. `results.json`, `languages.json`, `mining.json`, `sts.json`, `audit.json` and
            `downstream.json` are read in it, in its subfolders and in those of `evaluation/`; never in `checkpoint-*`.
        names: what the run is called, besides the folder's name.
        since: when the training ended, ISO 8601.
        also: folders that `xalign evaluate --output` wrote elsewhere.
    """
    found = RunResults()
    known = {folder.absolute().name, *names}
    for path in _result_files(folder, also):
        try:
            read = json.loads(path.read_text(encoding="utf-8"))
            reader = _READERS.get(read.get("format")) if isinstance(read, dict) else None
            if reader is None:
                continue
            truncated: dict[str, int] = {}
            scores = list(reader(read, str(path), known, truncated))
            if scores and since and scores[0].date and _time(scores[0].date) < _time(since):
                found.left_out.append(f"{path}: measured before the training ended")
                continue
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            found.left_out.append(f"{path}: cannot be read: {' '.join(str(error).split())}")
            continue
        found.scores.extend(scores)
        found.truncated.update(truncated)
    return dataclasses.replace(found, scores=_newest(found.scores))


def _newest(scores: list[Score]) -> list[Score]:
    """What was measured twice (a folder that was copied, an evaluation done again) counts once."""
    by_place: dict[Score, Score] = {}
    for score in scores:
        place = dataclasses.replace(score, value=0.0, low=0.0, high=0.0, n=0, date="", deviation=None, seeds=1)
        before = by_place.get(place)
        if before is None or not before.date or (score.date and _time(before.date) <= _time(score.date)):
            by_place[place] = score
    return list(by_place.values())


_KINDS = (results, languages_results, mining_results, sts_results, audit_results, downstream_results)
_NAMES = tuple(kind.FILE_NAME for kind in _KINDS)


def _result_files(folder: Path, also: Sequence[str | Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for place in [folder, folder / "evaluation", *map(Path, also)]:
        below = sorted(path for path in place.glob("*/") if not path.name.startswith(("checkpoint-", ".")))
        for path in (parent / name for parent in [place, *below] for name in _NAMES):
            if path.is_file() and path.resolve() not in seen:
                seen.add(path.resolve())
                yield path


def _time(text: str) -> datetime.datetime:
    time = datetime.datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=datetime.UTC)


def _is_known(model: str, known: set[str]) -> bool:
    return os.path.basename(os.path.abspath(model)) in known


def _estimate(estimate: Any, where: str, path: str) -> dict[str, float]:
    check_shape(estimate, ESTIMATE, where, path)
    return {key: estimate[key] for key in ESTIMATE}


# Only what is read here is checked: a card is made of old files, too, and of files that tell less.


def _pair_scores(read: dict[str, Any], where: str, known: set[str], truncated: dict[str, int]) -> Iterator[Score]:
    shape = {"model": str, "dataset": DATASET, "pair": [str], "layer": int, "pooling": str, "retrieval": dict}
    check_shape(read, shape, where)
    if not _is_known(read["model"], known):
        return
    common = _common(read) | {
        "row": "-".join(read["pair"]),
        "languages": tuple(read["pair"]),
        "layer": read["layer"],
        "pooling": read["pooling"],
    }
    truncated[common["dataset"]] = sum(read.get("truncated", {}).get(side, 0) for side in ("source", "target"))
    for by, found in read["retrieval"].items():
        figures = {way: found.get(way, {}).get("top1") for way in ("forward", "backward")}
        for metric, estimate in {**figures, "mean": found.get("mean_top1")}.items():
            if estimate is not None:
                told = _estimate(estimate, where, f"retrieval.{by}.{metric}")
                yield Score(task="retrieval", metric=metric, by=by, **common, **told)
    gap = read.get("similarities", {}).get("translation", {}).get("gap")
    if gap is not None:
        yield Score(task="similarity", metric="gap", **common, **_estimate(gap, where, "similarities.translation.gap"))
    if "alignment_layers" in read:
        gold = read["alignment_layers"]["gold"]
        common |= {"dataset": gold["file"].split(".")[0], "fingerprint": gold["fingerprint"]}
        for layer in read["alignment_layers"]["layers"]:
            for metric in ("precision", "recall", "f1", "aer"):
                told = _estimate(layer[metric], where, f"alignment_layers.{metric}")
                yield Score(
                    task="layers",
                    metric=metric,
                    by=str(read["alignment_layers"]["method"]),
                    **common | {"row": str(layer["layer"]), "layer": layer["layer"], "pooling": None},
                    **told,
                )


def _models(read: dict[str, Any], where: str, known: set[str], truncated: dict[str, int]) -> list[int]:
    """The places of this run among the models of a file."""
    check_shape(read, {"dataset": DATASET, "models": [{"model": str, "layer": int, "pooling": str}]}, where)
    places = [place for place, model in enumerate(read["models"]) if _is_known(model["model"], known)]
    for place in places[:1]:
        truncated[read["dataset"]["name"]] = read["models"][place].get("truncated", 0)
    return places[:1]


def _language_scores(read: dict[str, Any], where: str, known: set[str], truncated: dict[str, int]) -> Iterator[Score]:
    for place in _models(read, where, known, truncated):
        common = _common(read) | _of_model(read, place)
        for part in ("languages", "groups"):
            for entry in read[part]:
                named = _entry(entry, part)
                for by, scores in entry["scores"].items():
                    for metric in languages_results.DIRECTIONS:
                        told = _estimate(scores[place][metric], where, f"{part}.{by}.{metric}")
                        yield Score(task="retrieval", metric=metric, by=by, **common, **named, **told)


def _mining_scores(read: dict[str, Any], where: str, known: set[str], truncated: dict[str, int]) -> Iterator[Score]:
    for place in _models(read, where, known, truncated):
        common = _common(read) | _of_model(read, place)
        for part, metrics in (("languages", ("precision", "recall", "f1")), ("groups", ("f1",))):
            for entry in read[part]:
                for metric in metrics:
                    told = _estimate(entry["scores"][place][metric], where, f"{part}.{metric}")
                    yield Score(task="mining", metric=metric, **common, **_entry(entry, part), **told)


def _sts_scores(read: dict[str, Any], where: str, known: set[str], truncated: dict[str, int]) -> Iterator[Score]:
    for place in _models(read, where, known, truncated):
        common = _common(read) | _of_model(read, place) | {"row": "", "languages": ()}
        for metric in sts_results.CORRELATIONS:
            told = _estimate(read["scores"][place][metric], where, f"scores.{metric}")
            yield Score(task="sts", metric=metric, **common, **told)


def _downstream_scores(
    read: dict[str, Any], where: str, known: set[str], truncated: dict[str, int]
) -> Iterator[Score]:
    downstream_results.validate_downstream(read, where)
    place = next((place for place, model in enumerate(read["models"]) if _is_known(model["model"], known)), None)
    if place is None:
        return
    for entry in read["languages"]:
        languages = (read["train_language"], entry["language"])
        for metric in MEASURES_OF[read["task"]]:
            found = entry["scores"][place][metric]
            yield Score(
                task=read["task"],
                metric=metric,
                row=" → ".join(languages),
                languages=tuple(dict.fromkeys(languages)),
                deviation=found["sd"],
                seeds=len(found["seeds"]),
                split=str(read["settings"].get("test_split", "")),
                **_common(read),
                **_estimate(found, where, f"languages.{metric}"),
            )


# `simalign(model=NAME@FINGERPRINT, layer=3, method=itermax, ...)`
_ALIGNER = re.compile(
    r"(?P<kind>\w+)\(model=(?P<model>[^@,]+)@[^,]*(?:, layer=(?P<layer>\d+))?(?:, method=(?P<how>\w+))?"
)


def _audit_scores(read: dict[str, Any], where: str, known: set[str], truncated: dict[str, int]) -> Iterator[Score]:
    """Scores of the words that an aligner links by the states of this model."""
    check_shape(read, {"aligner": str, "gold": {"file": str, "fingerprint": str}, "groups": [{"pair": str}]}, where)
    aligner = _ALIGNER.match(read["aligner"])
    if aligner is None or not _is_known(aligner["model"], known):
        return
    for group in read["groups"]:
        pair = tuple(group["pair"].split("-"))
        for metric in ("precision", "recall", "aer"):
            yield Score(
                task="alignment",
                dataset=read["gold"]["file"].split(".")[0],
                fingerprint=read["gold"]["fingerprint"],
                synthetic=False,
                row=group["pair"] if len(pair) > 1 else f"{group['pair']} pairs",
                languages=pair if len(pair) > 1 else (),
                metric=metric,
                by=" ".join(filter(None, (aligner["kind"], aligner["how"]))),
                layer=None if aligner["layer"] is None else int(aligner["layer"]),
                date=read["date"],
                **_estimate(group["scores"][metric], where, f"groups.{metric}"),
            )


_READERS = {
    results.FORMAT: _pair_scores,
    languages_results.FORMAT: _language_scores,
    mining_results.FORMAT: _mining_scores,
    sts_results.FORMAT: _sts_scores,
    audit_results.FORMAT: _audit_scores,
    downstream_results.FORMAT: _downstream_scores,
}


def _common(read: dict[str, Any]) -> dict[str, Any]:
    dataset = read["dataset"]
    return {
        "dataset": dataset["name"],
        "fingerprint": dataset["fingerprint"],
        "synthetic": dataset["synthetic"],
        "date": read.get("date", ""),
    }


def _of_model(read: dict[str, Any], place: int) -> dict[str, Any]:
    return {key: read["models"][place][key] for key in ("layer", "pooling")}


def _entry(entry: dict[str, Any], part: str) -> dict[str, Any]:
    if part == "languages":
        return {"row": "-".join(entry["pair"]), "languages": tuple(entry["pair"])}
    return {"row": f"mean of {len(entry['languages'])} ({entry['name']})", "languages": ()}
