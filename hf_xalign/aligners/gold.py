"""Gold alignments: which words people linked, surely or possibly, out of the formats that such data come in."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hf_xalign.aligners.gold_formats import READERS, RawGold, detect_format
from hf_xalign.aligners.pharaoh import Pair
from hf_xalign.errors import XAlignError
from hf_xalign.messages import counted, did_you_mean


FORMATS = tuple(READERS)


@dataclass(frozen=True)
class GoldAlignment:
    """The links of one pair of sentences, `(i, j)` from 0; every sure link is a possible one, too (Och and Ney, 2003).

    `GoldAlignment(sure, possible)` takes any iterables of pairs and adds `sure` to `possible`.
    """

    sure: frozenset[tuple[int, int]]
    possible: frozenset[tuple[int, int]] = frozenset()

    def __post_init__(self) -> None:
        sure = frozenset(tuple(link) for link in self.sure)
        object.__setattr__(self, "sure", sure)
        object.__setattr__(self, "possible", sure | {tuple(link) for link in self.possible})


@dataclass(frozen=True)
class GoldStandard:
    """N sentence pairs with their gold alignments.

    `labels` holds the language pair of each (`"eng-ita"`) where the file tells; `places` names each in its file, and
    `rows` numbers it from 0 among the `total` pairs that the file (or its split) has; `notices` says what a reader
    should know: links that were left out, indices that may count from 1.
    """

    pairs: list[Pair]
    alignments: list[GoldAlignment]
    labels: list[str] | None
    places: list[str]
    rows: list[int]
    total: int
    format: str
    file: str
    notices: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.pairs)

    def fingerprint(self) -> str:
        """16 hex digits that only these words with these links have, whatever the format of their file."""
        digest = hashlib.sha256()
        for (source, target), truth in zip(self.pairs, self.alignments, strict=True):
            row = [list(source), list(target), sorted(truth.sure), sorted(truth.possible)]
            digest.update(json.dumps(row).encode())
        return digest.hexdigest()[:16]

    def first(self, limit: int) -> GoldStandard:
        """The first so many pairs of each language pair."""
        seen: Counter[str | None] = Counter()

        def early(label: str | None) -> bool:
            seen[label] += 1
            return seen[label] <= limit

        return self.where(early)

    def where(self, wanted: Callable[[str | None], bool]) -> GoldStandard:
        """The pairs whose label is `wanted`; each is asked of once, in order."""
        kept = [place for place, label in enumerate(self.labels or [None] * len(self)) if wanted(label)]

        def of(values: list) -> list:
            return [values[place] for place in kept]

        return replace(
            self,
            pairs=of(self.pairs),
            alignments=of(self.alignments),
            labels=self.labels and of(self.labels),
            places=of(self.places),
            rows=of(self.rows),
        )


def gold_has_words(path: str | os.PathLike, format: str | None = None) -> bool:
    """Whether a gold file holds its sentences, too, so that no file of `a ||| b` lines goes beside it."""
    return _format(Path(path), format) in ("table", "xlwa")


def read_gold(
    path: str | os.PathLike,
    pairs: Sequence[Pair | None] | None = None,
    *,
    format: str | None = None,
    one_based: bool = False,
    split: str | None = None,
    skip_bad: bool = False,
) -> GoldStandard:
    """Read a gold standard and check every link against the sentences.

    Args:
        pairs: the sentences of a format that holds links only, in the order of the file; None for one is a pair that
            is left out.
        format: one of `FORMATS`; by default the file's name and first line tell.
        one_based: the file counts words from 1.
        split: keep the rows whose column `split` says so. A file with several splits needs it: those that settings
            are chosen on are not to be reported on.
        skip_bad: leave out links that point past the words, and pairs without words, and say so in `notices`.

    Raises:
        XAlignError: what cannot be read, or does not fit the sentences, named by file, line and link. A file in which
            links are out of range and none touches word 0 is said to count from 1.
    """
    path = Path(path)
    format = _format(path, format)
    raws = _of_split(list(READERS[format](path)), split, path)
    if not raws:
        raise XAlignError(f"{path} holds no gold alignment")
    if format in ("simalign", "wpt"):
        raws = _by_key(raws, None if pairs is None else len(pairs), path)
    total = len(raws)
    rows = _rows_with_words(raws, pairs, path, skip_bad)
    if not rows:
        raise XAlignError(f"{path} has no gold alignment for a pair that could be read")
    notices = []
    if pairs is None and len(rows) < total:
        notices.append(f"{path}: {counted(total - len(rows), 'pair')} left out, a side is empty")
    raws = [raws[row] for row in rows]
    links = [link for raw in raws for link in (*raw.sure, *raw.possible)]
    touches_zero = any(0 in link for link in links)
    bad = [(raw, link) for raw in raws for link in _out_of_range(raw, one_based)]
    if bad:
        _complain(bad, one_based, touches_zero, skip_bad)
        touched = len({raw.where for raw, _ in bad})
        notices.append(
            f"{path}: {counted(len(bad), 'link')} of {counted(touched, 'pair')} left out, pointing past the words"
        )
    elif links and not one_based and not touches_zero:
        notices.append(f"{path}: no link touches word 0; if the file counts words from 1, give --one-based")
    dropped = {(raw.where, link) for raw, link in bad}
    alignments = [
        GoldAlignment(*(_shifted(raw, cells, one_based, dropped) for cells in (raw.sure, raw.possible)))
        for raw in raws
    ]
    labels = [raw.label for raw in raws]
    return GoldStandard(
        [raw.pair for raw in raws],
        alignments,
        labels if all(label is not None for label in labels) else None,
        [raw.where for raw in raws],
        rows,
        total,
        format,
        path.name,
        notices,
    )


def _format(path: Path, format: str | None) -> str:
    if not path.is_file():
        raise XAlignError(f"{path}: {'is a folder; name a file in it' if path.is_dir() else 'no such file'}")
    if format is None:
        return detect_format(path)
    if format not in READERS:
        raise XAlignError(f"unknown gold format {format!r}{did_you_mean(format, READERS)}")
    return format


def _of_split(raws: list[RawGold], split: str | None, path: Path) -> list[RawGold]:
    splits = sorted({raw.split for raw in raws if raw.split is not None})
    if split is None:
        if len(splits) > 1:
            raise XAlignError(f"{path} holds the splits {', '.join(splits)}; choose one with --split")
        return raws
    if split not in splits:
        raise XAlignError(f"{path} has no split {split!r}; it holds {', '.join(splits) or 'none'}")
    return [raw for raw in raws if raw.split == split]


def _by_key(raws: list[RawGold], count: int | None, path: Path) -> list[RawGold]:
    """One entry per sentence pair, in the order of their ids; ids that are left out are pairs without links.

    Files number their pairs from 1, from 0, or from anywhere (`26`, `0447`). Where there are as many ids as pairs,
    their order alone counts.
    """
    if len({raw.key for raw in raws}) < len(raws):
        seen: set[str | None] = set()
        twice = next(raw for raw in raws if raw.key in seen or seen.add(raw.key))
        raise XAlignError(f"{twice.where}: the id {twice.key!r} stands there twice")
    whole = all(raw.key.isascii() and raw.key.isdecimal() for raw in raws)
    if whole:
        raws = sorted(raws, key=lambda raw: int(raw.key))
    if count is None or len(raws) == count:
        return raws
    first, last = (int(raws[place].key) for place in (0, -1)) if whole and raws else (0, -1)
    base = min(first, 1)
    if not whole or len(raws) > count or last - base >= count:
        what = f"{counted(len(raws), 'id')}, beside {counted(count, 'pair')}"
        raise XAlignError(f"{path} has gold for {what}; which belongs to which?")
    found = {int(raw.key) - base: raw for raw in raws}
    return [found.get(place) or RawGold(f"{path}, id {place + base}") for place in range(count)]


def _rows_with_words(
    raws: list[RawGold], pairs: Sequence[Pair | None] | None, path: Path, skip_bad: bool
) -> list[int]:
    """Give every entry its words, and tell which entries have some."""
    if raws[0].pair is None:
        if pairs is None:
            raise XAlignError(f"{path} holds links only; give the file of its sentences, `a ||| b` a line, too")
        if len(pairs) != len(raws):
            lines = counted(len(raws), "line")
            raise XAlignError(f"{path} has {lines} of gold links, the file of sentences has {len(pairs)}")
        for raw, pair in zip(raws, pairs, strict=True):
            raw.pair = pair
        return [row for row, raw in enumerate(raws) if raw.pair is not None]
    if pairs is not None:
        raise XAlignError(f"{path} holds its own sentences; leave out the file of `a ||| b` lines")
    rows = []
    for row, raw in enumerate(raws):
        empty = [name for name, words in zip(("source", "target"), raw.pair, strict=True) if not words or "" in words]
        if not empty:
            rows.append(row)
        elif not skip_bad:
            raise XAlignError(f"{raw.where}: the {empty[0]} side is empty, or holds an empty word")
    return rows


def _out_of_range(raw: RawGold, one_based: bool) -> list[tuple[int, int]]:
    source, target = map(len, raw.pair)
    return [
        link
        for link in dict.fromkeys((*raw.sure, *raw.possible))
        if not (0 <= link[0] - one_based < source and 0 <= link[1] - one_based < target)
    ]


def _complain(
    bad: Sequence[tuple[RawGold, tuple[int, int]]], one_based: bool, touches_zero: bool, skip_bad: bool
) -> None:
    """Raise for links out of range, unless they may be left out; a wrong base is never a matter of leaving out."""
    raw, link = bad[0]
    what = f"{raw.where}: link {link[0]}-{link[1]} is out of range"
    if one_based and touches_zero:
        raw, link = next(((raw, link) for raw, link in bad if 0 in link), bad[0])
        raise XAlignError(
            f"{raw.where}: link {link[0]}-{link[1]} touches word 0, so the file counts from 0; leave out --one-based"
        )
    if not one_based and not touches_zero:
        raise XAlignError(f"{what}, and none of the file touches word 0, so it counts from 1: give --one-based")
    if not skip_bad:
        source, target = map(len, raw.pair)
        more = f"; {len(bad)} such links in the file" if len(bad) > 1 else ""
        raise XAlignError(
            f"{what}: the sides have {source} and {target} words, counted from {int(one_based)}{more}; "
            "mend the file, or leave such links out with --skip-bad"
        )


def _shifted(
    raw: RawGold, cells: Iterable[tuple[int, int]], one_based: bool, dropped: set[tuple[str, tuple[int, int]]]
) -> list[tuple[int, int]]:
    return [(i - one_based, j - one_based) for i, j in cells if (raw.where, (i, j)) not in dropped]
