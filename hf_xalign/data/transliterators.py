"""What turns sentences into Latin script: uroman, ICU, or a function of the user's own."""

from __future__ import annotations

import hashlib
import inspect
import pickle
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from hf_xalign.data.icu_transliterator import IcuTransliterator
from hf_xalign.data.languages import parse_language
from hf_xalign.data.romanizer import romanizer_for
from hf_xalign.data.uroman_backend import backend_id
from hf_xalign.errors import XAlignError
from hf_xalign.messages import did_you_mean, kind_of


class Transliterator(Protocol):
    """Called with sentences of one language and its code (`hin_Deva`, or None), it returns as many sentences.

    `id` names it, its version and its settings: equal ids must give equal sentences, since data are cached by it.
    """

    id: str

    def __call__(self, sentences: list[str], lang: str | None, /) -> list[str]:
        """Sentences in Latin script, one for one and in order."""
        ...


class UromanTransliterator:
    """What uroman writes, to the character; the language code is passed on."""

    @property
    def id(self) -> str:
        return backend_id()

    def __call__(self, sentences: list[str], lang: str | None, /) -> list[str]:
        return list(map(romanizer_for(None if lang is None else parse_language(lang).iso639_3), sentences))


TRANSLITERATORS: dict[str, type[Transliterator]] = {"uroman": UromanTransliterator, "icu": IcuTransliterator}


def load_transliterator(name: str, **settings: Any) -> Transliterator:
    """A transliterator by its name, as a recipe's `transliteration` section has it.

    Args:
        name: `"uroman"` or `"icu"`.
        settings: of "icu": `transform` (see [`IcuTransliterator`]).

    Raises:
        XAlignError: an unknown name or setting (the nearest is named), or what it needs is not installed.
    """
    check_settings(name, settings)
    return TRANSLITERATORS[name](**settings)


def check_settings(name: str, settings: Iterable[str]) -> None:
    """Refuse an unknown name or setting without importing anything: a recipe is checked where ICU is not, too.

    Raises:
        XAlignError: as [`load_transliterator`].
    """
    if name not in list(TRANSLITERATORS):
        raise XAlignError(
            f"unknown transliteration backend {name!r}{did_you_mean(name, TRANSLITERATORS)} (a function of your own "
            "is given in Python: Transliterate(column, backend=function))"
        )
    known = list(inspect.signature(TRANSLITERATORS[name]).parameters)
    for key in settings:
        if key not in known:
            raise XAlignError(
                f"the transliteration backend {name} has no setting {key!r}"
                + (did_you_mean(key, known) if known else "; it has none")
            )


def as_transliterator(backend: str | Callable[[list[str], str | None], Sequence[str]]) -> Transliterator:
    """A backend by name, or a callable that is checked and given an `id`.

    A callable without an `id` (a string) must be a function defined at the top of a module: its id is its name and a
    digest of its source. What it calls is not looked into; where that may change, set `function.id = "name 2"`.

    Raises:
        XAlignError: an unknown name, no callable, or one that no other process and no later run could be given: a
            lambda, a function within a function.
    """
    if isinstance(backend, str):
        return load_transliterator(backend)
    if not callable(backend):
        raise XAlignError(f"a transliteration backend is a name or a function, not {kind_of(backend)}")
    try:
        pickle.dumps(backend)
    except Exception as error:  # whatever the parts of a stranger's object raise
        raise XAlignError(
            f"the transliteration backend {_name_of(backend)} cannot be pickled, so no other process could have it; "
            "define it with `def` at the top of a module, or as an object of a class there (no lambda, no function "
            f"within a function): {' '.join(str(error).split())[:200]}"
        ) from None
    if isinstance(getattr(backend, "id", None), str):
        return backend
    return _Function(backend, _id_of(backend))


class _Function:
    """A function of the user's with the id that it lacks."""

    def __init__(self, function: Callable[[list[str], str | None], Sequence[str]], id: str) -> None:
        self.function = function
        self.id = id

    def __call__(self, sentences: list[str], lang: str | None, /) -> Sequence[str]:
        return self.function(sentences, lang)


def _id_of(function: Callable) -> str:
    """Its name and a digest of its source, so that data made by another version of it are not taken for its own."""
    try:
        source = inspect.getsource(function) if inspect.isfunction(function) else None
    except (OSError, TypeError):  # typed at a prompt, say
        source = None
    if source is None:
        raise XAlignError(
            f"the transliteration backend {_name_of(function)} has no source to tell its versions by: give it an id, "
            'such as id = "my transliterator 1", that changes whenever its output does'
        )
    digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{_name_of(function)} {digest}"


def _name_of(function: object) -> str:
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{getattr(named, '__module__', 'builtins')}:{named.__qualname__}"
