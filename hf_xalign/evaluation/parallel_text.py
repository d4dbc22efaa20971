"""Pairs of translations out of a file, in the columns that a language pair names."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hf_xalign.data.languages import Language, parse_language
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.language_pairs import expand_pairs, language_codes, parse_pair, same_language


MINICORPUS = "minicorpus:"
FORMATS = {".parquet": "parquet", ".jsonl": "jsonl", ".tsv": "tsv", ".csv": "csv"}


@dataclass(frozen=True)
class ParallelText:
    """N sentences (`source`) and their translations (`target`), in the languages `pair`, such as `hin_Deva`.

    `file` is the name of the file they come from, and `synthetic` says that nobody wrote them. `dropped` counts the
    rows left out because a side was null or empty; `rows` are the numbers, from 0, of those kept: two pairs of
    languages out of one file that have a row in common say the same thing there.
    """

    source: list[str]
    target: list[str]
    pair: tuple[str, str]
    file: str
    synthetic: bool
    dropped: int
    rows: list[int]

    def __len__(self) -> int:
        return len(self.source)

    @property
    def name(self) -> str:
        """What result files call the data unless they are told otherwise: the file without its ending."""
        return self.file.replace(":", "_") if self.synthetic else self.file.split(".")[0]

    def fingerprint(self) -> str:
        """16 hex digits that only these sentences in this order have, whatever the format of their file."""
        digest = hashlib.sha256()
        for pair in zip(self.source, self.target, strict=True):
            digest.update(json.dumps(pair, ensure_ascii=False).encode())
        return digest.hexdigest()[:16]


def read_parallel(file: str, pair: str, *, limit: int | None = None) -> ParallelText:
    """Read the pairs of `pair` from a Parquet, JSONL, TSV or CSV file, or from `minicorpus:SPLIT`.

    A language's column is named by its code (`hin_Deva`), else by its ISO 639-3 part (`hin`); else the columns
    `source` and `target` are taken, and of their rows those of the pair if `source_lang` and `target_lang` tell.

    Args:
        file: the path, or `minicorpus:SPLIT`.
        pair: two languages, such as `hin_Deva-urd_Arab`.
        limit: keep the first so many pairs of sentences.

    Raises:
        XAlignError: no such file or columns, a file that cannot be read, an unknown code, fewer than two pairs.
    """
    parse_pair(pair)
    return read_language_pairs(file, [pair], limit=limit)[0]


def read_language_pairs(file: str, pairs: Sequence[str], *, limit: int | None = None) -> list[ParallelText]:
    """`read_parallel` of several pairs, reading the file once; the last language of `eng_Latn-*` is all others.

    Args:
        file: Parquet, JSONL, TSV, CSV, or `minicorpus:SPLIT`.
        pairs: such as `hin_Deva-urd_Arab`.
        limit: keep the first so many rows of each pair.

    Raises:
        XAlignError: as `read_parallel`, for the first pair that is not there.
    """
    check_limit(limit)
    if file.startswith(MINICORPUS):
        languages = expand_pairs(pairs, [], file)
        return [usable_pairs(file, pair, *_read_minicorpus(file, pair), limit) for pair in languages]
    path = Path(file)
    names = column_names(path)
    languages = expand_pairs(pairs, language_codes(names), file)
    columns = [find_columns(names, pair, file) for pair in languages]
    if len(columns) > 1 and ["source", "target"] in columns:
        pair = languages[columns.index(["source", "target"])]
        raise XAlignError(f"{file} has no columns of {pair[0]}-{pair[1]}, only source and target: these are one pair")
    table = read_columns(path, [name for found in columns for name in found])
    texts = []
    for pair, found in zip(languages, columns, strict=True):
        rows = enumerate(zip(*(table[name] for name in found), strict=True))
        if len(found) == 4:
            rows = _rows_of_pair(rows, pair, file)
        texts.append(usable_pairs(file, pair, found, rows, limit))
    return texts


def describe_pairs(
    data: Sequence[ParallelText], *, name: str | None = None, synthetic: bool = False
) -> dict[str, str | bool]:
    """What result files say of several pairs out of one file; the fingerprint is of all their sentences."""
    parts = [f"{text.pair[0]}-{text.pair[1]} {text.fingerprint()}" for text in data]
    return {
        "name": name or data[0].name,
        "file": data[0].file,
        "fingerprint": hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16],
        "synthetic": data[0].synthetic or synthetic,
    }


def check_limit(limit: int | None) -> None:
    if limit is not None and limit < 2:
        raise XAlignError(f"--limit {limit} leaves nothing to retrieve from: keep at least 2 pairs")


def usable_pairs(
    file: str,
    pair: tuple[Language, Language],
    columns: Sequence[str],
    rows: Iterable[tuple[int, tuple]],
    limit: int | None,
) -> ParallelText:
    """What is usable of `rows`, each a number and its (source, target, ...), out of these columns."""
    names = (str(pair[0]), str(pair[1]))
    rows = list(rows)
    for number, texts in rows:
        for text in texts[:2]:
            if text is not None and not isinstance(text, str):
                place = f"row {number + 1} of {columns[0]} and {columns[1]}"
                raise XAlignError(f"{file}: {place} holds {text!r}, not text")
    kept = [(number, texts) for number, texts in rows if all(text and text.strip() for text in texts[:2])]
    dropped = len(rows) - len(kept)
    kept = kept[:limit]
    if len(kept) < 2:
        raise XAlignError(f"{file} holds {len(kept)} usable pairs of {'-'.join(names)}: at least 2 are needed")
    source, target = ([texts[side] for _, texts in kept] for side in (0, 1))
    numbers = [number for number, _ in kept]
    return ParallelText(source, target, names, Path(file).name, file.startswith(MINICORPUS), dropped, numbers)


def find_columns(columns: Sequence[str], languages: Sequence[Language], file: str) -> list[str]:
    """The two columns of a pair, or `source`, `target` and, where the file has them, their language columns."""
    found = [_column_of(language, columns, file) for language in languages]
    if None not in found and found[0] != found[1]:
        return found
    if "source" in columns and "target" in columns:
        tags = ["source_lang", "target_lang"]
        return ["source", "target", *(tags if set(tags) <= set(columns) else [])]
    if None in found:
        wanted = languages[found.index(None)]
        problem = f"no column for {wanted} (tried {', '.join(_names(wanted))}; source, target)"
    else:
        problem = f"column {found[0]} cannot stand for both {languages[0]} and {languages[1]}"
    shown = ", ".join(columns[:40]) + (f", … ({len(columns)} in all)" if len(columns) > 40 else "")
    raise XAlignError(f"{file} has {problem}; its columns are {shown}")


def _names(language: Language) -> list[str]:
    return list(dict.fromkeys([str(language), language.iso639_3]))


def _column_of(language: Language, columns: Sequence[str], file: str) -> str | None:
    for name in _names(language):
        if name in columns:
            return name
    if language.script is not None:
        return None
    # The pair says `hin` and the file `hin_Deva`: clear as long as there is one script.
    written = [name for name in columns if name.split("_")[0] == language.iso639_3 and len(name.split("_")[-1]) == 4]
    if len(written) > 1:
        raise XAlignError(f"{file} has {', '.join(written)}: say in --pair which script of {language} you mean")
    return written[0] if written else None


def _rows_of_pair(
    rows: Iterable[tuple[int, tuple]], languages: Sequence[Language], file: str
) -> list[tuple[int, tuple]]:
    rows = list(rows)
    tags = {tag for _, row in rows for tag in row[2:] if tag}
    known = {tag: parse_language(tag) for tag in tags}

    def agrees(tag: str | None, language: Language) -> bool:
        return bool(tag) and same_language(known[tag], language)

    kept = [(n, row) for n, row in rows if agrees(row[2], languages[0]) and agrees(row[3], languages[1])]
    if not kept:
        present = sorted({f"{row[2]}-{row[3]}" for _, row in rows})
        raise XAlignError(
            f"{file} has no rows of {languages[0]}-{languages[1]}; its pairs are {', '.join(present[:20]) or 'none'}"
        )
    return kept


def _read_minicorpus(file: str, languages: Sequence[Language]) -> tuple[list[str], Iterable[tuple[int, tuple]]]:
    from hf_xalign.data.minicorpus import load_parallel

    data = load_parallel(file.removeprefix(MINICORPUS), pair=(str(languages[0]), str(languages[1])))
    return ["source", "target"], enumerate(zip(data["source"], data["target"], strict=True))


def read_columns(path: Path, columns: Sequence[str]) -> dict[str, list]:
    """The values of some columns of a file that `column_names` has looked at."""
    from hf_xalign.data.readers import read_table

    table = read_table(path, _format(path), columns)
    return {name: table[name].to_pylist() for name in table.column_names}


def _format(path: Path) -> str:
    if not path.exists():
        raise XAlignError(f"no such file: {path} (give a file, or {MINICORPUS}test for the synthetic corpus)")
    format = FORMATS.get(Path(path.name.removesuffix(".gz")).suffix.lower())
    if path.is_dir() or format is None:
        raise XAlignError(f"cannot read {path}: give a file ending in {', '.join(FORMATS)}")
    return format


def column_names(path: Path) -> list[str]:
    """The columns of a Parquet, JSONL, TSV or CSV file.

    Raises:
        XAlignError: no such file, or one that cannot be read.
    """
    from hf_xalign.data.readers import open_parquet, read_lines

    format = _format(path)
    if format == "parquet":
        with open_parquet(path) as file:
            return file.schema_arrow.names
    if format != "jsonl":
        header = next(read_lines(path), (1, ""))[1]
        return next(csv.reader([header])) if format == "csv" else header.split("\t")
    names: dict[str, None] = {}
    for number, line in read_lines(path):
        try:
            names.update(dict.fromkeys(json.loads(line) if line.strip() else {}))
        except (ValueError, TypeError):
            raise XAlignError(f"{path}, line {number} is not a JSON object") from None
    return list(names)
