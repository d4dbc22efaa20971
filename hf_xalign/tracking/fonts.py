"""Which fonts of this machine draw the words of a figure, whatever their script.

matplotlib shapes text by itself from release 3.11 on (joined letters, clusters, right to left), but only within one
font: a word whose letters come out of two of them falls apart. So each word is drawn with a font that has all of it.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence

from matplotlib import font_manager


# Comes with matplotlib, so it is everywhere.
DEFAULT = "DejaVu Sans"
# Has a box with the name of its script for every character there is.
_BOXES = "Last Resort"


def words_font(words: Sequence[str]) -> list[str | None]:
    """The font family that draws each word; None where no font of this machine has all its characters.

    Words of one sentence look alike: they are drawn with the family that has most of them, where it can. DejaVu Sans
    comes first where it has as many as any other, and fonts without serifs come before others.

    Args:
        words: of one sentence.
    """
    return list(_words_font(tuple(words), families()))


# An evaluation draws the same words as the one before, and to open a few hundred fonts takes a second.
@functools.lru_cache(maxsize=256)
def _words_font(words: tuple[str, ...], names: tuple[str, ...]) -> tuple[str | None, ...]:
    needed = [_needed(word) for word in words]
    wanted = frozenset().union(*needed)
    if wanted <= _covered(DEFAULT, wanted):
        return (DEFAULT,) * len(words)
    coverage = {name: _covered(name, wanted) for name in names}
    order = sorted(
        coverage,
        key=lambda name: (-sum(need <= coverage[name] for need in needed), name != DEFAULT, "Sans" not in name, name),
    )
    return tuple(next((name for name in order if need <= coverage[name]), None) for need in needed)


@functools.cache
def families() -> tuple[str, ...]:
    """The families of this machine that have an upright font of normal weight and width."""
    found = {
        entry.name
        for entry in font_manager.fontManager.ttflist
        if entry.style == "normal" and entry.weight in (400, "normal") and entry.stretch == "normal"
    }
    return tuple(sorted(name for name in found if not name.startswith(_BOXES)))


def _covered(family: str, characters: frozenset[str]) -> frozenset[str]:
    font = font_manager.get_font(font_manager.findfont(font_manager.FontProperties(family=[family])))
    return frozenset(character for character in characters if font.get_char_index(ord(character)))


def _needed(word: str) -> frozenset[str]:
    """The characters of a word that are drawn: joiners, directional marks and variation selectors are not."""
    return frozenset(
        character
        for character in word
        if unicodedata.category(character) != "Cf" and not "\ufe00" <= character <= "\ufe0f"
    )
