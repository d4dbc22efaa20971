"""Parallel text in long form: a row per pair, and a column that tells which language it is of (Tatoeba, LAFAND)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from hf_xalign.data.languages import Language, parse_language
from hf_xalign.data.readers import check_columns
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.language_pairs import expand_pairs, language_codes, same_language
from hf_xalign.evaluation.parallel_text import ParallelText, check_limit, column_names, read_columns, usable_pairs


def read_long_form(
    file: str,
    pairs: Sequence[str],
    *,
    lang_column: str = "lang",
    source_column: str = "source",
    target_column: str = "target",
    limit: int | None = None,
) -> list[ParallelText]:
    """Read pairs of languages out of one file with a row per pair of sentences.

    Args:
        pairs: such as `eng-swh`, or `eng-*` for all languages of the file that can be read. The rows of a pair are
            those whose `lang_column` names one of its two languages; the other is the one that all rows share.
        source_column, target_column: the sentences in the first and in the second language of every pair.
        limit: keep the first so many rows of each pair.

    Raises:
        XAlignError: no such file or column, an unknown code, a pair with fewer than two rows or with rows of both of
            its languages.
    """
    check_limit(limit)
    path = Path(file)
    columns = [source_column, target_column]
    check_columns([lang_column, *columns], column_names(path), file)
    table = read_columns(path, [lang_column, *columns])
    rows: dict[str, list[int]] = {}
    for number, tag in enumerate(table[lang_column]):
        if tag is not None and not isinstance(tag, str):
            raise XAlignError(f"{file}: row {number + 1} of {lang_column} holds {tag!r}, not a language code")
        rows.setdefault(tag or "", []).append(number)
    texts = []
    for pair in expand_pairs(pairs, language_codes(list(rows)), file):
        tag = _tag_of(pair, rows, f"{file}, column {lang_column}:")
        numbered = ((number, tuple(table[column][number] for column in columns)) for number in rows[tag])
        texts.append(usable_pairs(file, pair, columns, numbered, limit))
    return texts


def _tag_of(pair: tuple[Language, Language], tags: Iterable[str], where: str) -> str:
    """The one of the `tags` that names a language of the pair."""
    # As it is written first: `dtp` and its retired code `kzj` are one language and may be two test sets.
    found = [tag for tag in tags if tag in map(str, pair)] or [tag for tag in tags if _names_one_of(tag, pair)]
    name = f"{pair[0]}-{pair[1]}"
    if not found:
        shown = ", ".join(sorted(filter(None, tags))[:40])
        raise XAlignError(f"{where} no rows of {name}; it has {shown or 'no languages'}")
    if len(found) > 1:
        raise XAlignError(f"{where} {' and '.join(found)} are both of {name}; which rows are meant?")
    return found[0]


def _names_one_of(tag: str, pair: tuple[Language, Language]) -> bool:
    try:
        language = parse_language(tag)
    except XAlignError:
        # A collection of languages (`ber`), say, which no pair can name either.
        return False
    return any(same_language(language, other) for other in pair)
