"""A sentence pair as a grid: its words on both axes, links as shaded cells, gold links as outlines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from hf_xalign.evaluation.report.svg import element, figure_svg, num
from hf_xalign.evaluation.word_grid import WordGrid, readable


class Heatmap(NamedTuple):
    """`plot` is as wide as it must be; `wrong` and `missed` name the links that differ from the gold alignment."""

    plot: Markup
    wrong: list[str]
    missed: list[str]


def heatmap(identifier: str, example: dict[str, Any]) -> Heatmap:
    """The drawing of one entry of `audit.json`'s `examples`."""
    source, target = ([readable(word) for word in example[f"{side}_words"]] for side in ("source", "target"))
    grid = WordGrid(source, target)
    links = {(i, j): score for i, j, score in example["links"]}
    sure, possible = ({(i, j) for i, j in example[kind]} for kind in ("sure", "possible"))
    parts = [grid.axes()]
    for (i, j), score in sorted(links.items()):
        good = (i, j) in sure or (i, j) in possible
        shade = num(0.15 + 0.85 * min(1.0, max(0.0, score)))
        parts.append(
            element("rect", **grid.box(i, j, inset=1), class_=f"link {'c1' if good else 'c2'}", fill_opacity=shade)
        )
    for kind, cells in (("sure", sure), ("possible", possible)):
        for i, j in sorted(cells):
            parts.append(element("rect", **grid.box(i, j, inset=2), class_=f"gold {kind}"))
    # On top, so that one tooltip answers for shade and outline.
    for i, j in sorted({*links, *sure, *possible}):
        told = element("title", _told(source[i], target[j], links.get((i, j)), (i, j) in sure, (i, j) in possible))
        parts.append(element("rect", told, **grid.box(i, j), class_="touch"))
    wrong = [_named(source, target, cell, links[cell]) for cell in sorted(links.keys() - sure - possible)]
    missed = [_named(source, target, cell) for cell in sorted(sure - links.keys())]
    plot = figure_svg(
        identifier,
        f"{example['pair']}, {example['kind']} pair",
        f"{len(source)} source words down, {len(target)} target words across; {len(links)} links, {len(wrong)} of "
        f"them wrong; {len(missed)} of {len(sure)} sure links missed",
        grid.height,
        *parts,
    )
    box = element("div", plot, class_="heat", style=f"width:{num(grid.width)}px")
    return Heatmap(box, wrong, missed)


def _told(source: str, target: str, score: float | None, sure: bool, possible: bool) -> str:
    link = "no link" if score is None else f"score {score:.3f}"
    gold = "sure in gold" if sure else "possible in gold" if possible else "not in gold"
    return f"{source} – {target}: {link}, {gold}"


def _named(source: Sequence[str], target: Sequence[str], cell: tuple[int, int], score: float | None = None) -> str:
    words = f"\u2068{source[cell[0]]}\u2069 – \u2068{target[cell[1]]}\u2069"
    return words if score is None else f"{words} ({score:.2f})"
