"""Transliterations made worse on purpose: does it matter how good they are?"""

from __future__ import annotations

from random import Random
from string import ascii_lowercase

from hf_xalign.errors import XAlignError


def add_noise(text: str, rate: float, seed: int = 0) -> str:
    """Damage each letter with the probability `rate`: replaced, deleted or swapped with its neighbour, a third each.

    Spaces, digits and punctuation stay, and so do the limits of words. A letter becomes another of a-z, in its case.
    It is swapped with the letter to its right, at the end of a word with that to its left; one that stands alone is
    replaced instead.

    What happens is drawn from the seed and the text itself: a sentence is damaged alike wherever it stands, in
    whatever process or order, and two sentences independently of each other.

    Args:
        rate: share of the letters, 0 to 1.

    Raises:
        XAlignError: another rate.
    """
    check_rate(rate)
    if not rate:
        return text
    # Random hashes bytes with SHA-512, and `random()` is the one method that gives the same in all Python versions.
    draw = Random(f"{seed}:{text}".encode("utf-8", "surrogatepass")).random
    letters = [character.isalpha() for character in text]
    damaged = list(text)
    swapped = []
    for place, character in enumerate(text):
        if not letters[place]:
            continue
        kind = 3 * draw() / rate
        if kind >= 3:
            continue
        neighbour = next((other for other in (place + 1, place - 1) if _is_letter(letters, other)), None)
        if kind < 1:
            damaged[place] = ""
        elif kind < 2 and neighbour is not None:
            swapped.append((place, neighbour))
        else:
            damaged[place] = _another(character, draw())
    for place, neighbour in swapped:
        damaged[place], damaged[neighbour] = damaged[neighbour], damaged[place]
    return "".join(damaged)


def check_rate(rate: float) -> None:
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
        raise XAlignError(f"noise is {rate!r}; it is the share of the letters that are damaged, 0 to 1")


def _is_letter(letters: list[bool], place: int) -> bool:
    return 0 <= place < len(letters) and letters[place]


def _another(letter: str, number: float) -> str:
    others = ascii_lowercase.replace(letter.lower(), "")
    other = others[int(number * len(others))]
    return other.upper() if letter.isupper() else other
