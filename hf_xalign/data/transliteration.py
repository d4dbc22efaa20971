"""Romanised copies of sentences: the `text_latn` column that MLM, TCM and TLM train on.

Source: uroman (Hermjakob, May and Knight 2018), the romaniser of "How Transliterations Improve Crosslingual Alignment"
(section 3). The language code is passed on, since it changes what comes out (Київ is `Kyiv` in Ukrainian only). Other
transliterators, and noise, are there to ask how much depends on it.
"""

from __future__ import annotations

import concurrent.futures
import functools
import multiprocessing
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hf_xalign.data.languages import parse_language
from hf_xalign.data.transliteration_noise import add_noise, check_rate
from hf_xalign.data.transliterators import Transliterator, as_transliterator, check_settings, load_transliterator
from hf_xalign.errors import XAlignError


if TYPE_CHECKING:
    from datasets import Dataset


def transliterate(lines: Iterable[str], lang: str | None = None, *, backend: str | Callable = "uroman") -> list[str]:
    """Romanise lines, one for one and in order; `lang` is a code such as `hin_Deva`, `hin` or `hi`.

    What uroman (or another `backend`, as for [`Transliterate`]) writes, to the character: an empty line stays empty,
    spaces stay where they are. Raises `XAlignError` for a language code or a backend that is not known.
    """
    code = None if lang is None else str(parse_language(lang))
    return _transliterated(as_transliterator(backend), list(lines), code)


def transliterate_chunks(
    chunks: Iterable[list[str]], lang: str | None = None, *, num_proc: int = 1, backend: str | Callable = "uroman"
) -> Iterator[list[str]]:
    """`transliterate` of one list of lines after the other, in order, in `num_proc` processes.

    A few lists for each process are read ahead and no more, so that a file of any size can be streamed through.
    """
    work = functools.partial(transliterate, lang=lang, backend=backend)
    if num_proc == 1:
        yield from map(work, chunks)
        return
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(num_proc, mp_context=context) as pool:
        pending: deque[concurrent.futures.Future] = deque()
        for chunk in chunks:
            pending.append(pool.submit(work, chunk))
            if len(pending) > 3 * num_proc:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


class Transliterate:
    """Add a romanised copy of a column: `dataset.map(Transliterate("text", lang="hin_Deva"), batched=True)`.

    `lang` holds for every row; `lang_column` names a column of codes instead (both may be left out: no code is passed
    on then). The new column is `output`, by default `<column>_latn`. An empty row (None) stays None.

    Nothing heavy is pickled: each process loads its tables when it romanises its first batch. Equal arguments and an
    equal `backend_id` (`uroman 1.3.1.1`) give an equal fingerprint, so that a second `map` reads the cache, and one
    with another release of the backend does not.

    Args:
        backend: `"uroman"`; `"icu"` (PyICU, the extra `icu`; other settings by [`load_transliterator`]); or a callable
            that takes a list of sentences and the code of their language (`hin_Deva`, or None) and returns as many
            sentences. It must be picklable and tell its version: a function at the top of a module does, by its
            source; any other callable by an attribute `id`, a string that changes whenever its output does.
        noise: share of the letters of the copy that are damaged ([`add_noise`]), to see what quality matters.
        noise_seed: of the noise; a row's noise depends on its text and this alone.

    Raises:
        XAlignError: unknown codes, a missing column, a row that is not a string, an unknown backend or one that is
            not installed, a callable that cannot be pickled or returns something else, or a rate beyond 0 to 1.
    """

    def __init__(
        self,
        column: str,
        lang: str | None = None,
        *,
        lang_column: str | None = None,
        output: str | None = None,
        backend: str | Callable[[list[str], str | None], Sequence[str]] = "uroman",
        noise: float = 0.0,
        noise_seed: int = 0,
    ) -> None:
        if lang is not None and lang_column is not None:
            raise XAlignError("Transliterate takes lang or lang_column, not both")
        check_rate(noise)
        self.column = column
        self.lang = None if lang is None else str(parse_language(lang))
        self.lang_column = lang_column
        self.output = output or f"{column}_latn"
        self.backend = as_transliterator(backend)
        self.noise = noise
        self.noise_seed = noise_seed
        self.backend_id = self.backend.id + (f", with noise {noise} (seed {noise_seed})" if noise else "")

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that the new one depends on."""
        return (self.column,) if self.lang_column is None else (self.column, self.lang_column)

    def __call__(self, batch: dict[str, list]) -> dict[str, list[str | None]]:
        """A batch of columns -> the new column alone, as long as the batch."""
        texts = self._values(batch, self.column)
        codes = [self.lang] * len(texts) if self.lang_column is None else self._values(batch, self.lang_column)
        rows: dict[str | None, list[int]] = defaultdict(list)
        for row, (text, code) in enumerate(zip(texts, codes, strict=True)):
            if text is not None:
                self._check(text)
                rows[code].append(row)
        romanised: list[str | None] = [None] * len(texts)
        for code, places in rows.items():
            lang = None if code is None else str(parse_language(code))
            done = _transliterated(self.backend, [texts[row] for row in places], lang)
            for row, text in zip(places, done, strict=True):
                romanised[row] = add_noise(text, self.noise, self.noise_seed)
        return {self.output: romanised}

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

    def _check(self, text: object) -> None:
        if not isinstance(text, str):
            raise XAlignError(f"column {self.column!r} holds {type(text).__name__}, not strings")


def transliteration_options(section: Mapping[str, Any]) -> dict[str, Any]:
    """The `transliteration` section of a recipe as options of [`Transliterate`].

    Args:
        section: `backend` (by default uroman), its settings and `noise`.

    Raises:
        XAlignError: as [`load_transliterator`].
    """
    settings = dict(section)
    noise = settings.pop("noise", 0.0)
    return {"backend": load_transliterator(settings.pop("backend", "uroman"), **settings), "noise": noise}


def check_transliteration(section: Mapping[str, Any]) -> None:
    """Refuse a `transliteration` section that cannot be right, on a machine without the backend, too.

    Raises:
        XAlignError: an unknown backend or setting, or a noise that is no share.
    """
    check_rate(section.get("noise", 0.0))
    check_settings(section.get("backend", "uroman"), set(section) - {"backend", "noise"})


def _transliterated(backend: Transliterator, sentences: list[str], lang: str | None) -> list[str]:
    """What a backend makes of sentences, checked: it may be anybody's."""
    done = list(backend(sentences, lang))
    if len(done) != len(sentences):
        raise XAlignError(f"{backend.id} made {len(done)} sentences of {len(sentences)}; it must make one of each")
    for sentence in done:
        if not isinstance(sentence, str):
            raise XAlignError(f"{backend.id} returned {type(sentence).__name__}, not text")
    return done
