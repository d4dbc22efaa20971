"""The words of two sentences on the two axes of a grid: where labels and cells stand, and how wide it all is."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from hf_xalign.evaluation.report.json_fields import clean
from hf_xalign.evaluation.report.svg import element, join, num


# Of the upper labels.
_ANGLE = 55
# Letters of a word that are shown.
_MOST = 18


@dataclass(frozen=True)
class WordGrid:
    """Source words down, target words across, cells of `cell` pixels between them.

    Attributes:
        source, target: words as they may be shown, at least one each; see [`readable`].
        cell: pixels of a cell's side.
        letter: pixels of a letter at the size of the labels, roughly.
        mirrored: whether the columns run from right to left, as a right-to-left target is read; the source words then
            stand at the right.
        source_class, target_class: CSS classes of the words, besides `word`.
    """

    source: Sequence[str]
    target: Sequence[str]
    cell: int = 22
    letter: float = 7.2
    mirrored: bool = False
    source_class: str = ""
    target_class: str = ""

    @property
    def width(self) -> float:
        return self._beside + self.cell * len(self.target) + self._overhang

    @property
    def height(self) -> float:
        return self._top + self.cell * len(self.source) + 2

    def x(self, j: int) -> float:
        """The left edge of a target word's column."""
        return self._overhang + self.cell * (len(self.target) - 1 - j) if self.mirrored else self._left + self.cell * j

    def y(self, i: int) -> float:
        """The upper edge of a source word's row."""
        return self._top + self.cell * i

    def box(self, i: int, j: int, inset: float = 0) -> dict[str, str]:
        """The attributes of a rectangle on a cell, `inset` pixels inside its edges."""
        side = num(self.cell - 2 * inset)
        return {"x": num(self.x(j) + inset), "y": num(self.y(i) + inset), "width": side, "height": side}

    def axes(self) -> Markup:
        """The mesh of the cells and the words of both sides."""
        right, bottom = self._left + self.cell * len(self.target), self.y(len(self.source))
        lines = [f"M{num(self._left)} {num(self.y(i))}H{num(right)}" for i in range(len(self.source) + 1)]
        lines += [
            f"M{num(self._left + self.cell * j)} {num(self._top)}V{num(bottom)}" for j in range(len(self.target) + 1)
        ]
        parts = [element("path", d="".join(lines), class_="mesh")]
        at, end = (right + 7, "") if self.mirrored else (self._left - 7, "end")
        class_ = _classes("word", end, self.source_class)
        for i, word in enumerate(self.source):
            y = num(self.y(i) + self.cell / 2 + 4)
            parts.append(element("text", short(word), x=num(at), y=y, class_=class_))
        lean, aside, end = (_ANGLE, -3, "end") if self.mirrored else (-_ANGLE, 3, "")
        class_ = _classes("word", end, self.target_class)
        for j, word in enumerate(self.target):
            place = f"{num(self.x(j) + self.cell / 2 + aside)} {num(self._top - 7)}"
            parts.append(element("text", short(word), transform=f"translate({place}) rotate({lean})", class_=class_))
        return join(parts)

    @property
    def _left(self) -> float:
        return self._overhang if self.mirrored else self._beside

    @property
    def _beside(self) -> float:
        return self.letter * max(_letters(short(word)) for word in self.source) + 12

    @property
    def _longest(self) -> float:
        return self.letter * max(_letters(short(word)) for word in self.target)

    @property
    def _top(self) -> float:
        return self._longest * math.sin(math.radians(_ANGLE)) + 16

    @property
    def _overhang(self) -> float:
        return self._longest * math.cos(math.radians(_ANGLE))


def readable(word: str) -> str:
    """A word without control characters; one of white space is shown as an open box."""
    word = clean(word)
    return word if word.strip() else "\u2423"


def short(word: str) -> str:
    """A word as its label shows it: a long one is cut."""
    return word if len(word) <= _MOST else f"{word[: _MOST - 1]}…"


def _classes(*names: str) -> str:
    return " ".join(filter(None, names))


def _letters(word: str) -> float:
    """How many letters wide a word is, roughly: marks take no width, East Asian letters nearly two."""
    letters = 0
    for character in word:
        if not unicodedata.combining(character) and unicodedata.category(character) not in ("Mn", "Me", "Cf"):
            letters += 1.75 if unicodedata.east_asian_width(character) in "WF" else 1
    return letters
