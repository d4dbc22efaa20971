"""uroman, loaded once per process, and the units of a line that can be romanised on their own."""

from __future__ import annotations

import functools
import re
from importlib.metadata import version


# Characters whose romanisation, or whose neighbour's, looks across a space: Thai and Lao (vowels written before their
# consonant), the Ethiopic word space, CJK and full-width punctuation (romanised with a space that a neighbouring space
# swallows). A line that holds one is romanised as a whole.
_ACROSS_SPACES = re.compile("[\u0e00-\u0eff\u1361\u3000-\u303f\uff00-\uffef]")


@functools.cache
def backend_id() -> str:
    """Name and version of the romaniser, `uroman 1.3.1.1`; goes into fingerprints and data set cards."""
    return f"uroman {version('uroman')}"


@functools.cache
def load_uroman():
    """The `uroman.Uroman` of this process (6 to 9 s the first time)."""
    from uroman import Uroman

    return Uroman()


@functools.lru_cache(maxsize=1_000_000)
def _romanize_unit(unit: str, lcode: str | None) -> str:
    return load_uroman().romanize_string(unit, lcode=lcode)


def romanize(line: str, lcode: str | None = None) -> str:
    """What `Uroman().romanize_string(line, lcode=lcode)` gives, each word romanised once per process."""
    if _ACROSS_SPACES.search(line):
        return _romanize_unit(line, lcode)
    return " ".join(_romanize_unit(word, lcode) if word else "" for word in line.split(" "))
