"""The results section of a model card: a table a data set, a row a language, an interval in every cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hf_xalign.hub.eval_results import TASKS
from hf_xalign.hub.run_results import Score
from hf_xalign.markdown import code, inline, table


# Task -> the metrics that make the columns, and their headings. Top-1 has the languages in its headings.
_COLUMNS = {
    "retrieval": {"forward": "first → second", "backward": "second → first", "mean": "mean"},
    "similarity": {"gap": "cosine of translations − of random pairs"},
    "alignment": {"precision": "precision", "recall": "recall", "aer": "AER"},
    "layers": {"precision": "precision", "recall": "recall", "f1": "F1", "aer": "AER"},
    "mining": {"precision": "precision", "recall": "recall", "f1": "F1"},
    "sts": {"spearman": "Spearman", "pearson": "Pearson"},
    "sib200": {"accuracy": "accuracy", "macro_f1": "macro-F1"},
    "ner": {"entity_f1": "entity F1"},
    "pos": {"accuracy": "accuracy"},
    "nli": {"accuracy": "accuracy", "macro_f1": "macro-F1"},
}
_WHAT = {
    "retrieval": "top-1 sentence retrieval by {by}, per cent",
    "similarity": "how much nearer translations are than random pairs",
    "alignment": "word alignment by {by}, against links made by hand, per cent",
    "layers": "word alignment by {by}, by layer, per cent",
    "mining": "bitext mining, per cent",
    "sts": "correlation of cosines with gold scores",
    "sib200": "topics, fine-tuned in one language and tested in another, per cent",
    "ner": "named entities, fine-tuned in one language and tested in another, per cent",
    "pos": "parts of speech, fine-tuned in one language and tested in another, per cent",
    "nli": "inference, fine-tuned in one language and tested in another, per cent",
}
_DOWNSTREAM = ("sib200", "ner", "pos", "nli")
_ROW = {"layers": "layer", "sts": "", **dict.fromkeys(_DOWNSTREAM, "trained in → tested in")}
_SHARES = ("retrieval", "alignment", "layers", "mining", *_DOWNSTREAM)


@dataclass(frozen=True)
class ResultTable:
    """A table of a card.

    Attributes:
        caption: Markdown: data set, measure, layer.
        table: Markdown.
    """

    caption: str
    table: str


def result_tables(scores: Sequence[Score]) -> list[ResultTable]:
    """The scores as tables, one for each data set, task and similarity."""
    groups: dict[tuple, list[Score]] = {}
    for score in scores:
        layer = None if score.task == "layers" else score.layer
        place = (score.task, score.dataset, score.fingerprint, score.by, layer, score.pooling)
        groups.setdefault(place, []).append(score)
    order = list(TASKS)
    return [_table(members) for _, members in sorted(groups.items(), key=lambda group: order.index(group[0][0]))]


def weakest_and_best(scores: Sequence[Score]) -> tuple[Score, Score] | None:
    """The pairs of languages whose sentences are found least and most often, of those measured one by one."""
    found = [score for score in scores if (score.task, score.metric, score.by) == ("retrieval", "mean", "cosine")]
    pairs = sorted((score for score in found if score.languages), key=lambda score: score.value)
    return (pairs[0], pairs[-1]) if pairs else None


def percent(score: Score) -> str:
    """A share and its interval in per cent: `61.2 [58.0, 64.1]`, of several seeds `61.2 ± 1.1 [58.0, 64.1]`."""
    deviation = "" if score.deviation is None else f" ± {100 * score.deviation:.1f}"
    return f"{100 * score.value:.1f}{deviation} [{100 * score.low:.1f}, {100 * score.high:.1f}]"


def _table(scores: list[Score]) -> ResultTable:
    first = scores[0]
    by_row: dict[str, dict[str, Score]] = {}
    for score in scores:
        by_row.setdefault(score.row, {})[score.metric] = score
    metrics = [metric for metric in _COLUMNS[first.task] if any(metric in row for row in by_row.values())]
    shown = percent if first.task in _SHARES else _plain
    rows = []
    for name, row in by_row.items():
        n = max(score.n for score in row.values())
        label = code(name) if next(iter(row.values())).languages and first.task != "layers" else inline(name)
        rows.append([label, f"{n:,}", *(shown(row[metric]) if metric in row else "" for metric in metrics)])
    header = [_ROW.get(first.task, "languages"), "n", *(_COLUMNS[first.task][metric] for metric in metrics)]
    return ResultTable(_caption(first), table(header, rows, numbers=range(1, len(header))))


def _caption(score: Score) -> str:
    parts = [_WHAT[score.task].format(by=inline(score.by))]
    if score.layer is not None and score.task != "layers":
        parts.append(f"{inline(score.pooling)} of layer {score.layer}" if score.pooling else f"layer {score.layer}")
    if score.split:
        parts.append(f"split {code(score.split)}")
    if score.deviation is not None:
        parts.append(f"mean ± standard deviation of {score.seeds} seeds")
    synthetic = ", synthetic" if score.synthetic else ""
    fingerprint = f" (fingerprint {code(score.fingerprint)})" if score.fingerprint else ""
    return f"**{inline(score.dataset)}**{synthetic}{fingerprint}: {', '.join(parts)}"


def _plain(score: Score) -> str:
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"
