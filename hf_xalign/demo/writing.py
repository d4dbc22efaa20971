"""Which script a sentence is written in, and what that tells of its language."""

from __future__ import annotations

import functools
from collections import Counter

import regex

from hf_xalign.data.iso_codes import SCRIPTS


# ISO 15924 has codes for mixtures, variants and what is no script; Unicode gives characters none of these.
_NO_SCRIPT = ("Zinh", "Zyyy", "Zzzz")

# Letters that, among languages of many speakers, one alone writes; the first that is found decides.
_TELLING = {
    "Cyrl": (("ўЎ", "bel"), ("їєґЇЄҐ", "ukr"), ("ыэъёЫЭЪЁ", "rus")),
    "Arab": (("ٹڈڑںےہ", "urd"), ("پچژگ", "fas")),
}


def script_of(text: str) -> str | None:
    """The ISO 15924 code of the script that most letters of a text are of; None where there are no letters.

    Of two scripts with as many letters, the first in the text.

    >>> script_of("The word दुनिया means world"), script_of("42!")
    ('Latn', None)
    """
    counts = Counter(script for letter in regex.findall(r"\p{L}", text) if (script := _script(letter)))
    return counts.most_common(1)[0][0] if counts else None


def guess_language(text: str) -> str:
    """A language code by script, as in `und_Deva`; by telling letters `ukr_Cyrl`; `und` where there are no letters.

    `und` is ISO 639's code for a language that is not known.

    >>> guess_language("दुनिया"), guess_language("Де він живе?"), guess_language("Привіт, її мамо")
    ('und_Deva', 'und_Cyrl', 'ukr_Cyrl')
    """
    script = script_of(text)
    if script is None:
        return "und"
    known = (language for letters, language in _TELLING.get(script, ()) if any(letter in text for letter in letters))
    return f"{next(known, 'und')}_{script}"


@functools.lru_cache(maxsize=4096)
def _script(letter: str) -> str | None:
    for code in ("Latn", *sorted(SCRIPTS)):
        pattern = _pattern(code)
        if pattern is not None and pattern.match(letter):
            return code
    return None


@functools.cache
def _pattern(code: str) -> regex.Pattern | None:
    if code in _NO_SCRIPT:
        return None
    try:
        return regex.compile(rf"\p{{Script={code}}}")
    except regex.error:
        return None
