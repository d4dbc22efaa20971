"""Words and alignments that a source of pairs brings with it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import regex

from hf_xalign.data.sources import Source
from hf_xalign.errors import XAlignError


logger = logging.getLogger("hf_xalign")

SIDES = ("source", "target")
_PHARAOH_LINK = regex.compile(r"(\d+)-(\d+)")
_WORDS = pa.list_(pa.string())
_LINKS = pa.list_(pa.list_(pa.int64()))


def alignment_arrays(source: Source, table: pa.Table, texts: Sequence[Sequence[str]], kept: list[int]) -> dict:
    """The columns `source_words`, `target_words`, `alignment` and `alignment_score`, as far as a source has them.

    Args:
        source: the source, for messages.
        table: its rows; words as lists, an alignment as pairs `[i, j]`, as strings `"i-j"`, or as a Pharaoh line.
        texts: the sentences of both sides, cleaned; where there are no lists of words, they are split at spaces.
        kept: the rows wanted.

    Returns:
        Arrow arrays by name, as long as `kept`; nothing where the source has neither words nor alignments.

    Raises:
        XAlignError: a link that cannot be read or names a word that there is not, scores that are not one a link or
            not 0 to 1.
    """
    has_words = all(f"{side}_words" in table.column_names for side in SIDES)
    if "alignment" not in table.column_names and not has_words:
        return {}
    sides = [_words(source, table, side, sentences, kept) for side, sentences in zip(SIDES, texts, strict=True)]
    arrays = {f"{side}_words": pa.array(words, _WORDS) for side, words in zip(SIDES, sides, strict=True)}
    if "alignment" not in table.column_names:
        return arrays
    rows = table["alignment"].take(kept).to_pylist() if kept else []
    links = [_links(source, row, *words) for row, *words in zip(rows, *sides, strict=True)]
    if "alignment_score" in table.column_names:
        rows = table["alignment_score"].take(kept).to_pylist() if kept else []
        scores = [_scores(source, row, own or []) for row, own in zip(rows, links, strict=True)]
        arrays["alignment_score"] = pa.array(map(_in_order_of, scores, links), pa.list_(pa.float64()))
    if links and any(links) and not any(0 in link for row in links for link in row or ()):
        logger.warning(
            "%s: no link of the alignment touches a first word (0): is it counted from 1? It is read from 0",
            source.path,
        )
    arrays["alignment"] = pa.array(map(_in_order_of, links, links), _LINKS)
    return arrays


def _words(source: Source, table: pa.Table, side: str, sentences: Sequence[str], kept: list[int]) -> list[list[str]]:
    if f"{side}_words" not in table.column_names:
        return [sentences[row].split() for row in kept]
    column = table[f"{side}_words"]
    if not _holds_lists_of_words(column.type):
        raise XAlignError(f"{source.path}: column {side}_words holds {column.type}, not lists of words")
    rows = column.take(kept).to_pylist() if kept else []
    for words in rows:
        if words is None or not all(word and word.strip() for word in words):
            raise XAlignError(f"{source.path}: a row of {side}_words has an empty word or none: {_shown(words)}")
    return rows


def _holds_lists_of_words(kind: pa.DataType) -> bool:
    of = kind.value_type if pa.types.is_list(kind) or pa.types.is_large_list(kind) else pa.null()
    return pa.types.is_string(of) or pa.types.is_large_string(of)


def _links(source: Source, row: Any, first: list[str], second: list[str]) -> list[list[int]] | None:
    if row is None:
        return None
    if not isinstance(row, str | list):
        raise XAlignError(f"{source.path}: alignment holds {row!r}, not a list of word links")
    links = []
    for item in row.split() if isinstance(row, str) else row:
        match = _PHARAOH_LINK.fullmatch(item) if isinstance(item, str) else None
        link = [int(match[1]), int(match[2])] if match else item
        if not isinstance(link, list) or len(link) != 2 or not all(isinstance(word, int) for word in link):
            raise XAlignError(f"{source.path}: {item!r} is no word link: write i-j, or a pair of whole numbers")
        if not (0 <= link[0] < len(first) and 0 <= link[1] < len(second)):
            raise XAlignError(
                f"{source.path}: link {link[0]}-{link[1]} is out of range in the pair {_shown(first)} "
                f"({len(first)} and {len(second)} words, counted from 0; is the alignment counted from 1?)"
            )
        links.append(link)
    return links


def _scores(source: Source, row: Any, links: list[list[int]]) -> list[float] | None:
    if row is None:
        return None
    if not isinstance(row, list):
        raise XAlignError(f"{source.path}: alignment_score holds {row!r}, not a list of numbers, one a link")
    if len(row) != len(links):
        raise XAlignError(f"{source.path}: {len(row)} scores for {len(links)} links: each link needs one")
    for score in row:
        if not isinstance(score, int | float) or not 0 <= score <= 1:
            raise XAlignError(f"{source.path}: a link has the score {score!r}; it must be a number, 0 to 1")
    return row


def _in_order_of(values: list | None, links: list[list[int]] | None) -> list | None:
    """The values of links in the order in which the links are sorted."""
    return values and [values[place] for place in sorted(range(len(values)), key=links.__getitem__)]


def _shown(words: Sequence[str] | None) -> str:
    text = " ".join(word or "" for word in words or ())
    return repr(text if len(text) <= 60 else text[:60] + "…")
