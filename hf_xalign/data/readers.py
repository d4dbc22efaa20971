"""Files to Arrow tables, strictly: LF ends a line, UTF-8 only, and a broken line is named, never guessed at."""

from __future__ import annotations

import csv
import gzip
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hf_xalign.errors import XAlignError


# Rows that are Python objects at any one time.
CHUNK = 50_000


def read_table(path: Path, format: str, columns: Sequence[str | int]) -> pa.Table:
    """The named columns of a file, in that order; rows that a format leaves blank become nulls.

    Args:
        path: the file; `.gz` is decompressed.
        format: one of `hf_xalign.data.sources.FORMATS`. A .txt file has the one column `text`.
        columns: names, or positions from 0 in a .tsv or .csv file that has no header.

    Raises:
        XAlignError: the file is missing, empty, not UTF-8, lacks a column, or has a broken line (which is named).
    """
    columns = list(dict.fromkeys(columns))
    if not os.path.exists(path):  # unlike `Path.exists`, also of names that no file can have
        raise XAlignError(f"{path}: no such file")
    if path.is_dir():
        raise XAlignError(f"{path} is a folder; name a file in it")
    if path.stat().st_size == 0:
        raise XAlignError(f"{path} is empty")
    try:
        if format == "parquet":
            return _read_parquet(path, columns)
        rows = {"txt": _rows_of_txt, "jsonl": _rows_of_jsonl, "json": _rows_of_json}.get(format, _rows_of_fields)
        return _table(path, rows(path, format, columns), columns)
    except PermissionError:
        raise XAlignError(f"{path}: permission denied") from None


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """`(number from 1, line without its end)`. Only LF ends a line; a CR before it and a leading BOM are dropped."""
    for number, raw in enumerate(_raw_lines(path), start=1):
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise XAlignError(f"{path}, line {number}: not UTF-8 (byte {error.start + 1} of the line)") from None
        if number == 1:
            line = line.removeprefix("\ufeff")
        yield number, line.removesuffix("\n").removesuffix("\r")


def _raw_lines(path: Path) -> Iterator[bytes]:
    with gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb") as handle:
        try:
            yield from handle
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise XAlignError(f"{path}: broken gzip file ({error})") from None


def check_columns(columns: Sequence[str | int], available: Sequence[str], where: str | Path) -> None:
    """Raise an `XAlignError` that lists the available columns unless all of `columns` are among them."""
    for column in columns:
        if column not in available:
            shown = ", ".join(map(str, available[:30])) + (", ..." if len(available) > 30 else "")
            raise XAlignError(f"{where}: no column {column!r}; it has {shown}")


@contextmanager
def open_parquet(path: Path) -> Iterator[pq.ParquetFile]:
    """A Parquet file to read from; whatever is wrong with it, here or in the block, is an `XAlignError`."""
    try:
        # Opened here: Arrow takes no name that is not UTF-8.
        with path.open("rb") as handle, pq.ParquetFile(handle) as file:
            yield file
    except (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError, MemoryError) as error:
        said = " ".join(str(error).split())[:300]
        raise XAlignError(f"cannot read {path} as Parquet, it is not a readable Parquet file: {said}") from None


def _read_parquet(path: Path, columns: list[str]) -> pa.Table:
    with open_parquet(path) as file:
        check_columns(columns, file.schema_arrow.names, path)
        table = file.read(columns=columns)
        # Strings that are not UTF-8, offsets that point elsewhere: it takes Arrow's own check to see them.
        table.validate(full=True)
        return table


def _rows_of_txt(path: Path, format: str, columns: list) -> Iterator[Sequence[Any]]:
    check_columns(columns, ["text"], path)
    for _, line in read_lines(path):
        yield [line] * len(columns)


def _rows_of_jsonl(path: Path, format: str, columns: list) -> Iterator[Sequence[Any]]:
    seen: dict[str, None] = {}
    for number, line in read_lines(path):
        if not line.strip():
            yield [None] * len(columns)
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:  # no JSON, or a number of thousands of digits
            raise XAlignError(f"{path}, line {number}: not JSON ({error})") from None
        if not isinstance(row, dict):
            raise XAlignError(f"{path}, line {number}: not a JSON object")
        seen.update(dict.fromkeys(row))
        yield [row.get(column) for column in columns]
    # A key may be left out of some rows, but not of all.
    check_columns(columns, list(seen), path)


def _rows_of_json(path: Path, format: str, columns: list) -> Iterator[Sequence[Any]]:
    text = "\n".join(line for _, line in read_lines(path))
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise XAlignError(f"{path}: not JSON ({error}); one object a line is format jsonl") from None
    if isinstance(rows, dict) and isinstance(rows.get("data"), list):
        rows = rows["data"]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise XAlignError(f"{path}: not a list of JSON objects")
    check_columns(columns, list({key: None for row in rows for key in row}), path)
    for row in rows:
        yield [row.get(column) for column in columns]


def _rows_of_fields(path: Path, format: str, columns: list) -> Iterator[Sequence[Any]]:
    """Rows of .tsv (tabs and nothing else: no quotes, no escapes) and .csv (RFC 4180)."""
    rows = _split_csv(path) if format == "csv" else ((n, line.split("\t")) for n, line in read_lines(path))
    width = None
    positions: list[int] = []
    for number, row in rows:
        if width is None:
            width = len(row)
            if all(isinstance(column, int) for column in columns):
                check_columns(columns, list(range(width)), path)
                positions = list(columns)
            else:
                check_columns(columns, row, path)
                positions = [row.index(column) for column in columns]
                continue
        if row in ([], [""]) and width > 1:
            yield [None] * len(columns)
        elif len(row) != width:
            raise XAlignError(f"{path}, line {number}: {len(row)} fields where the first line has {width}")
        else:
            yield [row[position] for position in positions]


def _split_csv(path: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader((f"{line}\n" for _, line in read_lines(path)), strict=True)
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise XAlignError(f"{path}, line {reader.line_num}: not CSV ({error})") from None


def _table(path: Path, rows: Iterator[Sequence[Any]], columns: list[str | int]) -> pa.Table:
    names = [str(column) for column in columns]
    tables = []
    chunk: list[Sequence[Any]] = []

    def flush() -> None:
        values = list(zip(*chunk, strict=True)) if chunk else [()] * len(names)
        arrays = [_array(path, name, column) for name, column in zip(names, values, strict=True)]
        tables.append(pa.table(arrays, names=names))
        chunk.clear()

    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            flush()
    if chunk or not tables:
        flush()
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as error:
        raise XAlignError(f"{path}: a column changes its type ({error})") from None


def _array(path: Path, name: str, values: Sequence[Any]) -> pa.Array:
    try:
        return pa.array(values, from_pandas=False)
    except UnicodeEncodeError:
        raise XAlignError(f"{path}: column {name!r} holds half a surrogate pair, which is no character") from None
    except (pa.ArrowException, OverflowError):
        raise XAlignError(f"{path}: the values of column {name!r} are not all of one type") from None
