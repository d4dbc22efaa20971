"""How a sentence is set: its language tag, its direction, and the class that chooses fonts and line height."""

from __future__ import annotations

import re

from hf_xalign.data.iso_codes import TWO_LETTERS


# ISO 15924 scripts that run from right to left.
_RIGHT_TO_LEFT = (
    "Adlm Arab Aran Armi Avst Chrs Cprt Elym Hatr Hebr Hung Khar Lydi Mand Mani Mend Merc Mero Narb Nbat Nkoo Orkh "
    "Ougr Palm Phli Phlp Phnx Prti Rohg Samr Sarb Sogd Sogo Syrc Thaa Todr Yezi"
)
RIGHT_TO_LEFT = frozenset(_RIGHT_TO_LEFT.split())
_CODE = re.compile(r"([A-Za-z]{2,3})(?:[_-]([A-Za-z]{4}))?(?![A-Za-z])")
_SHORT = {long: short for short, long in TWO_LETTERS.items()}


def language_tag(code: str, *, latin: bool = False) -> str:
    """The BCP 47 tag of a language code: `hin_Deva` gives `hi-Deva`, its transliteration (`latin`) `hi-Latn`.

    `und` where the code cannot be read: a report is not the place to complain of it.
    """
    language, script = _parts(code)
    if not language:
        return "und"
    script = "Latn" if latin else script
    return f"{language}-{script}" if script else language


def direction(code: str) -> str:
    """`rtl` or `ltr` by script, `auto` (by the first strong letter) where the code names none."""
    script = _parts(code)[1]
    if not script:
        return "auto"
    return "rtl" if script in RIGHT_TO_LEFT else "ltr"


def script_class(code: str) -> str:
    """A CSS class such as `script-Deva`, empty where the code names no script."""
    script = _parts(code)[1]
    return f"script-{script}" if script else ""


def _parts(code: str) -> tuple[str, str]:
    match = _CODE.match(code)
    if match is None:
        return "", ""
    language = match[1].lower()
    return _SHORT.get(language, language), (match[2] or "").title()
