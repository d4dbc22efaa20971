"""Small multiples of the distributions of similarities: the paper's figure 1, for any number of runs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from hf_xalign.evaluation.report.figures import Figure, Scores, cosine, name, numbers, similarity_kinds
from hf_xalign.evaluation.report.results import Similarity
from hf_xalign.evaluation.report.runs import Run
from hf_xalign.evaluation.report.svg import Scale, element, figure_svg, nice_scale, polyline, signed, stretched, x_axis


def histogram_figure(identifier: str, scores: Scores) -> Figure:
    """Distributions of matched and random similarities, runs down, similarities across: the paper's figure 1."""
    kinds = similarity_kinds(scores[0][1].pair, [key for _, result in scores for key in result.similarities])
    having = [(run, result) for run, result in scores if result.similarities]
    scale = nice_scale(_populated(having), floor=-1, ceiling=1, count=3, tight=True)
    head = [
        element("th", title, " ", element("span", gloss, class_="gloss"), scope="col") for _, title, gloss in kinds
    ]
    body = []
    for place, (run, result) in enumerate(having):
        cells = []
        for column, (key, title, _) in enumerate(kinds):
            if key not in result.similarities:
                cells.append(element("td", "not measured", class_="none"))
                continue
            entry = result.similarities[key]
            plot = _histogram(f"{identifier}-{place}-{column}", f"{run.label}, {title}", run, entry, scale)
            note = f"gap {signed(entry.gap.value, 3)} · AUROC {signed(entry.auroc.value, 3)}"
            cells.append(element("td", element("div", plot, class_="frame"), element("small", note)))
        body.append(element("tr", element("th", name(run), scope="row"), *cells))
    table = element(
        "table",
        element("thead", element("tr", element("th", "Run", scope="col"), *head)),
        element("tbody", *body),
        class_="multiples",
    )
    caption = (
        "Filled, matched pairs; dashed outline, random pairs (a seeded derangement); ticks, their means. Both areas "
        "are equal, and heights are scaled to the panel. The less the two overlap, the better a translation can "
        "be told from any other sentence; AUROC is the share of (matched, random) pairs in the right order."
    )
    box = element("div", table, class_="scroll", tabindex="0", role="region", aria_label="Histograms of similarities")
    return Figure("Matched and random pairs", caption, box)


def _histogram(identifier: str, title: str, run: Run, entry: Similarity, scale: Scale) -> Markup:
    height = 52
    edges = entry.histogram.edges
    heights = {}
    for kind, counts in (("matched", entry.histogram.matched), ("random", entry.histogram.random)):
        total = sum(counts) or 1.0
        heights[kind] = [
            count / total / (right - left) for (left, right), count in zip(pairwise(edges), counts, strict=True)
        ]
    top = max(max(values) for values in heights.values()) or 1.0
    paths = []
    for kind, values in heights.items():
        points = [(100 * scale(edges[0]), height)]
        for (left, right), value in zip(pairwise(edges), values, strict=True):
            y = height - 46 * value / top
            points += [(100 * scale(left), y), (100 * scale(right), y)]
        points.append((100 * scale(edges[-1]), height))
        paths.append(polyline(_without_repeats(points), f"area {kind} {run.colour}"))
    means = [
        element("line", x1=x, x2=x, y1=height, y2=height + 4, class_=f"mean {kind} {run.colour}")
        for kind, x in (
            ("random", scale.percent(entry.random.value)),
            ("matched", scale.percent(entry.matched.value)),
        )
    ]
    description = f"mean of matched pairs {cosine(entry.matched)}, of random pairs {cosine(entry.random)}"
    base = element("line", x1="0", x2="100%", y1=height, y2=height, class_="grid")
    axis = x_axis(scale, height + 3, numbers(scale))
    return figure_svg(identifier, title, description, height, base, stretched(height, *paths), *means, axis)


def _populated(scores: Scores) -> list[float]:
    """The edges of the bins that hold anything, so that empty ranges are not drawn."""
    found = []
    for _, result in scores:
        for entry in result.similarities.values():
            edges, matched, random = entry.histogram
            for (left, right), *counts in zip(pairwise(edges), matched, random, strict=True):
                if any(counts):
                    found += [left, right]
    return found or [0.0, 1.0]


def _without_repeats(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Drop the inner points of level stretches: most bins of a histogram are empty."""
    kept = [point for i, point in enumerate(points[1:-1], 1) if not points[i - 1][1] == point[1] == points[i + 1][1]]
    return [points[0], *kept, points[-1]]
