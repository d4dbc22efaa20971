"""Labelled sentences of some languages out of a file, checked row by row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hf_xalign.data.languages import parse_language
from hf_xalign.data.readers import check_columns, read_table
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.downstream.file_columns import (
    LANGUAGE_COLUMNS,
    FileColumns,
    find_file_columns,
    names_language,
)
from hf_xalign.evaluation.downstream.label_names import with_label_names
from hf_xalign.evaluation.downstream.settings import OF_WORDS, TaskSettings
from hf_xalign.evaluation.language_pairs import same_language
from hf_xalign.evaluation.parallel_text import FORMATS, column_names
from hf_xalign.messages import counted, did_you_mean


# One split has many names.
_SAME_SPLIT = {"validation": "dev", "valid": "dev", "val": "dev"}


@dataclass(frozen=True)
class Example:
    """`parts` are the words of a sentence, or one text, or two; `gold` a label for each word, or one of them all.

    `row` is the number, from 0, in the file: the same row of two languages says the same thing.
    """

    row: int
    parts: tuple[str, ...]
    gold: tuple[str, ...]


@dataclass(frozen=True)
class Examples:
    """The examples of one language and split; `dropped` counts rows without text or without a label."""

    language: str
    split: str
    items: list[Example]
    dropped: int

    def __len__(self) -> int:
        return len(self.items)

    def fingerprint(self) -> str:
        """16 hex digits that only these examples in this order have."""
        digest = hashlib.sha256()
        for item in self.items:
            digest.update(json.dumps([item.parts, item.gold], ensure_ascii=False).encode())
        return digest.hexdigest()[:16]


class LabelledFile:
    """A Parquet, JSONL, TSV or CSV file of a task: a row per sentence and language, or a column per language.

    Of the first kind are files with a column `lang` (Universal Dependencies, WikiANN), of the second those whose text
    columns end in a language (`hin_Deva`, `premise_hi`). Each has a column `split`. Labels are texts; numbers are read
    from a Parquet file of `datasets`, which tells their names (`ClassLabel`).

    Args:
        file: the path.
        settings: the task, with the map of its labels.

    Raises:
        XAlignError: no such file, or one that lacks a column of the task.
    """

    def __init__(self, file: str, settings: TaskSettings):
        self.file = file
        self.settings = settings
        self._path = Path(file)
        self._names = column_names(self._path)
        check_columns(["split"], self._names, file)

    @property
    def name(self) -> str:
        """What result files call the data unless they are told otherwise."""
        return self._path.name.split(".")[0]

    @property
    def parallel(self) -> bool:
        """Whether a row says the same thing in several languages."""
        return self.settings.task not in OF_WORDS and not set(LANGUAGE_COLUMNS) & set(self._names)

    def read(self, language: str, splits: Sequence[str]) -> dict[str, Examples]:
        """The examples of a language, by split.

        Args:
            language: such as `hin_Deva`, `hin` or `hi`.
            splits: names in the column `split`; `validation` and `dev` are one.

        Raises:
            XAlignError: a language or split that is not in the file (those there are listed), a label that is not in
                the map, words and tags that differ in number, or a value that is no text.
        """
        columns = find_file_columns(self._names, self.settings.task, language, self.file)
        return {split: self._examples(language, split, columns) for split in dict.fromkeys(splits)}

    def _examples(self, language: str, split: str, columns: FileColumns) -> Examples:
        table = self._rows_of(language, split, columns)
        make = self._of_words if self.settings.task in OF_WORDS else self._of_texts
        items, dropped = [], 0
        for row, *values in _rows(table, ["", *columns.texts, columns.label]):
            example = make(row, values[:-1], values[-1], columns)
            if example is None:
                dropped += 1
            else:
                items.append(example)
        if not items:
            raise XAlignError(
                f"{self.file} has no labelled rows of {language} in the split {split!r}: {counted(dropped, 'row')} "
                "without text or label; choose others, as in --set test_split=dev"
            )
        return Examples(language, split, items, dropped)

    def _rows_of(self, language: str, split: str, columns: FileColumns) -> pa.Table:
        path = self._path
        format = FORMATS[Path(path.name.removesuffix(".gz")).suffix.lower()]
        wanted = ["split", columns.label, *columns.texts, *([columns.language] if columns.language else [])]
        table = with_label_names(read_table(path, format, wanted), columns.label, self.file)
        table = table.append_column("", pa.array(range(len(table)), pa.int64()))
        if columns.language:
            known = [code for code in pc.unique(table[columns.language]).to_pylist() if code is not None]
            spoken = [code for code in known if names_language(code, language)]
            if not spoken:
                raise XAlignError(
                    f"{self.file} has no rows of {language}; its languages are {', '.join(sorted(known))}"
                )
            table = table.filter(pc.is_in(table[columns.language], pa.array(spoken, table[columns.language].type)))
        known = [name for name in pc.unique(table["split"]).to_pylist() if name is not None]
        named = [name for name in known if _split(name) == _split(split)]
        if not named:
            keys = ("train_split", "validation_split", "test_split")
            hints = [
                f"; name one of these, as in --set {key}={sorted(known)[0]} (a split that serves twice is divided)"
                for key in keys
                if getattr(self.settings, key) == split
            ]
            there = ", ".join(sorted(known))
            raise XAlignError(f"{self.file} has no split {split!r} of {language}, only {there}{''.join(hints[:1])}")
        return table.filter(pc.is_in(table["split"], pa.array(named, table["split"].type)))

    def _of_words(self, row: int, values: list[Any], tags: Any, columns: FileColumns) -> Example | None:
        (words,) = values
        if words is None or tags is None:
            return None
        where = f"{self.file}: row {row + 1}"
        for name, found in ((columns.texts[0], words), (columns.label, tags)):
            if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
                raise XAlignError(f"{where}: {name} holds {str(found)[:60]!r}, not a list of texts")
        if len(words) != len(tags):
            raise XAlignError(f"{where} has {len(words)} {columns.texts[0]} and {len(tags)} {columns.label}")
        self._check_labels(tags, where)
        return Example(row, tuple(words), tuple(tags)) if words else None

    def _of_texts(self, row: int, texts: list[Any], label: Any, columns: FileColumns) -> Example | None:
        where = f"{self.file}: row {row + 1}"
        for name, text in zip(columns.texts, texts, strict=True):
            if text is not None and not isinstance(text, str):
                raise XAlignError(f"{where}: {name} holds {text!r}, not text")
        if label is None or not all(text and text.strip() for text in texts):
            return None
        self._check_labels([label], where)
        return Example(row, tuple(texts), (label,))

    def _check_labels(self, labels: Iterable[Any], where: str) -> None:
        for label in labels:
            if label not in self.settings.labels:
                hint = did_you_mean(str(label), self.settings.labels)
                raise XAlignError(f"{where}: label {label!r} is not in the map{hint} (others: --set 'labels=[A, B]')")


def _split(name: str) -> str:
    return _SAME_SPLIT.get(str(name).lower(), str(name).lower())


def _rows(table: pa.Table, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    for batch in table.select(list(dict.fromkeys(names))).to_batches(max_chunksize=5000):
        columns = {name: batch.column(name).to_pylist() for name in batch.schema.names}
        yield from zip(*(columns[name] for name in names), strict=True)


def check_languages(train: str, tests: Sequence[str]) -> list[str]:
    """The test languages as written, each once.

    Raises:
        XAlignError: a code that cannot be read, none at all, or one that occurs twice.
    """
    parse_language(train)
    if not tests:
        raise XAlignError("--test-langs names no language: write them as hin_Deva,urd_Arab")
    seen: list[str] = []
    for code in tests:
        if any(same_language(parse_language(code), parse_language(other)) for other in seen):
            raise XAlignError(f"--test-langs names {code} twice")
        seen.append(code)
    return seen
