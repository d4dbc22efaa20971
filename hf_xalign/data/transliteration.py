"""Romanised copies of sentences: the `text_latn` column that MLM, TCM and TLM train on.

Source: uroman (Hermjakob, May and Knight 2018), the romaniser of "How Transliterations Improve Crosslingual Alignment"
(section 3). The language code is passed on, since it changes what comes out (Київ is `Kyiv` in Ukrainian only).
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from hf_xalign.data.languages import parse_language
from hf_xalign.data.romanizer import romanizer_for
from hf_xalign.data.uroman_backend import backend_id
from hf_xalign.errors import XAlignError


if TYPE_CHECKING:
    from datasets import Dataset


def transliterate(lines: Iterable[str], lang: str | None = None) -> list[str]:
    """Romanise lines, one for one and in order; `lang` is a code such as `hin_Deva`, `hin` or `hi`.

    What uroman writes, to the character: an empty line stays empty, spaces stay where they are. Raises `XAlignError`
    for a language code that is not known.
    """
    lcode = None if lang is None else parse_language(lang).iso639_3
    return list(map(romanizer_for(lcode), lines))


def transliterate_chunks(
    chunks: Iterable[list[str]], lang: str | None = None, *, num_proc: int = 1
) -> Iterator[list[str]]:
    """`transliterate` of one list of lines after the other, in order, in `num_proc` processes.

    A few lists for each process are read ahead and no more, so that a file of any size can be streamed through.
    """
    if num_proc == 1:
        for chunk in chunks:
            yield transliterate(chunk, lang)
        return
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(num_proc, mp_context=context) as pool:
        pending: deque[concurrent.futures.Future] = deque()
        for chunk in chunks:
            pending.append(pool.submit(transliterate, chunk, lang))
            if len(pending) > 3 * num_proc:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


class Transliterate:
    """Add a romanised copy of a column: `dataset.map(Transliterate("text", lang="hin_Deva"), batched=True)`.

    `lang` holds for every row; `lang_column` names a column of codes instead (both may be left out: no code is passed
    to uroman then). The new column is `output`, by default `<column>_latn`. An empty row (None) stays None.
    `backend` names the romaniser; `"uroman"` is the only one.

    Nothing heavy is pickled: each process loads uroman's tables when it romanises its first batch. Equal arguments and
    an equal `backend_id` (`uroman 1.3.1.1`) give an equal fingerprint, so that a second `map` reads the cache, and one
    with another release of uroman does not.

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
        codes = [self.lang] * len(texts) if self.lang_column is None else self._values(batch, self.lang_column)
        romanizers = {
            code: romanizer_for(None if code is None else parse_language(code).iso639_3) for code in set(codes)
        }
        return {
            self.output: [
                None if text is None else romanizers[code](self._checked(text))
                for text, code in zip(texts, codes, strict=True)
            ]
        }

    def describe(self, dataset: Dataset) -> Dataset:
        """Note in `dataset.info.description`, which is saved with a data set, what made the new column."""
        note = f"{self.output}: {self.column} romanised by {self.backend_id}."
        if note not in dataset.info.description:
            dataset.info.description = f"{dataset.info.description}\n{note}".strip()
        return dataset

    def __repr__(self) -> str:
        where = f"lang_column={self.lang_column!r}" if self.lang_column else f"lang={self.lang!r}"
        return f"Transliterate({self.column!r}, {where}, output={self.output!r}, backend_id={self.backend_id!r})"

    def _values(self, batch: dict[str, list], column: str) -> list:
        if column not in batch:
            raise XAlignError(f"no column {column!r} to transliterate; the columns are {', '.join(batch)}")
        values = batch[column]
        if isinstance(values, str):
            raise XAlignError(f"column {column!r} holds one row, not a batch; use map(..., batched=True)")
        return values

    def _checked(self, text: object) -> str:
        if not isinstance(text, str):
            raise XAlignError(f"column {self.column!r} holds {type(text).__name__}, not strings")
        return text
