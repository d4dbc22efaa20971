"""Transliteration by ICU (International Components for Unicode) and CLDR's rules, through PyICU."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import ModuleType

from hf_xalign.data.languages import parse_language
from hf_xalign.errors import XAlignError
from hf_xalign.messages import did_you_mean


class IcuTransliterator:
    """ICU's transforms (https://unicode-org.github.io/icu/userguide/transforms/general/).

    `Any-Latin` picks the rules by the script of each character; `Latin-ASCII` takes the marks off the letters, as
    uroman does. Unlike uroman, ICU leaves letters alone that its rules do not know: ICU 72 has no Urdu ے, ہ and ں.

    Args:
        transform: an ICU transform or several, with `;` between; or a mapping of them by language (`ukr`, `uk_Cyrl`),
            with that of all others under `default`.

    Raises:
        XAlignError: PyICU is not installed, a transform that ICU does not know (the nearest is named), an unknown
            language code, or no `default`.
    """

    DEFAULT = "Any-Latin; Latin-ASCII"

    def __init__(self, transform: str | Mapping[str, str] = DEFAULT) -> None:
        transforms = dict(transform) if isinstance(transform, Mapping) else {"default": transform}
        if "default" not in transforms:
            raise XAlignError(f"transform has no default: name that of all other languages, such as {self.DEFAULT!r}")
        self.transforms: dict[str, str] = {}
        for lang, text in transforms.items():
            if not isinstance(text, str):
                raise XAlignError(
                    f"transform of {lang}: {text!r} is no ICU transform; they are texts, {self.DEFAULT!r}"
                )
            _transform(text)
            self.transforms[lang if lang == "default" else str(parse_language(lang))] = text

    @property
    def id(self) -> str:
        """`icu 72.1 (Any-Latin; Latin-ASCII)`: the rules are those of ICU's release, whatever PyICU's."""
        told = [f"{lang}: {text}" for lang, text in sorted(self.transforms.items()) if lang != "default"]
        return f"icu {_import_icu().ICU_VERSION} ({', '.join([self.transforms['default'], *told])})"

    def __call__(self, sentences: list[str], lang: str | None, /) -> list[str]:
        transform = _transform(self._of(lang))
        return list(map(transform, sentences))

    def _of(self, lang: str | None) -> str:
        """The transform of a language: that of its code with the script, else that of the code without."""
        codes = [] if lang is None else [str(parse_language(lang)), parse_language(lang).iso639_3]
        return next((self.transforms[code] for code in codes if code in self.transforms), self.transforms["default"])


def _import_icu() -> ModuleType:
    try:
        import icu
    except ImportError:
        raise XAlignError(
            "transliteration by icu needs PyICU: pip install 'hf_xalign[icu]' (it is built against ICU's headers, "
            "which Debian has in libicu-dev)"
        ) from None
    return icu


@functools.cache
def _transform(text: str):
    """A function from text to text, of this process: ICU's objects cannot be pickled."""
    icu = _import_icu()
    try:
        return icu.Transliterator.createInstance(text).transliterate
    except icu.ICUError:
        known = set(map(str, icu.Transliterator.getAvailableIDs()))
        wrong = next((part for part in map(str.strip, text.split(";")) if part not in known), text)
        raise XAlignError(f"ICU does not know the transform {text!r}{did_you_mean(wrong, known)}") from None
