"""Corpora in the columns of the contract: `text, lang` or `source, target, source_lang, target_lang`."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import regex
from datasets import Dataset

from hf_xalign.data.alignment_columns import alignment_arrays
from hf_xalign.data.languages import parse_language
from hf_xalign.data.source_tables import open_source
from hf_xalign.data.sources import KINDS, LANGUAGE_COLUMNS, Source, parse_source
from hf_xalign.errors import XAlignError


logger = logging.getLogger("hf_xalign")

# What would end a line in a line-based tool; the readers split on LF alone.
_BREAKS = regex.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_VISIBLE = regex.compile(r"[^\s\p{Z}\p{Cc}\p{Cf}]")


@dataclass
class SourceCounts:
    """What became of a source's rows.

    Attributes:
        read: rows of the file (after `where`, `join` and `take`), nulls left out.
        null: rows without text.
        empty: rows whose text has no visible character.
        filtered: rows that `drop_containing`, `min_words`, `max_words` or `limit` left out.
        kept: the rest.
    """

    read: int = 0
    null: int = 0
    empty: int = 0
    filtered: int = 0
    kept: int = 0


def load_corpus(specs: Sequence[dict[str, Any]], kind: str = "text") -> Dataset:
    """Read the sources of a data section into one data set.

    Args:
        specs: mappings with the keys of `hf_xalign.data.sources.Source`.
        kind: `"text"` gives the columns `text`, `lang`; `"pairs"` gives `source`, `target`, `source_lang`,
            `target_lang`. All are strings; languages as `hin_Deva` or `hin`. Pairs that bring words or alignments have
            `source_words`, `target_words`, `alignment` and `alignment_score`, too.

    Returns:
        The rows of all sources, one source after the other. Sentences are stripped and hold no line breaks; empty
        ones are left out, with a notice on the logger `hf_xalign`.

    Raises:
        XAlignError: a source is wrong, cannot be read, or has no usable row.
    """
    tables = [read_source(parse_source(spec, f"source {index}", kind))[0] for index, spec in enumerate(specs)]
    return Dataset(pa.concat_tables(tables, promote_options="default") if tables else empty_table(kind))


def empty_table(kind: str) -> pa.Table:
    """No rows in the columns of a kind."""
    return pa.table({name: pa.array([], pa.string()) for name in (*KINDS[kind], *LANGUAGE_COLUMNS[kind])})


def read_source(source: Source) -> tuple[pa.Table, SourceCounts]:
    """One source's table, in the columns of its kind, and its counts."""
    counts = SourceCounts()
    table = _choose_rows(source, open_source(source), counts)
    sides = KINDS[source.kind]
    columns = [[_clean(text) for text in table[side].to_pylist()] for side in sides]
    kept = []
    for row, texts in enumerate(zip(*columns, strict=True)):
        if not all(map(_VISIBLE.search, texts)):
            counts.empty += 1
        elif _passes(source, texts):
            kept.append(row)
        else:
            counts.filtered += 1
    if source.limit is not None and source.limit < len(kept):
        counts.filtered += len(kept) - source.limit
        kept = [kept[i] for i in np.random.default_rng(source.seed).permutation(len(kept))[: source.limit]]
    counts.kept = len(kept)
    skipped = counts.empty + counts.null
    if not kept:
        total = counts.read + counts.null
        raise XAlignError(
            f"{source.path}: no row is left of {total} ({skipped} empty, {counts.filtered} filtered out)"
        )
    if counts.empty:
        logger.warning("%s: skipped %d empty sentences of %d", source.path, counts.empty, counts.read)
    arrays = {
        side: pa.array([texts[row] for row in kept], pa.string()) for side, texts in zip(sides, columns, strict=True)
    }
    for name in LANGUAGE_COLUMNS[source.kind]:
        arrays[name] = _languages(source, name, table, kept)
    if source.kind == "pairs":
        arrays |= alignment_arrays(source, table, columns, kept)
    return pa.table(arrays), counts


def _choose_rows(source: Source, table: pa.Table, counts: SourceCounts) -> pa.Table:
    for column, wanted in source.where.items():
        values = table[f"file:{column}"]
        texts = pc.cast(values, pa.string()) if not pa.types.is_list(values.type) else None
        if texts is None:
            raise XAlignError(f"{source.path}: column {column!r} holds lists; where compares single values")
        allowed = [_as_arrow_text(value) for value in (wanted if isinstance(wanted, list) else [wanted])]
        chosen = table.filter(pc.is_in(texts, pa.array(allowed, pa.string())))
        if not chosen.num_rows:
            common = ", ".join(str(value) for value, _ in Counter(texts.to_pylist()).most_common(10))
            raise XAlignError(f"{source.path}: no row has {column} = {wanted!r}; its values are {common}")
        table = chosen
    for side in KINDS[source.kind]:
        position = table.column_names.index(side)
        if source.kind == "pairs" and _is_list(table[side].type) and f"{side}_words" not in table.column_names:
            try:
                words = table[side].cast(pa.list_(pa.string()))
            except pa.ArrowException:
                raise XAlignError(f"{source.path}: column {side!r} holds {table[side].type}, not text") from None
            table = table.append_column(f"{side}_words", words)
        table = table.set_column(position, side, _as_text(source, side, table[side]))
    needed = [*KINDS[source.kind], *(f"file:{column}" for column in source.require)]
    present = pc.is_valid(table[needed[0]])
    for name in needed[1:]:
        present = pc.and_(present, pc.is_valid(table[name]))
    counts.null = table.num_rows - pc.sum(present).as_py() if table.num_rows else 0
    table = table.filter(present)
    if source.take:
        if source.take.start >= table.num_rows:
            raise XAlignError(f"{source.path}: take starts at row {source.take.start}, there are {table.num_rows}")
        order = np.random.default_rng(source.take.seed).permutation(table.num_rows)
        stop = None if source.take.count is None else source.take.start + source.take.count
        if stop is not None and stop > table.num_rows:
            logger.warning("%s: take wants rows up to %d, there are %d", source.path, stop, table.num_rows)
        table = table.take(order[source.take.start : stop])
    counts.read = table.num_rows
    return table


def _as_arrow_text(value: Any) -> str | None:
    """A recipe's value as Arrow casts it to a string."""
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _as_text(source: Source, side: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_null(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.cast(pa.string())
    if _is_list(kind):
        words = kind.value_type
        if pa.types.is_string(words) or pa.types.is_large_string(words):
            return pc.binary_join(column.cast(pa.list_(pa.string())), " ")
    raise XAlignError(f"{source.path}: column {source.columns.get(side, side)!r} holds {kind}, not text")


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind)


# --- sentences -------------------------------------------------------------------------------------------------------


def _clean(text: str) -> str:
    return _BREAKS.sub(" ", text).strip()


def _passes(source: Source, texts: Sequence[str]) -> bool:
    for text in texts:
        if any(unwanted in text for unwanted in source.drop_containing):
            return False
        if source.min_words is not None or source.max_words is not None:
            words = len(text.split())
            if words < (source.min_words or 0) or words > (source.max_words or words):
                return False
    return True


def _languages(source: Source, name: str, table: pa.Table, kept: list[int]) -> pa.Array:
    code = getattr(source, name)
    if code is not None and name not in table.column_names:
        return pa.array([code] * len(kept), pa.string())
    codes = table[name].take(kept).to_pylist() if kept else []
    read = {}
    for value in dict.fromkeys(codes):
        if value is None:
            raise XAlignError(f"{source.path}: a row has no language; set {name}, or require its column")
        try:
            read[value] = str(parse_language(value))
        except XAlignError as error:
            raise XAlignError(f"{source.path}, column {source.columns.get(name, name)}: {error}") from None
    return pa.array([read[value] for value in codes], pa.string())
