"""Reading `results.json` and `trainer_state.json` for the report: every field is checked before anything is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from hf_xalign.evaluation.measure_shapes import BASELINES
from hf_xalign.evaluation.report.json_fields import Node, check_format, load_json
from hf_xalign.evaluation.results import FORMAT


class Measure(NamedTuple):
    """A figure, the ends of its 95 % interval, and the number of sentences (or types) behind it."""

    value: float
    low: float
    high: float
    n: int


class Histogram(NamedTuple):
    edges: list[float]  # (B + 1,)
    matched: list[float]  # (B,)
    random: list[float]  # (B,)


class Similarity(NamedTuple):
    matched: Measure
    random: Measure
    gap: Measure
    auroc: Measure
    histogram: Histogram


class Overlap(NamedTuple):
    shared: int
    total: int
    ratio: Measure


class Retrieval(NamedTuple):
    """Accuracy by direction: `forward["top1"]`, `backward["top5"]`, …"""

    forward: dict[str, Measure]
    backward: dict[str, Measure]
    mean_top1: Measure


class LayerMeasures(NamedTuple):
    """What `--measures` adds for one layer; pairs are of the source and of the target language.

    `cka` and `anc` hold the value, that of random pairs, and n; `retrieval` is mean top-1 by baseline.
    """

    layer: int
    cka: tuple[float, float, int]
    anc: tuple[float, float, int]
    mean_cosine: tuple[Measure, Measure]
    partition: tuple[float, float]
    retrieval: dict[str, Measure]


class Moment(NamedTuple):
    """One checkpoint: mean top-1, and per similarity the averages of matched and random pairs."""

    step: int
    mean_top1: Measure
    similarities: dict[str, tuple[float, float]]


class Mistake(NamedTuple):
    """A query whose nearest neighbour is not its translation; each text comes with its transliteration."""

    direction: str
    query: tuple[str, str]
    answer: tuple[str, str]
    nearest: tuple[str, str]
    rank: int
    score_answer: float
    score_nearest: float


@dataclass(frozen=True)
class Result:
    """One `results.json`: one model on one data set."""

    path: Path
    label: str
    model: str
    name: str
    file: str
    fingerprint: str
    n: int
    synthetic: bool
    pair: tuple[str, str]
    layer: int
    num_layers: int
    pooling: str
    seed: int | None
    date: str
    versions: dict[str, str]
    truncated: dict[str, int]
    retrieval: dict[str, Retrieval]
    layers: list[tuple[int, Measure]] = field(default_factory=list)
    similarities: dict[str, Similarity] = field(default_factory=dict)
    overlap: dict[str, Overlap] = field(default_factory=dict)
    measures: list[LayerMeasures] = field(default_factory=list)
    dynamics: list[Moment] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    # File and fingerprint of the gold alignment, and the alignment error rate by layer.
    alignment: tuple[tuple[str, str], list[tuple[int, Measure]]] | None = None

    @property
    def dataset(self) -> tuple[str, str, tuple[str, str]]:
        """What two results must share to stand side by side."""
        return self.name, self.fingerprint, self.pair


def read_result(path: Path) -> Result:
    """Read and check one `results.json`; raises `XAlignError` that names the file and the field."""
    root = load_json(path)
    check_format(root, FORMAT)
    dataset, pair = root["dataset"], root["pair"].array()
    if len(pair) != 2:
        raise root["pair"].fail(f"must name two languages, not {len(pair)}")
    return Result(
        path=path,
        label=root["label"].text(),
        model=_optional(root, "model", Node.text, ""),
        name=dataset["name"].text(),
        file=_optional(dataset, "file", Node.text, ""),
        fingerprint=dataset["fingerprint"].text(),
        n=dataset["n"].whole(1),
        synthetic=_optional(dataset, "synthetic", Node.flag, False),
        pair=(pair[0].text(), pair[1].text()),
        layer=root["layer"].whole(),
        num_layers=root["num_layers"].whole(),
        pooling=root["pooling"].text(),
        seed=_optional(root, "seed", Node.whole, None),
        date=_optional(root, "date", Node.text, ""),
        versions=_optional(root, "versions", read_texts, {}),
        truncated=_optional(root, "truncated", lambda node: {k: v.whole() for k, v in node.items()}, {}),
        retrieval=_retrievals(root["retrieval"]),
        layers=_optional(root, "layers", _layers, []),
        similarities=_optional(root, "similarities", lambda n: {k: _similarity(v) for k, v in n.items()}, {}),
        overlap=_optional(root, "overlap", lambda n: {k: _overlap(v) for k, v in n.items()}, {}),
        measures=_optional(root, "measures", _measures, []),
        dynamics=_optional(root, "dynamics", _dynamics, []),
        mistakes=_optional(root, "errors", lambda n: [_mistake(entry) for entry in n.array()], []),
        alignment=_optional(root, "alignment_layers", _alignment, None),
    )


def _optional(node: Node, key: str, read: Callable[[Node], Any], default: Any) -> Any:
    return read(node[key]) if node.has(key) else default


def read_texts(node: Node) -> dict[str, str]:
    return {key: value.text() for key, value in node.items() if value.value is not None}


def read_measure(node: Node, low: float = -math.inf, high: float = math.inf) -> Measure:
    value, bottom, top = (node[key].number(low, high) for key in ("value", "low", "high"))
    if bottom > top:
        raise node.fail(f"has low {bottom:g} above high {top:g}")
    return Measure(value, bottom, top, node["n"].whole())


def read_share(node: Node) -> Measure:
    return read_measure(node, 0, 1)


def _retrievals(node: Node) -> dict[str, Retrieval]:
    node["cosine"].mapping()
    return {name: _retrieval(entry) for name, entry in node.items() if entry.value is not None}


def _retrieval(node: Node) -> Retrieval:
    ways = ("forward", "backward")
    forward, backward = ({key: read_share(entry) for key, entry in node[way].items()} for way in ways)
    node["forward"]["top1"], node["backward"]["top1"]
    return Retrieval(forward, backward, read_share(node["mean_top1"]))


def _layers(node: Node) -> list[tuple[int, Measure]]:
    return sorted((entry["layer"].whole(), read_share(entry["mean_top1"])) for entry in node.array())


def _alignment(node: Node) -> tuple[tuple[str, str], list[tuple[int, Measure]]]:
    gold = node["gold"]["file"].text(), node["gold"]["fingerprint"].text()
    return gold, sorted((entry["layer"].whole(), read_share(entry["aer"])) for entry in node["layers"].array())


def _measures(node: Node) -> list[LayerMeasures]:
    return sorted((_layer_measures(entry) for entry in node["layers"].filled_array()), key=lambda point: point.layer)


def _layer_measures(node: Node) -> LayerMeasures:
    cka, anc = (
        (entry["value"].number(-1, 1), entry["random"].number(-1, 1), entry["n"].whole(1))
        for entry in (node["cka"], node["anc"])
    )
    sides = ("source", "target")
    return LayerMeasures(
        node["layer"].whole(),
        cka,
        anc,
        tuple(read_measure(node["mean_cosine"][side], -1, 1) for side in sides),
        tuple(node["partition"][side].number(0, 1) for side in sides),
        {kind: read_share(node["retrieval"][kind]) for kind in BASELINES},
    )


def _similarity(node: Node) -> Similarity:
    bins = node["histogram"]
    edges = [edge.number() for edge in bins["edges"].array()]
    if len(edges) < 2 or any(a >= b for a, b in pairwise(edges)):
        raise bins["edges"].fail("must be two or more increasing numbers")
    counts = []
    for name in ("matched", "random"):
        counts.append([count.number(0) for count in bins[name].array()])
        if len(counts[-1]) != len(edges) - 1:
            raise bins[name].fail(f"must hold {len(edges) - 1} counts, one per bin, not {len(counts[-1])}")
    return Similarity(
        *(read_measure(node[key]) for key in ("matched", "random", "gap")),
        read_share(node["auroc"]),
        Histogram(edges, *counts),
    )


def _overlap(node: Node) -> Overlap:
    return Overlap(node["shared"].whole(), node["total"].whole(), read_share(node["ratio"]))


def _dynamics(node: Node) -> list[Moment]:
    return sorted((_moment(entry) for entry in node.array()), key=lambda moment: moment.step)


def _moment(node: Node) -> Moment:
    similarities = {}
    if node.has("similarities"):
        for name, entry in node["similarities"].items():
            similarities[name] = (entry["matched"].number(), entry["random"].number())
    return Moment(node["step"].whole(), read_share(node["mean_top1"]), similarities)


def _mistake(node: Node) -> Mistake:
    direction = node["direction"].text()
    if direction not in ("forward", "backward"):
        raise node["direction"].fail(f"must be 'forward' or 'backward', not {direction[:20]!r}")
    texts = [
        (node[key].text(), _optional(node, f"{key}_latn", Node.text, "")) for key in ("query", "answer", "nearest")
    ]
    scores = [node[key].number() for key in ("score_answer", "score_nearest")]
    return Mistake(direction, *texts, node["rank"].whole(1), *scores)
