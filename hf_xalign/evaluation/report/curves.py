"""The line charts of the report: accuracy by layer, dynamics over checkpoints, and the trainer's own log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from markupsafe import Markup

from hf_xalign.evaluation.report.figures import Figure, Panel, Scores, panels, similarity_kinds
from hf_xalign.evaluation.report.heatmaps import layers_table
from hf_xalign.evaluation.report.results import Measure
from hf_xalign.evaluation.report.runs import Run
from hf_xalign.evaluation.report.svg import (
    NARROW_SPACE,
    Scale,
    band,
    element,
    figure_svg,
    marker,
    nice_scale,
    num,
    polyline,
    signed,
    spread,
    stretched,
    x_axis,
    y_axis,
)
from hf_xalign.evaluation.report.words import percent


# A line of more points is drawn without markers; a longer log is averaged over equal numbers of entries.
MOST_MARKERS, MOST_POINTS = 40, 200
# The bands of more runs would hide each other.
MOST_BANDS = 8


# Places in `Moment.similarities`; the lines of random pairs are dashed.
MATCHED, RANDOM = False, True


class Point(NamedTuple):
    x: float
    y: float
    low: float | None = None
    high: float | None = None


class Line(NamedTuple):
    run: Run
    points: Sequence[Point]
    dashed: bool = False


def layer_figure(identifier: str, scores: Scores) -> Figure:
    """Mean top-1 accuracy by layer, a line per run with its interval."""
    having = [(run, result) for run, result in scores if result.layers]
    points = [(run, result.layers) for run, result in having]
    body, bands = _by_layer(identifier, "Mean top-1 accuracy by layer", points, {result.layer for _, result in having})
    caption = (
        f"Each line is a run{bands}. Layer 0 is the embedding layer, k the output of layer k; the dotted "
        "upright is the layer of the table above. Choosing a layer by test sentences would flatter a run."
    )
    return Figure("Accuracy by layer", caption, body, [run for run, _ in having])


def alignment_figures(identifier: str, scores: Scores) -> list[Figure]:
    """Alignment error rate by layer, a figure for each gold alignment that runs were held against."""
    golds = dict.fromkeys(result.alignment[0] for _, result in scores if result.alignment)
    figures = []
    for place, gold in enumerate(golds):
        having = [(run, result) for run, result in scores if result.alignment and result.alignment[0] == gold]
        points = [(run, result.alignment[1]) for run, result in having]
        used = {result.layer for _, result in having}
        body, bands = _by_layer(f"{identifier}-{place}", "Alignment error rate of words by layer", points, used)
        caption = (
            f"Each line is a run{bands}: words linked by their vectors, held against {gold[0]}. Lower is "
            "better. The dotted upright is the layer of the retrieval table; words are often linked best at another."
        )
        figures.append(Figure("Word alignment by layer", caption, body, [run for run, _ in having]))
    return figures


def _by_layer(
    identifier: str, title: str, points: Sequence[tuple[Run, Sequence[tuple[int, Measure]]]], used: set[int]
) -> tuple[Markup, str]:
    """A line per run and the table of its points, and what the caption says of intervals.

    Args:
        used: the layers that the runs use; where it is one for all, it is marked.
    """
    lines = [Line(run, [_estimate(*point) for point in of_run]) for run, of_run in points]
    plot = line_chart(
        identifier,
        title,
        lines,
        y=_scale_of(lines, percent),
        x_name="layer",
        write=percent,
        upright=min(used) if len(used) == 1 else None,
    )
    return _frame(plot) + layers_table(title, points), _bands(lines)


def dynamics_figures(identifier: str, scores: Scores) -> list[Figure]:
    """Over checkpoints: mean top-1, then matched and random similarity (the paper's figure 3)."""
    having = [(run, result) for run, result in scores if result.dynamics]
    lines = [Line(run, [_estimate(m.step, m.mean_top1) for m in result.dynamics]) for run, result in having]
    runs = [run for run, _ in having]
    plot = line_chart(
        f"{identifier}-top1",
        "Mean top-1 accuracy over training steps",
        lines,
        y=_scale_of(lines, percent),
        x_name="step",
        write=percent,
    )
    caption = f"Mean top-1 accuracy of each saved checkpoint on this data set{_bands(lines)}."
    figures = [Figure("Accuracy over training", caption, _frame(plot), runs)]
    present = [key for _, result in having for moment in result.dynamics for key in moment.similarities]
    drawn = {}
    for key, title, gloss in similarity_kinds(scores[0][1].pair, present):
        drawn[title, gloss] = [
            Line(run, [Point(at.step, at.similarities[key][kind]) for at in moments if key in at.similarities], kind)
            for run, moments in ((run, result.dynamics) for run, result in having)
            for kind in (MATCHED, RANDOM)
        ]
    lines = [line for lines in drawn.values() for line in lines if line.points]
    if not lines:
        return figures
    y = _scale_of(lines, _cosine)
    items = []
    for place, ((title, gloss), lines) in enumerate(drawn.items()):
        heading = f"{title}: matched and random similarity over training steps"
        plot = line_chart(f"{identifier}-{place}", heading, lines, y=y, x_name="step", write=_cosine, height=180)
        items.append(Panel(title, gloss, plot))
    caption = (
        "Solid, matched pairs; dashed, random pairs of the same run. A run aligns when its two lines move apart; "
        "both rising together is not alignment."
    )
    return [*figures, Figure("Similarity over training", caption, panels(items), runs)]


def training_figures(identifier: str, runs: Sequence[Run]) -> list[Figure]:
    """What the trainer logged: retrieval and gap on each run's own validation set, and every loss."""
    losses = {key for run in runs for key in run.log if key == "loss" or key.startswith("loss_")}
    losses = sorted(losses, key=lambda key: (key != "loss", key))
    figures = [
        _log_figure(
            f"{identifier}-validation",
            "During training",
            "Measured during training on each run's own validation data, which may differ between runs: "
            "compare the course of a line, and take levels from the data sets above.",
            runs,
            {
                "eval_retrieval_top1": ("Validation: top-1 accuracy", percent),
                "eval_similarity_gap": ("Validation: gap of matched and random similarity", _cosine),
            },
        ),
        _log_figure(
            f"{identifier}-loss",
            "Losses",
            "As logged by the trainer. Totals of runs with different objectives are sums of different things and "
            "cannot be compared; the losses of one objective can, where batches are of one size.",
            runs,
            {key: ("Total loss" if key == "loss" else f"{key[5:].upper()} loss", _loss) for key in losses},
        ),
    ]
    return [figure for figure in figures if figure is not None]


def _log_figure(
    identifier: str,
    title: str,
    caption: str,
    runs: Sequence[Run],
    wanted: dict[str, tuple[str, Callable[[float], str]]],
) -> Figure | None:
    """A panel for each name of the log (`wanted`: name, its title, how its values are written); None without any."""
    items = []
    for place, (key, (heading, write)) in enumerate(wanted.items()):
        lines = [Line(run, _thinned(run.log[key])) for run in runs if key in run.log]
        if lines:
            y = _scale_of(lines, write)
            plot = line_chart(f"{identifier}-{place}", heading, lines, y=y, x_name="step", write=write, height=180)
            items.append(Panel(heading, "", plot))
    shown = [run for run in runs if any(key in run.log for key in wanted)]
    return Figure(title, caption, panels(items), shown) if items else None


def line_chart(
    identifier: str,
    title: str,
    lines: Sequence[Line],
    *,
    y: Scale,
    x_name: str,
    write: Callable[[float], str],
    height: int = 240,
    upright: float | None = None,
) -> Markup:
    """Lines with interval bands, markers with tooltips, and the letter of each run at the end of its line.

    Args:
        write: turns a value into text, for the axis, the tooltips and the description.
        upright: an x to mark with a dotted line.
    """
    lines = [line for line in lines if line.points]
    height = max(height, 12 * len({line.run.index for line in lines}))
    x = nice_scale((point.x for line in lines for point in line.points), whole=True, tight=True, count=7)
    shapes, marks, told = [], [], []
    for line in lines:
        places = [(100 * x(point.x), height * (1 - y(point.y))) for point in line.points]
        bounded = [point for point in line.points if point.low is not None]
        if len(bounded) > 1 and len(lines) <= MOST_BANDS:
            upper = [(100 * x(point.x), height * (1 - y(point.high))) for point in bounded]
            lower = [(100 * x(point.x), height * (1 - y(point.low))) for point in bounded]
            shapes.insert(0, band(upper, lower, line.run.colour))
        shapes.append(polyline(places, f"{line.run.colour}{' dashed' if line.dashed else ''}"))
        shown = line.points if len(line.points) <= MOST_MARKERS else line.points[-1:]
        kind = f"{line.run.colour} hollow" if line.dashed else line.run.colour
        for point in shown:
            tooltip = f"{line.run.label}, {x_name} {point.x:g}: {write(point.y)}"
            marks.append(marker(x.percent(point.x), height * (1 - y(point.y)), line.run.shape, kind, tooltip, size=3))
        first, last = line.points[0], line.points[-1]
        told.append(f"{line.run.label}: {write(first.y)} at {first.x:g}, {write(last.y)} at {last.x:g}")
    ends = [(line.run, line.points[-1]) for line in lines if not line.dashed]
    letters = spread([height * (1 - y(point.y)) for _, point in ends], 12, 0, height)
    keys = [
        element("text", run.key, x=x.percent(point.x), y=num(at), dx=9, dy=4, class_=f"key {run.colour}")
        for (run, point), at in zip(ends, letters, strict=True)
    ]
    mark = ""
    if upright is not None:
        mark = element("line", x1=x.percent(upright), x2=x.percent(upright), y1=0, y2=height, class_="upright")
    return figure_svg(
        identifier,
        title,
        "; ".join(told),
        height,
        y_axis(y, height, _labels(y, write)),
        x_axis(x, height, [_short(tick) for tick in x.ticks]),
        element("text", x_name, x="100%", y=height, dy=30, class_="tick end"),
        mark,
        stretched(height, *shapes),
        *marks,
        *keys,
    )


def _bands(lines: Sequence[Line]) -> str:
    told = len(lines) <= MOST_BANDS and any(len(line.points) > 1 for line in lines)
    return ", its band the 95\u202f% interval" if told else ""


def _frame(plot: Markup) -> Markup:
    return element("div", plot, class_="frame wide")


def _estimate(x: float, measure: Measure) -> Point:
    return Point(x, measure.value, measure.low, measure.high)


def _scale_of(lines: Sequence[Line], write: Callable[[float], str]) -> Scale:
    values = [value for line in lines for point in line.points for value in point[1:] if value is not None]
    if write is percent:
        # Accuracy is drawn from zero: a run at chance must not look like one that learns.
        return nice_scale([0.0, *values], floor=0, ceiling=1)
    return nice_scale(values)


def _thinned(entries: Sequence[tuple[int, float]]) -> list[Point]:
    size = -(-len(entries) // MOST_POINTS)
    groups = [entries[start : start + size] for start in range(0, len(entries), size)]
    return [Point(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups]


def _labels(scale: Scale, write: Callable[[float], str]) -> list[str]:
    if write is percent:
        return [f"{signed(100 * tick, max(0, scale.digits - 2))}{NARROW_SPACE}%" for tick in scale.ticks]
    if scale.high >= 1e5:
        return [_loss(tick) for tick in scale.ticks]
    return [signed(tick, scale.digits) for tick in scale.ticks]


def _cosine(value: float) -> str:
    return signed(value, 3)


def _loss(value: float) -> str:
    return f"{value:.4g}".replace("-", "\u2212")


def _short(value: float) -> str:
    """`500`, `1.5k`, `20k`, `1M`."""
    for size, suffix in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:g}{suffix}"
    return f"{value:g}"
