"""Pairs of sentences as `a ||| b` lines, and their links in Pharaoh form: `0-0 1-2:0.97`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

from hf_xalign.aligners.base import Link
from hf_xalign.data.readers import read_lines
from hf_xalign.data.words import split_words
from hf_xalign.errors import XAlignError


Pair: TypeAlias = tuple[list[str], list[str]]

SEPARATOR = "|||"
_LINK = re.compile(r"([0-9]{1,9})-([0-9]{1,9})(?::([0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?))?")
# Other white space is a word, or a part of one, in files whose indices count it: an ideographic space of KFTT, say.
_BETWEEN_WORDS = re.compile(r"[ \t]+")


def parse_pharaoh(line: str, where: str) -> list[Link]:
    """The links of one line, sorted, each once; `i-j` without a score has the score 1.

    Args:
        line: `i-j` or `i-j:p`, with spaces between; indices count from 0. A blank line is a pair without links.
        where: names the line in messages.

    Raises:
        XAlignError: something else stands there, or a score that is not within 0 and 1.
    """
    links: dict[tuple[int, int], float] = {}
    for text in line.split():
        match = _LINK.fullmatch(text)
        if match is None:
            hint = "possible links (ipj) are for gold alignments" if "p" in text else "write i-j or i-j:score"
            raise XAlignError(f"{where}: {text[:40]!r} is no link; {hint}")
        score = 1.0 if match[3] is None else float(match[3])
        if score > 1:
            raise XAlignError(f"{where}: the score of {text[:40]!r} is not within 0 and 1")
        pair = int(match[1]), int(match[2])
        links[pair] = max(score, links.get(pair, 0.0))
    return sorted((i, j, score) for (i, j), score in links.items())


def format_pharaoh(links: Iterable[Link], scores: bool = False) -> str:
    """`i-j` for each link in the order given, or with `scores`, `i-j:p` with four decimals."""
    if scores:
        return " ".join(f"{i}-{j}:{score:.4f}" for i, j, score in links)
    return " ".join(f"{i}-{j}" for i, j, _ in links)


def parse_pair(line: str, where: str, *, raw: bool = False) -> Pair:
    """The words of both sides of an `a ||| b` line.

    Args:
        where: names the line in messages.
        raw: the sides are running text, whose words `hf_xalign.data.words.split_words` finds; otherwise words stand
            between spaces.

    Raises:
        XAlignError: `|||` is missing or there more than once, or a side is empty.
    """
    sides = line.split(SEPARATOR)
    if len(sides) != 2:
        if not line.strip():
            raise XAlignError(f"{where}: the line is empty; each needs two sentences, as in a ||| b")
        told = "is missing" if len(sides) == 1 else f"stands there {len(sides) - 1} times"
        raise XAlignError(f"{where}: '{SEPARATOR}' {told}; it goes once between two sentences, as in a ||| b")
    source, target = ((split_words(side) if raw else parse_words(side)) for side in sides)
    for name, words in (("source", source), ("target", target)):
        if not any(word.strip() for word in words):
            raise XAlignError(f"{where}: the {name} side is empty; each line needs two sentences, as in a ||| b")
    return source, target


def read_pairs(path: str | os.PathLike, *, raw: bool = False) -> list[Pair]:
    """Every line of an `a ||| b` file; see [`parse_pair`].

    Raises:
        XAlignError: no such file, or a line that is broken or not UTF-8, which is named.
    """
    return [parse_pair(line, f"{path}, line {number}", raw=raw) for number, line in numbered_lines(path)]


def read_links(path: str | os.PathLike) -> list[list[Link]]:
    """Every line of a Pharaoh file; see [`parse_pharaoh`]."""
    return [parse_pharaoh(line, f"{path}, line {number}") for number, line in numbered_lines(path)]


def check_links(links: Iterable[tuple], pair: Pair, where: str) -> None:
    """Raise an `XAlignError` that names the first link that points past the words of the pair."""
    source, target = map(len, pair)
    for i, j, *_ in links:
        if i >= source or j >= target:
            raise XAlignError(
                f"{where}: link {i}-{j} is out of range: the sides have {source} and {target} words, counted from 0"
            )


def numbered_lines(path: str | os.PathLike) -> list[tuple[int, str]]:
    """`(number from 1, line)` of a text file, decompressed where its name ends in .gz."""
    try:
        return list(read_lines(Path(path)))
    except OSError as error:
        raise XAlignError(f"cannot read {path}: {error.strerror or error}") from None


def parse_words(side: str) -> list[str]:
    """Words between spaces or tabs."""
    return [word for word in _BETWEEN_WORDS.split(side) if word]
