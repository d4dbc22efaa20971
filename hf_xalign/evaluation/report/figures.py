"""The figures of the report: results in, SVG and its caption out. How they look is in `templates/report.css`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from markupsafe import Markup

from hf_xalign.evaluation.report.results import Measure, Result
from hf_xalign.evaluation.report.runs import Run
from hf_xalign.evaluation.report.svg import (
    Scale,
    element,
    figure_svg,
    join,
    marker,
    nice_scale,
    num,
    signed,
    x_axis,
)
from hf_xalign.evaluation.report.words import interval, percent


Scores = Sequence[tuple[Run, Result]]


class Figure(NamedTuple):
    """`caption` says how to read it; `legend` lists the runs where the figure itself does not name them."""

    title: str
    caption: str
    body: Markup
    legend: Sequence[Run] = ()


class Panel(NamedTuple):
    title: str
    gloss: str
    plot: Markup


def panels(items: Sequence[Panel]) -> Markup:
    """Plots side by side, as many in a row as fit."""
    boxes = []
    for item in items:
        gloss = element("span", item.gloss, class_="gloss") if item.gloss else ""
        heading = element("h4", item.title, " ", gloss)
        boxes.append(element("div", heading, element("div", item.plot, class_="frame"), class_="panel"))
    return element("div", *boxes, class_="panels")


def similarity_names(pair: tuple[str, str]) -> dict[str, tuple[str, str]]:
    """Key in results.json -> its name in the paper, and what it compares for this pair of languages."""
    source, target = pair
    return {
        "transliteration": ("Transliteration", f"{source} and its Latin copy"),
        "translation": ("Translation", f"{source} and {target}"),
        "transliteration_translation": ("Transliteration–translation", f"Latin copy of {source}, and {target}"),
        "transliteration_transliteration": ("Transliteration–transliteration", "Latin copies of both"),
        "transliteration_reversed": ("Transliteration, reversed", f"{target} and its Latin copy"),
        "transliteration_translation_reversed": (
            "Transliteration–translation, reversed",
            f"Latin copy of {target}, and {source}",
        ),
    }


def similarity_kinds(pair: tuple[str, str], present: Sequence[str]) -> list[tuple[str, str, str]]:
    """`(key, name, gloss)` of the similarities that any run has, the paper's first."""
    names = similarity_names(pair)
    ordered = [*(key for key in names if key in present), *sorted({*present} - {*names})]
    return [(key, *names.get(key, (key, ""))) for key in ordered]


def top1_figure(identifier: str, scores: Scores) -> Figure:
    """Dots and intervals of mean top-1 accuracy, a row per run."""
    measures = [(run, result.retrieval["cosine"].mean_top1) for run, result in scores]
    ends = [end for _, measure in measures for end in measure[:3]]
    scale = nice_scale(ends, floor=0, ceiling=1, count=6)
    reference = measures[0][1] if len(measures) > 1 else None
    rows = []
    for place, (run, measure) in enumerate(measures):
        strip = ""
        if reference is not None:
            width = 100 * (scale(reference.high) - scale(reference.low))
            strip = element(
                "rect", x=scale.percent(reference.low), y="0", width=f"{num(width)}%", height="34", class_="strip"
            )
        grid = [
            element("line", x1=scale.percent(tick), x2=scale.percent(tick), y1="0", y2="34", class_="grid")
            for tick in scale.ticks
        ]
        text = f"{percent(measure.value)} {interval(measure)}"
        plot = figure_svg(
            f"{identifier}-{place}",
            f"{run.label}: mean top-1 {percent(measure.value)}",
            f"95\u202f% interval {interval(measure)} per cent, n = {measure.n}",
            34,
            strip,
            *grid,
            _whisker(scale, measure, 17, run),
        )
        value = [element("b", percent(measure.value)), " ", element("span", interval(measure), class_="interval")]
        cells = [element("div", name(run), class_="who"), element("div", plot, class_="track")]
        rows.append(element("div", *cells, element("div", *value, class_="value", title=text), class_="row"))
    ticks = x_axis(scale, 0, percents(scale))
    axis = element("svg", ticks, width="100%", height="20", class_="plot", aria_hidden="true")
    rows.append(element("div", element("div", axis, class_="track"), class_="row axis"))
    caption = "A mark is the mean over both directions, its line the 95\u202f% interval over test sentences."
    if reference is not None:
        caption += " The shaded strip is the interval of the first run; a line wholly outside it differs from it."
    chance = 1 / scores[0][1].n
    caption += f" Chance is {percent(chance)}." if chance >= 0.0005 else " Chance is below 0.1\u202f%."
    if scale.low > 0:
        caption += " The axis does not start at zero."
    return Figure("Retrieval at a glance", caption, element("div", *rows, class_="rows"))


def averages_figure(identifier: str, scores: Scores) -> Figure:
    """Average similarity of matched and random pairs: the paper's figure 2, with intervals."""
    kinds = similarity_kinds(scores[0][1].pair, [key for _, result in scores for key in result.similarities])
    having = [(run, result) for run, result in scores if result.similarities]
    ends = [
        end
        for _, result in having
        for entry in result.similarities.values()
        for measure in (entry.matched, entry.random)
        for end in measure[:3]
    ]
    scale = nice_scale(ends, floor=-1, ceiling=1, count=4)
    items = []
    for place, (key, title, gloss) in enumerate(kinds):
        rows = [(run, result.similarities[key]) for run, result in having if key in result.similarities]
        plot = dumbbells(
            f"{identifier}-{place}",
            f"{title}: average similarity of matched and random pairs",
            [(run, entry.random, entry.matched, f"gap {cosine(entry.gap)}") for run, entry in rows],
            scale,
            numbers(scale),
            ("random", "matched"),
            cosine,
        )
        items.append(Panel(title, gloss, plot))
    caption = (
        "Cosine similarity of sentence vectors: filled mark, matched pairs; open mark, random pairs; bars, "
        "95\u202f% intervals. Alignment is the distance between the two marks, not how far to the right they are."
    )
    return Figure("Average similarity", caption, panels(items), [run for run, _ in having])


def dumbbells(
    identifier: str,
    title: str,
    rows: Sequence[tuple[Run, Measure, Measure, str]],
    scale: Scale,
    labels: Sequence[str],
    names: tuple[str, str],
    write: Callable[[Measure], str],
) -> Markup:
    """A row per run: an open mark and a filled one, joined; the note of the row is their tooltip and description."""
    step, height = 20, 20 * len(rows) + 4
    parts, told = [x_axis(scale, height, labels, grid_from=0)], []
    for place, (run, hollow, filled, note) in enumerate(rows):
        y = 12 + step * place
        text = f"{run.label}: {names[0]} {write(hollow)}, {names[1]} {write(filled)}{', ' + note if note else ''}"
        told.append(text)
        start, end = scale.percent(hollow.value), scale.percent(filled.value)
        parts += [
            element("text", run.key, x="0", y=y, dx=-8, dy=4, class_=f"key end {run.colour}"),
            element("line", x1=start, x2=end, y1=y, y2=y, class_=f"bridge {run.colour}"),
            _whisker(scale, hollow, y, run, hollow=True, tooltip=text),
            _whisker(scale, filled, y, run, tooltip=text),
        ]
    return figure_svg(identifier, title, "; ".join(told), height, *parts)


def overlap_figure(identifier: str, scores: Scores) -> Figure:
    """Share of token types that both languages use, before and after transliteration."""
    having = [(run, result) for run, result in scores if {"original", "transliterated"} <= {*result.overlap}]
    measures = [result.overlap[key].ratio for _, result in having for key in ("original", "transliterated")]
    scale = nice_scale([0.0, *(end for measure in measures for end in measure[:3])], floor=0, ceiling=1, count=6)
    rows = [
        (run, result.overlap["original"].ratio, result.overlap["transliterated"].ratio, "") for run, result in having
    ]
    title = "Lexical overlap of the two languages, original and transliterated"
    plot = dumbbells(
        identifier,
        title,
        rows,
        scale,
        percents(scale),
        ("original", "transliterated"),
        lambda measure: percent(measure.value),
    )
    caption = (
        "Share of the token types that occur in both languages: open mark, original scripts; filled mark, "
        "transliterated. It depends on the tokenizer only: runs with one tokenizer agree."
    )
    return Figure("Lexical overlap", caption, element("div", plot, class_="frame wide"), [run for run, _ in having])


def name(run: Run) -> Markup:
    """Marker, letter and label of a run, as in every legend and table."""
    sample = element("svg", marker("8", 8, run.shape, run.colour), width="16", height="16", aria_hidden="true")
    return element("span", sample, element("b", run.key), " ", element("bdi", run.label), class_="run")


def _whisker(
    scale: Scale, measure: Measure, y: float, run: Run, *, hollow: bool = False, tooltip: str | None = None
) -> Markup:
    tooltip = tooltip or f"{run.label}: {percent(measure.value)} {interval(measure)}"
    line = element(
        "line",
        x1=scale.percent(measure.low),
        x2=scale.percent(measure.high),
        y1=y,
        y2=y,
        class_=f"whisker {run.colour}",
    )
    kind = f"{run.colour} hollow" if hollow else run.colour
    return join([line, marker(scale.percent(measure.value), y, run.shape, kind, tooltip, size=4.5)])


def cosine(measure: Measure) -> str:
    return f"{signed(measure.value, 3)} {interval(measure, share=False)}"


def percents(scale: Scale) -> list[str]:
    digits = max(0, scale.digits - 2)
    return [f"{signed(100 * tick, digits)}\u202f%" for tick in scale.ticks]


def numbers(scale: Scale) -> list[str]:
    return [signed(tick, scale.digits) for tick in scale.ticks]
