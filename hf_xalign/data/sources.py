"""One source of a recipe's data section: which file or data set, and which of its rows and columns."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from hf_xalign.data.languages import parse_language
from hf_xalign.errors import XAlignError
from hf_xalign.messages import did_you_mean, kind_of


# By the ending of a file's name.
FORMATS = {
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".tsv": "tsv",
    ".csv": "csv",
    ".txt": "txt",
}
MINICORPUS = "minicorpus:"
KINDS = {"text": ("text",), "pairs": ("source", "target")}
# What a source may bring, if its `columns` name it.
OPTIONAL = {"text": (), "pairs": ("source_words", "target_words", "alignment", "alignment_score")}
LANGUAGE_COLUMNS = {"text": ("lang",), "pairs": ("source_lang", "target_lang")}

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")


@dataclass(frozen=True)
class Join:
    """Rows of another file, put beside those with the same key (inner join, in the order of the first file).

    A column that both files have is called `<name>_joined` when it comes from the second.
    """

    path: str
    on: str


@dataclass(frozen=True)
class Take:
    """Rows `start` to `start + count` of a shuffle by `seed`: sources with one seed and other rows share no row."""

    seed: int = 0
    start: int = 0
    count: int | None = None


@dataclass(frozen=True)
class Source:
    """A source, checked. The keys of its mapping in a recipe are these fields.

    Rows are chosen in this order: `where`, `join`, nulls dropped (in the columns used and in `require`), `take`, empty
    sentences dropped, `drop_containing`, `min_words` and `max_words`, `limit`. So `take` splits the rows of a file in
    the same way whatever the filters on the text that follow.

    Attributes:
        path: a file, a Hub data set id, or `minicorpus:train`, `minicorpus:validation`, `minicorpus:test`.
        kind: `"text"` (sentences) or `"pairs"` (translations); by default pairs if any key speaks of pairs.
        format: parquet, jsonl, json, tsv, csv or txt; by default from the file's name (`.gz` allowed).
        name, split, revision: configuration, split (default `train`) and revision of a Hub data set.
        columns: column of the contract -> column of the file, `{text: sentence}` or `{source: eng, target: hin}`. In
            .tsv and .csv, numbers count the columns of a file without a header from 0. A column that holds lists of
            words is joined with spaces; of pairs, the words are kept. Pairs may name an `alignment` (pairs `[i, j]`,
            strings `i-j` or a Pharaoh line, counted from 0), an `alignment_score`, and `source_words` and
            `target_words` that it counts; without these, lists of words are counted, or what stands between spaces.
        lang, source_lang, target_lang: language codes; without them the file needs columns of those names.
        langs: languages of the minicorpus.
        target_path: the second of two files of equally many lines.
        where: column -> value, or list of values, that a row must have.
        require: columns that must not be null although they are not used.
        join: another file joined on a key column, `{path: ..., on: ...}`.
        take: `{seed: 0, start: 0, count: 1000}`.
        drop_containing: strings; a sentence that holds one of them is dropped.
        min_words, max_words: bounds on the words between spaces (of both sides of a pair).
        limit: this many rows, chosen at random by `seed`.
        license: what the text may be used under, for cards (`cc-by-sa-4.0`); it changes no data.
    """

    path: str
    kind: str = "text"
    format: str | None = None
    name: str | None = None
    split: str | None = None
    revision: str | None = None
    columns: dict[str, Any] = field(default_factory=dict)
    lang: str | None = None
    source_lang: str | None = None
    target_lang: str | None = None
    langs: list[str] | None = None
    target_path: str | None = None
    where: dict[str, Any] = field(default_factory=dict)
    require: list[str] = field(default_factory=list)
    join: Join | None = None
    take: Take | None = None
    drop_containing: list[str] = field(default_factory=list)
    min_words: int | None = None
    max_words: int | None = None
    limit: int | None = None
    seed: int = 0
    license: str | None = None

    @property
    def label(self) -> str:
        """A short name for messages and counts: no folder, so that it reads the same on every machine."""
        parts = [Path(self.path).name if self.format else self.path]
        parts += [str(value) for value in self.where.values() if not isinstance(value, list)]
        parts += [str(column) for column in self.columns.values()]
        return " ".join(parts)

    @property
    def paths(self) -> list[Path]:
        """The local files of the source."""
        if self.format is None:
            return []
        joined = [self.join.path] if self.join else []
        return [Path(path) for path in [self.path, self.target_path, *joined] if path]


def parse_source(spec: Any, where: str = "source", kind: str | None = None) -> Source:
    """Check one source of a recipe.

    Args:
        spec: the mapping.
        where: what errors call it, `train_data.0`.
        kind: `"text"` or `"pairs"`; by default from the mapping.

    Raises:
        XAlignError: a key is unknown, missing, of the wrong type or at odds with another.
    """
    if isinstance(spec, str):
        spec = {"path": spec}
    if not isinstance(spec, dict):
        raise XAlignError(f"{where}: a source is a mapping with a path, not {kind_of(spec)}")
    known = {item.name: item for item in fields(Source)}
    for key in spec:
        if key not in known:
            raise XAlignError(f"{where}: unknown key {key!r}{did_you_mean(key, known)}")
    values = {key: value for key, value in spec.items() if value is not None}
    _check_types(values, where)
    kind = kind or values.get("kind") or _kind_of_spec(values)
    if kind not in KINDS:
        raise XAlignError(f"{where}: kind is {kind!r}; choose 'text' or 'pairs'")
    values["kind"] = kind
    for key in ("lang", "source_lang", "target_lang"):
        if key in values:
            values[key] = str(parse_language(values[key]))
    if "langs" in values:
        values["langs"] = [str(parse_language(code)) for code in values["langs"]]
    for key, record in (("join", Join), ("take", Take)):
        if key in values:
            values[key] = _record(values[key], record, f"{where}.{key}")
    allowed = (*KINDS[kind], *LANGUAGE_COLUMNS[kind], *OPTIONAL[kind])
    for column in values.get("columns", {}):
        if column not in allowed:
            raise XAlignError(f"{where}.columns: unknown column {column!r}{did_you_mean(column, allowed)}")
    _find_format(values, where)
    return Source(**values)


def _kind_of_spec(values: dict[str, Any]) -> str:
    of_pairs = {"source", "target"} & set(values.get("columns", {}))
    return "pairs" if of_pairs or {"target_path", "source_lang", "target_lang"} & set(values) else "text"


_TYPES: dict[type, tuple[str, ...]] = {
    str: (
        *("path", "kind", "format", "name", "split", "revision", "lang", "source_lang", "target_lang", "target_path"),
        "license",
    ),
    list: ("langs", "require", "drop_containing"),
    dict: ("columns", "where", "join", "take"),
    int: ("min_words", "max_words", "limit", "seed"),
}


def _check_types(values: dict[str, Any], where: str) -> None:
    if "path" not in values:
        raise XAlignError(f"{where}: a source needs a path")
    for wanted, keys in _TYPES.items():
        for key in keys:
            if key in ("drop_containing", "require", "langs") and isinstance(values.get(key), str):
                values[key] = [values[key]]
            if key in values and type(values[key]) is not wanted:
                name = {str: "text", list: "a list", dict: "a mapping", int: "a whole number"}[wanted]
                raise XAlignError(f"{where}.{key}: {values[key]!r} is not {name}")
            if wanted is int and key != "seed" and values.get(key, 1) < 1:
                raise XAlignError(f"{where}.{key}: {values[key]} is less than 1")
    for text in values.get("drop_containing", []):
        if not isinstance(text, str):
            raise XAlignError(f"{where}.drop_containing: {text!r} is not text")
    named = {f".columns.{name}": [column] for name, column in values.get("columns", {}).items()}
    for key, columns in {**named, ".require": values.get("require", []), ".where": values.get("where", {})}.items():
        for column in columns:
            if type(column) not in (str, int):
                raise XAlignError(f"{where}{key}: {column!r} is no name of a column, and no number of one")


def _record(values: dict[str, Any], record: type, where: str) -> Any:
    known = {item.name: item for item in fields(record)}
    for key, value in values.items():
        if key not in known:
            raise XAlignError(f"{where}: unknown key {key!r}{did_you_mean(key, known)}")
        if record is Take and (type(value) is not int or value < 0):
            raise XAlignError(f"{where}.{key}: {value!r} is not a whole number from 0")
        if record is Join and not isinstance(value, str):
            raise XAlignError(f"{where}.{key}: {value!r} is not text")
    missing = {"path", "on"} - set(values) if record is Join else set()
    if missing:
        raise XAlignError(f"{where}: needs {' and '.join(sorted(missing))}")
    return record(**values)


def _find_format(values: dict[str, Any], where: str) -> None:
    """Set `format` for a local file; leave it out for a Hub data set and for the minicorpus."""
    path = values["path"]
    if path.startswith(MINICORPUS):
        if path.removeprefix(MINICORPUS) not in ("train", "validation", "test"):
            raise XAlignError(f"{where}: {path!r} is no split of the minicorpus; choose train, validation or test")
        return
    found = values.get("format") or file_format(path)
    if found and found not in FORMATS.values():
        raise XAlignError(
            f"{where}.format: unknown format {found!r}{did_you_mean(found, dict.fromkeys(FORMATS.values()))}"
        )
    if found:
        values["format"] = found
    elif os.path.isfile(path) or not (_HUB_ID.fullmatch(path) or os.path.isdir(path)):
        known = ", ".join(dict.fromkeys(FORMATS.values()))
        raise XAlignError(f"{where}: cannot tell the format of {path!r}; set format to one of {known}")
    if "target_path" in values and values.get("format") != "txt":
        raise XAlignError(f"{where}: target_path goes with a .txt file, one sentence a line")


def file_format(path: str) -> str | None:
    """The format that a file's name tells, `.gz` put aside; None if it tells none."""
    return FORMATS.get(Path(path.removesuffix(".gz")).suffix.lower())
