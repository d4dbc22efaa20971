"""Language codes as this library writes them: ISO 639-3 and, where it is known, ISO 15924, as in `hin_Deva`."""

from __future__ import annotations

import difflib
from typing import NamedTuple

from hf_xalign.data.iso_codes import FORMER, LANGUAGES, SCRIPTS, TWO_LETTERS
from hf_xalign.errors import XAlignError


class Language(NamedTuple):
    """A language and the script it is written in; `str()` gives `hin_Deva`, or `hin` where the script is not known."""

    iso639_3: str
    script: str | None = None

    def __str__(self) -> str:
        return self.iso639_3 if self.script is None else f"{self.iso639_3}_{self.script}"


def parse_language(code: str) -> Language:
    """Read a language code: `hin_Deva`, `hin`, `hi`, `zh-Hant-TW`; upper and lower case, `_` and `-` are alike.

    Two-letter (ISO 639-1), bibliographic (`ger`) and retired codes (`iw`) become the ISO 639-3 code in force. A region
    (`TW`, `419`) may follow and is dropped: it tells neither the language nor the script.

    Raises `XAlignError` for anything else; the message names the nearest known codes.
    """
    if not isinstance(code, str):
        raise XAlignError(f"a language code is a string such as 'hin_Deva', not {code!r}")
    language, *subtags = code.strip().replace("-", "_").split("_")
    language = language.lower()
    known = TWO_LETTERS.get(language) or FORMER.get(language) or (language if language in LANGUAGES else None)
    if known is None:
        raise XAlignError(f"unknown language code {code!r}; {_nearest(language)}")
    script = None
    if subtags and len(subtags[0]) == 4 and subtags[0].isalpha():
        script = subtags.pop(0).title()
        if script not in SCRIPTS:
            near = difflib.get_close_matches(script, sorted(SCRIPTS), n=3, cutoff=0.5)
            hint = f"nearest are {', '.join(near)}" if near else "ISO 15924 codes look like Deva or Latn"
            raise XAlignError(f"unknown script {script!r} in the language code {code!r}; {hint}")
    if subtags and _is_region(subtags[0]):
        subtags.pop(0)
    if subtags:
        raise XAlignError(
            f"cannot read {'_'.join(subtags)!r} in the language code {code!r}; write it as hin_Deva, hin or hi"
        )
    return Language(known, script)


def _is_region(subtag: str) -> bool:
    return subtag.isascii() and ((len(subtag) == 2 and subtag.isalpha()) or (len(subtag) == 3 and subtag.isdigit()))


def _nearest(language: str) -> str:
    # Widely used languages first: of the 7 900 codes of ISO 639-3, dozens are always one letter away.
    common = {*TWO_LETTERS.values(), *TWO_LETTERS}
    near = [code for code in (language[:3], language[:2]) if code in common]
    near += difflib.get_close_matches(language, sorted(common), n=3, cutoff=0.6)
    near += difflib.get_close_matches(language, sorted(LANGUAGES - common), n=3, cutoff=0.6)
    near = list(dict.fromkeys(near))[:3]
    hint = f"nearest are {', '.join(near)}" if near else "codes look like hin_Deva, hin or hi"
    return f"{hint} (ISO 639-3 or 639-1)"
