"""Which columns of a file hold the texts, the labels and the language of a task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hf_xalign.data.languages import parse_language
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.downstream.settings import OF_WORDS
from hf_xalign.evaluation.language_pairs import language_codes, same_language


LANGUAGE_COLUMNS = ("lang", "language")
LABEL_COLUMNS = {
    "sib200": ("category", "label"),
    "ner": ("tags", "ner_tags"),
    "pos": ("upos", "tags"),
    "nli": ("label",),
}
_WORDS = ("tokens", "words")
_TEXTS = ("text", "sentence")
_PAIR = ("premise", "hypothesis")


class FileColumns(NamedTuple):
    """`texts` has the words' column, or that of the one text, or of the two; `language` is None in wide files."""

    texts: tuple[str, ...]
    label: str
    language: str | None


def find_file_columns(names: Sequence[str], task: str, language: str, file: str) -> FileColumns:
    """The columns of a task for one language.

    Raises:
        XAlignError: a column is missing (those there are listed), or the language is (those there are listed).
    """
    label = _first(LABEL_COLUMNS[task], names, file)
    if task in OF_WORDS:
        return FileColumns((_first(_WORDS, names, file),), label, _first(LANGUAGE_COLUMNS, names, file))
    long = next((name for name in LANGUAGE_COLUMNS if name in names), None)
    if task == "nli":
        texts = _PAIR if long else tuple(_of_language(names, f"{part}_", language, file) for part in _PAIR)
    else:
        texts = (_first(_TEXTS, names, file) if long else _of_language(names, "", language, file),)
    for name in texts:
        _first((name,), names, file)
    return FileColumns(texts, label, long)


def names_language(code: object, language: str) -> bool:
    """Whether a code of a file (`hi`, `hin_Deva`) is of a language that a user names."""
    try:
        return same_language(parse_language(code), parse_language(language))
    except XAlignError:
        return code == language


def _first(candidates: Sequence[str], names: Sequence[str], file: str) -> str:
    found = next((name for name in candidates if name in names), None)
    if found is None:
        shown = ", ".join(names[:30]) + (", …" if len(names) > 30 else "")
        raise XAlignError(f"{file}: no column {' or '.join(candidates)}; it has {shown or 'none'}")
    return found


def _of_language(names: Sequence[str], prefix: str, language: str, file: str) -> str:
    """The column of a language in a wide file: `hin_Deva`, `premise_hi`."""
    codes = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
    if language in codes:
        return prefix + language
    found = [code for code in codes if names_language(code, language)]
    if len(found) > 1:
        raise XAlignError(f"{file} has {', '.join(found)}: say which script of {language} you mean")
    if not found:
        present = language_codes(codes) or codes
        shown = ", ".join(present[:200])
        raise XAlignError(f"{file} has no column of {language}; its languages are {shown}")
    return prefix + found[0]
