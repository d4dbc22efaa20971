"""A sentence pair as a grid: its words on both axes, links as shaded cells, gold links as outlines."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from hf_xalign.evaluation.report_json import clean
from hf_xalign.evaluation.report_svg import element, figure_svg, num


CELL = 22
# Pixels of a letter at the size of the labels, and the angle of the upper ones.
_LETTER, _ANGLE = 7.2, 55
# Letters of a word that are shown.
_MOST = 18


class Heatmap(NamedTuple):
    """`plot` is as wide as it must be; `wrong` and `missed` name the links that differ from the gold alignment."""

    plot: Markup
    wrong: list[str]
    missed: list[str]


def heatmap(identifier: str, example: dict[str, Any]) -> Heatmap:
    """The drawing of one entry of `audit.json`'s `examples`."""
    source, target = ([_readable(word) for word in example[f"{side}_words"]] for side in ("source", "target"))
    links = {(i, j): score for i, j, score in example["links"]}
    sure, possible = ({(i, j) for i, j in example[kind]} for kind in ("sure", "possible"))
    left = max(_width(_short(word)) for word in source) + 12
    longest = max(_width(_short(word)) for word in target)
    top = longest * math.sin(math.radians(_ANGLE)) + 16
    overhang = longest * math.cos(math.radians(_ANGLE))
    width, height = left + CELL * len(target) + overhang, top + CELL * len(source) + 2

    def x(j: int) -> float:
        return left + CELL * j

    def y(i: int) -> float:
        return top + CELL * i

    parts = [_grid(left, top, len(source), len(target))]
    for i, word in enumerate(source):
        parts.append(element("text", _short(word), x=num(left - 7), y=num(y(i) + CELL / 2 + 4), class_="word end"))
    for j, word in enumerate(target):
        at = f"{num(x(j) + CELL / 2 + 3)} {num(top - 7)}"
        parts.append(element("text", _short(word), transform=f"translate({at}) rotate(-{_ANGLE})", class_="word"))
    for (i, j), score in sorted(links.items()):
        good = (i, j) in sure or (i, j) in possible
        box = {"x": num(x(j) + 1), "y": num(y(i) + 1), "width": CELL - 2, "height": CELL - 2}
        shade = num(0.15 + 0.85 * min(1.0, max(0.0, score)))
        parts.append(element("rect", **box, class_=f"link {'c1' if good else 'c2'}", fill_opacity=shade))
    for kind, cells in (("sure", sure), ("possible", possible)):
        for i, j in sorted(cells):
            box = {"x": num(x(j) + 2), "y": num(y(i) + 2), "width": CELL - 4, "height": CELL - 4}
            parts.append(element("rect", **box, class_=f"gold {kind}"))
    # On top, so that one tooltip answers for shade and outline.
    for i, j in sorted({*links, *sure, *possible}):
        told = element("title", _told(source[i], target[j], links.get((i, j)), (i, j) in sure, (i, j) in possible))
        parts.append(element("rect", told, x=num(x(j)), y=num(y(i)), width=CELL, height=CELL, class_="touch"))
    wrong = [_named(source, target, cell, links[cell]) for cell in sorted(links.keys() - sure - possible)]
    missed = [_named(source, target, cell) for cell in sorted(sure - links.keys())]
    plot = figure_svg(
        identifier,
        f"{example['pair']}, {example['kind']} pair",
        f"{len(source)} source words down, {len(target)} target words across; {len(links)} links, {len(wrong)} of "
        f"them wrong; {len(missed)} of {len(sure)} sure links missed",
        height,
        *parts,
    )
    box = element("div", plot, class_="heat", style=f"width:{num(width)}px")
    return Heatmap(box, wrong, missed)


def _grid(left: float, top: float, rows: int, columns: int) -> Markup:
    right, bottom = left + CELL * columns, top + CELL * rows
    lines = [f"M{num(left)} {num(top + CELL * i)}H{num(right)}" for i in range(rows + 1)]
    lines += [f"M{num(left + CELL * j)} {num(top)}V{num(bottom)}" for j in range(columns + 1)]
    return element("path", d="".join(lines), class_="mesh")


def _told(source: str, target: str, score: float | None, sure: bool, possible: bool) -> str:
    link = "no link" if score is None else f"score {score:.3f}"
    gold = "sure in gold" if sure else "possible in gold" if possible else "not in gold"
    return f"{source} – {target}: {link}, {gold}"


def _named(source: Sequence[str], target: Sequence[str], cell: tuple[int, int], score: float | None = None) -> str:
    words = f"\u2068{source[cell[0]]}\u2069 – \u2068{target[cell[1]]}\u2069"
    return words if score is None else f"{words} ({score:.2f})"


def _readable(word: str) -> str:
    """A word of white space is shown as an open box."""
    word = clean(word)
    return word if word.strip() else "\u2423"


def _short(word: str) -> str:
    return word if len(word) <= _MOST else f"{word[: _MOST - 1]}…"


def _width(word: str) -> float:
    """Pixels that a word takes, roughly: marks take none, East Asian letters two."""
    letters = 0
    for character in word:
        if not unicodedata.combining(character) and unicodedata.category(character) not in ("Mn", "Me", "Cf"):
            letters += 1.75 if unicodedata.east_asian_width(character) in "WF" else 1
    return _LETTER * letters
