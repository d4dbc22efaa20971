"""The figures of an audit: an `audit.json` in, SVG and its caption out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from hf_xalign.evaluation.report.figures import Figure, Panel, panels
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
    stretched,
    x_axis,
    y_axis,
)
from hf_xalign.evaluation.report.words import percent


SCORE_NAMES = {"precision": "Precision", "recall": "Recall", "f1": "F1", "aer": "Alignment error rate"}
_GLOSSES = {
    "precision": "links that are sure or possible in the gold alignment",
    "recall": "sure links that were found",
    "f1": "harmonic mean of both",
    "aer": "lower is better",
}
_ROW = 36
_HEIGHT = 220


def score_figure(groups: Sequence[dict[str, Any]]) -> Figure:
    """Precision, recall, F1 and AER: a bar with its interval for each language pair."""
    items = []
    for place, (key, title) in enumerate(SCORE_NAMES.items()):
        ends = [group["scores"][key][end] for group in groups for end in ("value", "high")]
        scale = nice_scale([0.0, *ends] if key == "aer" else [0.0, 1.0], floor=0, ceiling=1, count=4)
        items.append(Panel(title, _GLOSSES[key], _bars(f"scores-{place}", title, groups, key, scale)))
    caption = (
        "Counts are summed over all sentence pairs before any ratio is taken (Och and Ney, 2003); thin lines, "
        "95\u202f% intervals over sentence pairs."
    )
    return Figure("Agreement with the gold alignment", caption, panels(items))


def _bars(identifier: str, title: str, groups: Sequence[dict[str, Any]], key: str, scale: Scale) -> Markup:
    height = _ROW * len(groups)
    parts, told = [x_axis(scale, height, _percents(scale), grid_from=0)], []
    for place, group in enumerate(groups):
        top, score = _ROW * place, group["scores"][key]
        text = f"{percent(score['value'])} {_interval(score)}"
        told.append(f"{group['pair']}: {text}")
        note = element("title", f"{group['pair']}, {title}: {text}, n = {group['n']}")
        y = top + 25
        low, high = scale.percent(score["low"]), scale.percent(score["high"])
        parts += [
            element("text", group["pair"], x="0", y=top + 15, class_="who"),
            element("text", percent(score["value"]), x="100%", y=top + 15, class_="key end"),
            element("rect", note, x="0", y=y - 5, width=scale.percent(score["value"]), height=10, class_="bar c1"),
            element("line", x1=low, x2=high, y1=y, y2=y, class_="span"),
            *(element("line", x1=x, x2=x, y1=y - 4, y2=y + 4, class_="span") for x in (low, high)),
        ]
    return figure_svg(identifier, f"{title} by language pair", "; ".join(told), height, *parts)


def threshold_figure(curve: Sequence[dict[str, Any]], choice: dict[str, Any], wanted: float) -> Figure:
    """Precision against recall, and both against the score threshold."""
    x = nice_scale([point["recall"]["value"] for point in curve], floor=0, ceiling=1, count=5)
    ends = [point["precision"][end] for point in curve for end in ("value", "low", "high")]
    y = nice_scale([*ends, wanted], floor=0, ceiling=1)
    points = [(point["recall"]["value"], point["precision"]) for point in curve]
    chosen = (choice["recall"]["value"], choice["precision"]["value"], _chosen(choice))
    trade = _chart(
        "trade",
        "Precision over recall as the score threshold rises",
        [("c1", 0, points)],
        x,
        y,
        _percents(x),
        "recall",
        wanted,
        [chosen],
    )
    scores = nice_scale([point["threshold"] for point in curve], floor=0, ceiling=1, count=5, tight=True)
    ends = [
        point[name][end] for point in curve for name in ("precision", "recall") for end in ("value", "low", "high")
    ]
    both = nice_scale([*ends, wanted], floor=0, ceiling=1)
    lines = [
        (colour, shape, [(point["threshold"], point[name]) for point in curve])
        for name, colour, shape in (("precision", "c1", 0), ("recall", "c2", 1))
    ]
    level = _chart(
        "levels",
        "Precision and recall by score threshold",
        lines,
        scores,
        both,
        [signed(tick, scores.digits) for tick in scores.ticks],
        "score threshold",
        wanted,
        [(choice["threshold"], choice[name]["value"], _chosen(choice)) for name in ("precision", "recall")],
        names=("precision", "recall"),
    )
    caption = (
        f"Links below a score are dropped; bands, 95\u202f% intervals. The dashed line is the wanted precision, "
        f"{wanted * 100:g}{NARROW_SPACE}%; ringed, the threshold "
        + ("that gives it with the most links." if choice["reached"] else "nearest to it: none reaches it.")
        + (" The upright axes do not start at zero." if y.low > 0 or both.low > 0 else "")
    )
    items = [Panel("Precision over recall", "", trade), Panel("Both over the threshold", "", level)]
    return Figure("What a score threshold buys", caption, panels(items))


def _chart(
    identifier: str,
    title: str,
    lines: Sequence[tuple[str, int, Sequence[tuple[float, dict[str, float]]]]],
    x: Scale,
    y: Scale,
    labels: Sequence[str],
    x_name: str,
    wanted: float,
    ringed: Sequence[tuple[float, float, str]],
    names: Sequence[str] = (),
) -> Markup:
    """Lines (colour, marker shape, points of x and an estimate of y) with bands; `ringed` points have a tooltip."""
    shapes, marks, told = [], [], []
    for number, (colour, shape, points) in enumerate(lines):
        places = [(100 * x(at), _HEIGHT * (1 - y(estimate["value"]))) for at, estimate in points]
        if len(points) > 1:
            low, high = ([(100 * x(at), _HEIGHT * (1 - y(of[end]))) for at, of in points] for end in ("low", "high"))
            shapes.insert(0, band(high, low, colour))
            shapes.append(polyline(places, colour))
        first, last = points[0], points[-1]
        name = f"{names[number]} " if names else "precision "
        told.append(
            f"{name}{percent(first[1]['value'])} at {first[0]:.3g}, {percent(last[1]['value'])} at {last[0]:.3g}"
        )
        if names:
            # At the steeper end of a line there is room for its name.
            at, estimate = points[len(points) // 3]
            marks.append(_label(names[number], x.percent(at), _HEIGHT * (1 - y(estimate["value"])), shape))
        if len(points) == 1:
            marks.append(marker(x.percent(points[0][0]), places[0][1], shape, colour))
    for (at, level, tooltip), (colour, shape, _) in zip(ringed, [*lines] * len(ringed), strict=False):
        marks.append(marker(x.percent(at), _HEIGHT * (1 - y(level)), shape, f"{colour} hollow", tooltip, size=5.5))
    line = num(_HEIGHT * (1 - y(wanted)))
    return figure_svg(
        identifier,
        title,
        "; ".join(told),
        _HEIGHT,
        y_axis(y, _HEIGHT, _percents(y)),
        x_axis(x, _HEIGHT, labels),
        element("text", x_name, x="100%", y=_HEIGHT, dy=30, class_="tick end"),
        element("line", x1="0", x2="100%", y1=line, y2=line, class_="wanted"),
        stretched(_HEIGHT, *shapes),
        *marks,
    )


def _label(name: str, x: str, y: float, below: int) -> Markup:
    return element("text", name, x=x, y=num(y), dx=-8, dy=18 if below else -8, class_="key end")


def histogram_figure(histogram: dict[str, list]) -> Figure:
    """Scores of right and of wrong links."""
    edges, kinds = histogram["edges"], {kind: histogram[kind] for kind in ("right", "wrong")}
    held = [place for place in range(len(edges) - 1) if any(counts[place] for counts in kinds.values())]
    edges = edges[held[0] : held[-1] + 2]
    kinds = {kind: counts[held[0] : held[-1] + 1] for kind, counts in kinds.items()}
    x = nice_scale(edges, floor=0, ceiling=1, tight=True)
    y = nice_scale([0, *(count for counts in kinds.values() for count in counts)], floor=0, count=4, whole=True)
    paths = []
    for kind, counts in kinds.items():
        points = [(100 * x(edges[0]), _HEIGHT)]
        for (left, right), count in zip(pairwise(edges), counts, strict=True):
            level = _HEIGHT * (1 - y(count))
            points += [(100 * x(left), level), (100 * x(right), level)]
        points.append((100 * x(edges[-1]), _HEIGHT))
        paths.append(polyline(points, f"area {kind} {'c1' if kind == 'right' else 'c2'}"))
    told = "; ".join(f"{sum(counts):,} {kind}" for kind, counts in kinds.items())
    plot = figure_svg(
        "histogram",
        "Scores of right and wrong links",
        told,
        _HEIGHT,
        y_axis(y, _HEIGHT, [f"{tick:,.0f}" for tick in y.ticks]),
        x_axis(x, _HEIGHT, [signed(tick, x.digits) for tick in x.ticks]),
        element("text", "score", x="100%", y=_HEIGHT, dy=30, class_="tick end"),
        stretched(_HEIGHT, *paths),
    )
    caption = (
        f"Links by score: solid outline, the {sum(kinds['right']):,} that are sure or possible in the gold alignment; "
        f"dashed, the {sum(kinds['wrong']):,} that are not. The less the two overlap, the more a threshold can do."
    )
    return Figure("Scores of right and wrong links", caption, element("div", plot, class_="frame wide"))


def fertility_figure(fertility: dict[str, Any]) -> Figure:
    """How many words have how many links, on either side, beside the gold alignment."""
    items = []
    for side in ("source", "target"):
        part = fertility[side]
        shares = [[count / max(1, sum(part[key])) for count in part[key]] for key in ("words", "gold_words")]
        scale = nice_scale([0.0, *shares[0], *shares[1]], floor=0, ceiling=1, count=4)
        plot = _columns(f"fertility-{side}", f"Links of a {side} word", shares, scale)
        gloss = f"{sum(part['words']):,} words"
        items.append(Panel(f"Links of a {side} word", gloss, plot))
    caption = (
        "Share of words with so many links: bars, the aligner; open marks, the gold alignment with its possible links."
        " Zero links are the words that stay unaligned."
    )
    return Figure("Fertility", caption, panels(items))


def _columns(identifier: str, title: str, shares: Sequence[Sequence[float]], scale: Scale) -> Markup:
    height, slots = 160, len(shares[0])
    parts, told = [y_axis(scale, height, _percents(scale))], []
    for place, (share, gold) in enumerate(zip(*shares, strict=True)):
        label = f"{place}+" if place == slots - 1 else str(place)
        text = f"{label} links: {percent(share)}, gold {percent(gold)}"
        told.append(text)
        middle = f"{num(100 * (place + 0.5) / slots)}%"
        parts += [
            element(
                "rect",
                element("title", text),
                x=f"{num(100 * (place + 0.2) / slots)}%",
                y=num(height * (1 - scale(share))),
                width=f"{num(60 / slots)}%",
                height=num(height * scale(share)),
                class_="bar c1",
            ),
            marker(middle, height * (1 - scale(gold)), 2, "c0 hollow", text, size=4.5),
            element(
                "text", f"{place}+" if place == slots - 1 else place, x=middle, y=height, dy=15, class_="tick mid"
            ),
        ]
    base = element("line", x1="0", x2="100%", y1=height, y2=height, class_="base")
    name = element("text", "links", x="100%", y=height, dy=30, class_="tick end")
    return figure_svg(identifier, title, "; ".join(told), height, *parts, base, name)


def _chosen(choice: dict[str, Any]) -> str:
    return (
        f"score {choice['threshold']:g} or more: precision {percent(choice['precision']['value'])} "
        f"{_interval(choice['precision'])}, recall {percent(choice['recall']['value'])}, {choice['links']:,} links"
    )


def _interval(estimate: dict[str, float]) -> str:
    return f"[{signed(100 * estimate['low'], 1)}, {signed(100 * estimate['high'], 1)}]"


def _percents(scale: Scale) -> list[str]:
    return [f"{signed(100 * tick, max(0, scale.digits - 2))}{NARROW_SPACE}%" for tick in scale.ticks]
