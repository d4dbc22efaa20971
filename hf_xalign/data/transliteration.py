"""Romanised copies of sentences: the `text_latn` column that MLM, TCM and TLM train on.

Source: uroman (Hermjakob, May and Knight 2018), the romaniser of "How Transliterations Improve Crosslingual Alignment"
(section 3). The language code is passed on, since it changes what comes out (Київ is `Kyiv` in Ukrainian).
"""

from __future__ import annotations

from collections.abc import Iterable

from hf_xalign.data.languages import parse_language
from hf_xalign.data.romanizer import romanizer_for
from hf_xalign.data.uroman_backend import backend_id
from hf_xalign.errors import XAlignError


def transliterate(lines: Iterable[str], lang: str | None = None) -> list[str]:
    """Romanise lines, one for one and in order; `lang` is a code such as `hin_Deva`, `hin` or `hi`.

    Raises `XAlignError` for a language code that is not known.
    """
    lcode = None if lang is None else parse_language(lang).iso639_3
    return list(map(romanizer_for(lcode), lines))


class Transliterate:
    """Add a romanised copy of a column: `dataset.map(Transliterate("text", lang="hin_Deva"), batched=True)`.

    `lang` holds for every row; `lang_column` names a column of codes instead (both may be left out: no code is passed
    to uroman then). The new column is `output`, by default `<column>_latn`. An empty row (None) stays None.

    Nothing heavy is pickled: each process loads uroman when it romanises its first batch. Equal arguments and an equal
    `backend_id` (`uroman 1.3.1.1`) give an equal fingerprint, so that a second `map` reads the cache and an update of
    uroman does not.

    Raises `XAlignError` for unknown codes, a missing column or a row that is not a string.
    """

    def __init__(
        self,
        column: str,
        lang: str | None = None,
        *,
        lang_column: str | None = None,
        output: str | None = None,
        backend: str = "uroman",
    ) -> None:
        if backend != "uroman":
            raise XAlignError(f"unknown transliteration backend {backend!r}; the one there is: 'uroman'")
        if lang is not None and lang_column is not None:
            raise XAlignError("Transliterate takes lang or lang_column, not both")
        self.column = column
        self.lang = None if lang is None else str(parse_language(lang))
        self.lang_column = lang_column
        self.output = output or f"{column}_latn"
        self.backend_id = backend_id()

    def __call__(self, batch: dict[str, list]) -> dict[str, list[str | None]]:
        """A batch of columns -> the new column alone, as long as the batch."""
        texts = self._values(batch, self.column)
        if self.lang_column is None:
            codes = [self.lang] * len(texts)
        else:
            codes = self._values(batch, self.lang_column)
        romanizers = {
            code: romanizer_for(None if code is None else parse_language(code).iso639_3) for code in set(codes)
        }
        return {
            self.output: [
                None if text is None else romanizers[code](self._checked(text))
                for text, code in zip(texts, codes, strict=True)
            ]
        }

    def __repr__(self) -> str:
        where = f"lang_column={self.lang_column!r}" if self.lang_column else f"lang={self.lang!r}"
        return f"Transliterate({self.column!r}, {where}, output={self.output!r}, backend_id={self.backend_id!r})"

    def _values(self, batch: dict[str, list], column: str) -> list:
        if column not in batch:
            raise XAlignError(f"no column {column!r} to transliterate; the columns are {', '.join(batch)}")
        return batch[column]

    def _checked(self, text: object) -> str:
        if not isinstance(text, str):
            raise XAlignError(
                f"column {self.column!r} holds {type(text).__name__}, not strings; use map(..., batched=True)"
            )
        return text
