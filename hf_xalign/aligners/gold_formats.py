"""The file formats of gold alignments, read as they stand: indices neither checked yet nor made to count from 0."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hf_xalign.aligners.pharaoh import Pair, numbered_lines, parse_words
from hf_xalign.data.readers import check_columns, open_parquet
from hf_xalign.errors import XAlignError


Cells = list[tuple[int, int]]

# Names that such columns go by, the first being ours.
_SOURCE_WORDS = ("source_words", "src_tokens", "src_words")
_TARGET_WORDS = ("target_words", "tgt_tokens", "tgt_words")
_SURE = ("sure", "alignment")
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_CELL = re.compile(r"([0-9]{1,9})([-p])([0-9]{1,9})")
# A negative number is out of range, and found to be so: a well-known German-English file has one.
_WPT = re.compile(r"(\S+)\s+(-?[0-9]{1,9})\s+(-?[0-9]{1,9})(?:\s+([SP]))?(?:\s+[0-9.]+)?")


@dataclass
class RawGold:
    """One pair as its file has it: `where` names it in messages, `key` is its id where the file gives one."""

    where: str
    sure: Cells = field(default_factory=list)
    possible: Cells = field(default_factory=list)
    pair: Pair | None = None
    key: str | None = None
    label: str | None = None
    split: str | None = None


def read_pharaoh_gold(path: Path) -> Iterator[RawGold]:
    for number, line in numbered_lines(path):
        where = f"{path}, line {number}"
        yield RawGold(where, *gold_cells(line.split(), where))


def read_simalign_gold(path: Path) -> Iterator[RawGold]:
    for number, line in numbered_lines(path):
        where = f"{path}, line {number}"
        key, tab, links = line.partition("\t")
        if not tab:
            raise XAlignError(f"{where}: no tab; a line is an id, a tab and links, as in 12<TAB>0-0 1p2")
        yield RawGold(where, *gold_cells(links.split(), where), key=key)


def read_wpt_gold(path: Path) -> Iterator[RawGold]:
    """The shared tasks of 2003 and 2005: a line per link, S or P behind it (S where nothing stands)."""
    found: dict[str, RawGold] = {}
    for number, line in numbered_lines(path):
        if not line.strip():
            continue
        match = _WPT.fullmatch(line.strip())
        if match is None:
            raise XAlignError(f"{path}, line {number}: {line[:40]!r} is no link; write `id source target` and S or P")
        key, kind = match[1], match[4] or "S"
        raw = found.setdefault(key, RawGold(f"{path}, id {key} from line {number} on", key=key))
        (raw.sure if kind == "S" else raw.possible).append((int(match[2]), int(match[3])))
    yield from found.values()


def read_xlwa_gold(path: Path) -> Iterator[RawGold]:
    for number, line in numbered_lines(path):
        where = f"{path}, line {number}"
        parts = line.split("\t")
        if len(parts) != 3:
            raise XAlignError(f"{where}: {len(parts)} fields; a line is source, target and links with tabs between")
        pair = parse_words(parts[0]), parse_words(parts[1])
        yield RawGold(where, *gold_cells(parts[2].split(), where), pair=pair)


def read_table_gold(path: Path) -> Iterator[RawGold]:
    """JSONL or Parquet with `source_words`, `target_words`, `sure` and, where there are any, `possible`.

    `src_tokens` or `src_words`, `tgt_tokens` or `tgt_words`, and `alignment` for `sure` are known, too; a link is
    `"i-j"` or `[i, j]`. The columns `pair` (or `source_lang` and `target_lang`) and `split` sort the rows.
    """
    rows = _parquet_rows(path) if path.suffix == ".parquet" else _json_rows(path)
    names: list[str] | None = None
    for where, row in rows:
        if names is None:
            names = [_column(row, choice, path) for choice in (_SOURCE_WORDS, _TARGET_WORDS, _SURE)]
        sides = []
        for name in names[:2]:
            words = row.get(name)
            if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                raise XAlignError(f"{where}: {name!r} is not a list of words")
            if _HALF_CHARACTER.search("".join(words)):
                raise XAlignError(f"{where}: {name!r} holds half a surrogate pair, which is no character")
            sides.append(words)
        sure, also = gold_cells(_list(row.get(names[2]), names[2], where), where)
        possible, beside = gold_cells(_list(row.get("possible"), "possible", where), where)
        yield RawGold(
            where,
            sure,
            possible + also + beside,
            pair=(sides[0], sides[1]),
            label=_label(row),
            split=None if row.get("split") is None else str(row["split"]),
        )


READERS: dict[str, Callable[[Path], Iterable[RawGold]]] = {
    "pharaoh": read_pharaoh_gold,
    "simalign": read_simalign_gold,
    "wpt": read_wpt_gold,
    "xlwa": read_xlwa_gold,
    "table": read_table_gold,
}


def detect_format(path: Path) -> str:
    """One of `READERS`, by the name of the file, else by its first line that is not blank."""
    if path.suffix in (".parquet", ".jsonl"):
        return "table"
    first = next((line for _, line in numbered_lines(path) if line.strip()), "")
    if _WPT.fullmatch(first.strip()):
        return "wpt"
    if first.count("\t") == 2:
        return "xlwa"
    return "simalign" if "\t" in first and _CELL.fullmatch(first.split("\t")[0]) is None else "pharaoh"


def gold_cells(links: Iterable[Any], where: str) -> tuple[Cells, Cells]:
    """Sure and possible links out of `i-j`, `ipj` and `[i, j]`."""
    sure: Cells = []
    possible: Cells = []
    for link in links:
        if isinstance(link, str) and (match := _CELL.fullmatch(link)):
            (possible if match[2] == "p" else sure).append((int(match[1]), int(match[3])))
        elif isinstance(link, list) and len(link) == 2 and all(type(index) is int and index >= 0 for index in link):
            sure.append((link[0], link[1]))
        else:
            raise XAlignError(f"{where}: {str(link)[:40]!r} is no link; write i-j, or ipj for a possible one")
    return sure, possible


def _list(value: Any, name: str, where: str) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, str):
        return value.split()
    if not isinstance(value, list):
        raise XAlignError(f"{where}: {name!r} is not a list of links")
    return value


def _column(row: dict[str, Any], choice: tuple[str, ...], path: Path) -> str:
    found = next((name for name in choice if name in row), None)
    if found is None:
        check_columns(choice[:1], list(row), path)
    return found


def _label(row: dict[str, Any]) -> str | None:
    if row.get("pair") is not None:
        return str(row["pair"])
    if row.get("source_lang") is not None and row.get("target_lang") is not None:
        return f"{row['source_lang']}-{row['target_lang']}"
    return None


def _json_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in numbered_lines(path):
        where = f"{path}, line {number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise XAlignError(f"{where}: not JSON ({error})") from None
        if not isinstance(row, dict):
            raise XAlignError(f"{where}: not a JSON object")
        yield where, row


def _parquet_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with open_parquet(path) as file:
        number = 0
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                number += 1
                yield f"{path}, row {number}", row
