"""Train sentences that are not trained on: held-out ones and duplicates."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import regex


_NOT_WRITTEN = regex.compile(r"[^\p{L}\p{M}\p{N}]+")


def sentence_key(text: str) -> int:
    """64 bits that sentences share if they are equal in letters, marks and digits, after NFKC and case folding.

    A sentence without any (`...`, `:-)`) is compared as it is.

    >>> sentence_key("Straße 12!") == sentence_key("STRASSE, 12")
    True
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    key = _NOT_WRITTEN.sub("", folded) or folded
    # Digests, not strings: a set of these for 40 million sentences fits into memory.
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "little")


def clean_train(
    tables: Sequence[pa.Table], held_out: Iterable[pa.Table], *, deduplicate: bool = True
) -> tuple[list[pa.Table], list[dict[str, dict[str, int]]]]:
    """Drop the train rows of which a side equals a side of a held-out row, and then those that came before.

    Args:
        tables: train rows in the columns of the contract, a table a source.
        held_out: selection, test and excluded rows.
        deduplicate: drop rows that equal an earlier one of the same language (or of the same pair of languages).

    Returns:
        The tables without those rows, and for each, by language, the counts `read`, `excluded`, `duplicates` and
        `kept`. The language of a pair is `hin_Deva-urd_Arab`.
    """
    forbidden = {
        sentence_key(text)
        for table in held_out
        for side in ("text", "source", "target")
        if side in table.column_names
        for (text,) in rows_of(table, side)
    }
    seen: dict[str, set] = defaultdict(set)
    cleaned = []
    counts = []
    for table in tables:
        of_pairs = "source" in table.column_names
        sides = ("source", "target") if of_pairs else ("text",)
        codes = ("source_lang", "target_lang") if of_pairs else ("lang",)
        by_language: dict[str, dict[str, int]] = defaultdict(
            lambda: {"read": 0, "excluded": 0, "duplicates": 0, "kept": 0}
        )
        kept = []
        for row, values in enumerate(rows_of(table, *sides, *codes)):
            texts, langs = values[: len(sides)], values[len(sides) :]
            language = "-".join(langs)
            count = by_language[language]
            count["read"] += 1
            keys = tuple(map(sentence_key, texts))
            if not forbidden.isdisjoint(keys):
                count["excluded"] += 1
            elif deduplicate and keys in seen[language]:
                count["duplicates"] += 1
            else:
                seen[language].add(keys)
                count["kept"] += 1
                kept.append(row)
        cleaned.append(table.take(pa.array(kept, pa.int64())) if len(kept) < table.num_rows else table)
        counts.append(dict(by_language))
    return cleaned, counts


def rows_of(table: pa.Table, *columns: str) -> Iterator[tuple]:
    """The rows of some columns as Python values, some thousand at a time: all of them take several times the table."""
    for batch in table.select(columns).to_batches(max_chunksize=10_000):
        yield from zip(*(batch.column(place).to_pylist() for place in range(len(columns))), strict=True)
