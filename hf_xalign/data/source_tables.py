"""Opening a source: files, two files side by side, joined files, Hub data sets, the minicorpus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from hf_xalign.data.readers import check_columns, open_parquet, read_table
from hf_xalign.data.sources import KINDS, LANGUAGE_COLUMNS, MINICORPUS, OPTIONAL, Source, file_format
from hf_xalign.errors import XAlignError


def open_source(source: Source) -> pa.Table:
    """All rows of a source.

    Returns:
        The columns of the source's kind under the contract's names (a language column only where the recipe sets no
        code, words and alignments only where `columns` names them), and those of `where` and `require` as
        `file:<name>`. Values are as the file has them.

    Raises:
        XAlignError: a file or a column is missing, or a file is broken.
    """
    if source.path.startswith(MINICORPUS):
        return _read_minicorpus(source)
    if source.target_path:
        return _read_two_files(source)
    mapped = {name: source.columns.get(name, name) for name in KINDS[source.kind]}
    for name in LANGUAGE_COLUMNS[source.kind]:
        if getattr(source, name) is None:
            mapped[name] = source.columns.get(name, name)
    mapped |= {name: source.columns[name] for name in OPTIONAL[source.kind] if name in source.columns}
    if source.format == "txt" and "lang" in mapped:
        raise XAlignError(f"{source.path}: a .txt file has no column of languages; set lang")
    others = [*source.where, *source.require]
    if source.join:
        table = _join(source, [*mapped.values(), *others])
    elif source.format:
        table = read_table(Path(source.path), source.format, [*mapped.values(), *others])
    else:
        table = _read_hub(source, [*mapped.values(), *others])
    arrays = {name: table[str(column)] for name, column in mapped.items()}
    arrays |= {f"file:{column}": table[str(column)] for column in others}
    return pa.table(arrays)


def _read_minicorpus(source: Source) -> pa.Table:
    from hf_xalign.data import minicorpus

    split = source.path.removeprefix(MINICORPUS)
    if source.kind == "text":
        langs = source.langs or ([source.lang] if source.lang else minicorpus.LANGUAGES)
        data = minicorpus.load_monolingual(split, langs=tuple(langs))
    else:
        pair = source.langs or [source.source_lang, source.target_lang]
        if len(pair) != 2 or None in pair:
            raise XAlignError(f"{source.path}: a pair needs two langs, not {pair}")
        data = minicorpus.load_parallel(split, pair=tuple(pair))
    known = (*KINDS[source.kind], *LANGUAGE_COLUMNS[source.kind], *OPTIONAL[source.kind])
    return data.select_columns([name for name in known if name in data.column_names]).with_format("arrow")[:]


def _read_two_files(source: Source) -> pa.Table:
    sides = [read_table(Path(path), "txt", ["text"]) for path in (source.path, source.target_path)]
    first, second = (side.num_rows for side in sides)
    if first != second:
        raise XAlignError(
            f"{source.path} has {first} lines, {source.target_path} has {second}; they must be equally long"
        )
    for name in LANGUAGE_COLUMNS["pairs"]:
        if getattr(source, name) is None:
            raise XAlignError(f"{source.path}: two files have no column of languages; set {name}")
    return pa.table({"source": sides[0]["text"], "target": sides[1]["text"]})


def _read_hub(source: Source, columns: list[str]) -> pa.Table:
    from datasets import load_dataset

    try:
        data = load_dataset(source.path, source.name, split=source.split or "train", revision=source.revision)
    except Exception as error:  # the Hub's client has no common base class for what can go wrong
        said = " ".join(str(error).split())[:300]
        raise XAlignError(f"{source.path}: no such file, and it cannot be opened as a data set ({said})") from None
    check_columns(columns, data.column_names, source.path)
    return data.select_columns(list(dict.fromkeys(columns))).with_format("arrow")[:]


def _join(source: Source, columns: list[str]) -> pa.Table:
    """The rows of both files with equal keys, in the first file's order (Arrow's own join keeps no order)."""
    on = source.join.on
    other = Path(source.join.path)
    other_format = file_format(source.join.path)
    if other_format is None or source.format is None:
        raise XAlignError(f"{source.path}: a join needs two local files whose names tell their format")
    theirs = _columns_of(other, other_format)
    ours = _columns_of(Path(source.path), source.format)
    second = {name if name not in ours else f"{name}_joined": name for name in theirs if name != on}
    check_columns([on], ours, source.path)
    check_columns([on], theirs, other)
    check_columns(columns, [*ours, *second], f"{source.path} joined with {other.name}")
    left = read_table(Path(source.path), source.format, [on, *(name for name in columns if name in ours)])
    right = read_table(other, other_format, [on, *(second[name] for name in columns if name in second)])
    where: dict[Any, int] = {}
    for row, key in enumerate(right[on].to_pylist()):
        if key is not None and where.setdefault(key, row) != row:
            raise XAlignError(f"{other}: {on} {key!r} occurs twice; a join needs one row a key")
    matches = [(row, where[key]) for row, key in enumerate(left[on].to_pylist()) if key in where]
    if not matches:
        raise XAlignError(f"{source.path} and {other} have no {on} in common")
    left = left.take([row for row, _ in matches])
    right = right.take([row for _, row in matches])
    names = dict.fromkeys(columns)
    return pa.table({name: left[name] if name in ours else right[second[name]] for name in names})


def _columns_of(path: Path, format: str) -> list[str]:
    if format == "parquet" and path.is_file():
        with open_parquet(path) as file:
            return file.schema_arrow.names
    raise XAlignError(f"{path}: only .parquet files can be joined")
