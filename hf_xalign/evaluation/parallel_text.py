"""Pairs of translations out of a file, in the columns that a language pair names."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hf_xalign.data.languages import Language, parse_language
from hf_xalign.errors import XAlignError


MINICORPUS = "minicorpus:"
FORMATS = {".parquet": "parquet", ".jsonl": "jsonl", ".tsv": "tsv", ".csv": "csv"}


@dataclass(frozen=True)
class ParallelText:
    """N sentences and their translations; `dropped` counts the rows left out because a side was null or empty."""

    source: list[str]
    target: list[str]
    pair: tuple[str, str]
    file: str
    synthetic: bool
    dropped: int

    def __len__(self) -> int:
        return len(self.source)

    @property
    def name(self) -> str:
        return self.file.replace(":", "_") if self.synthetic else self.file.split(".")[0]

    def fingerprint(self) -> str:
        """16 hex digits that only these sentences in this order have, whatever the format of their file."""
        digest = hashlib.sha256()
        for pair in zip(self.source, self.target, strict=True):
            digest.update(json.dumps(pair, ensure_ascii=False).encode())
        return digest.hexdigest()[:16]


def parse_pair(text: str) -> tuple[Language, Language]:
    """`hin_Deva-urd_Arab` as two languages, source and target."""
    codes = text.split("-")
    if len(codes) != 2:
        raise XAlignError(f"cannot read the language pair {text!r}: write it as hin_Deva-urd_Arab")
    source, target = (parse_language(code) for code in codes)
    if source == target:
        raise XAlignError(f"the language pair {text!r} names one language twice")
    return source, target


def read_parallel(file: str, pair: str, *, limit: int | None = None) -> ParallelText:
    """Read the pairs of `pair` from a Parquet, JSONL, TSV or CSV file, or from `minicorpus:SPLIT`.

    A language's column is named by its code (`hin_Deva`), else by its ISO 639-3 part (`hin`); else the columns
    `source` and `target` are taken, and of their rows those of the pair if `source_lang` and `target_lang` tell.

    Args:
        limit: keep the first so many pairs.

    Raises:
        XAlignError: no such file or columns, a file that cannot be read, an unknown code, fewer than two pairs.
    """
    languages = parse_pair(pair)
    if limit is not None and limit < 2:
        raise XAlignError(f"--limit {limit} leaves nothing to retrieve from: keep at least 2 pairs")
    if file.startswith(MINICORPUS):
        columns, rows = _read_minicorpus(file, languages)
    else:
        columns, rows = _read_file(Path(file), languages)
    if len(columns) == 4:
        rows = _rows_of_pair(rows, languages, file)
    for number, row in enumerate(rows, start=1):
        for text in row[:2]:
            if text is not None and not isinstance(text, str):
                raise XAlignError(f"{file}: row {number} of {columns[0]} and {columns[1]} holds {text!r}, not text")
    kept = [(source, target) for source, target, *_ in rows if source and source.strip() and target and target.strip()]
    dropped = len(rows) - len(kept)
    kept = kept[:limit]
    if len(kept) < 2:
        raise XAlignError(f"{file} holds {len(kept)} usable pairs of {pair}: at least 2 are needed")
    source, target = (list(side) for side in zip(*kept, strict=True))
    names = (str(languages[0]), str(languages[1]))
    return ParallelText(source, target, names, Path(file).name, file.startswith(MINICORPUS), dropped)


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


def _rows_of_pair(rows: list[tuple], languages: Sequence[Language], file: str) -> list[tuple]:
    tags = {tag for row in rows for tag in row[2:] if tag}
    known = {tag: parse_language(tag) for tag in tags}

    def agrees(tag: str | None, language: Language) -> bool:
        if not tag:
            return False
        other = known[tag]
        scripts = {other.script, language.script} - {None}
        return other.iso639_3 == language.iso639_3 and len(scripts) < 2

    kept = [row for row in rows if agrees(row[2], languages[0]) and agrees(row[3], languages[1])]
    if not kept:
        present = sorted({f"{row[2]}-{row[3]}" for row in rows})
        raise XAlignError(
            f"{file} has no rows of {languages[0]}-{languages[1]}; its pairs are {', '.join(present[:20]) or 'none'}"
        )
    return kept


def _read_minicorpus(file: str, languages: Sequence[Language]) -> tuple[list[str], list[tuple]]:
    from hf_xalign.data.minicorpus import load_parallel

    data = load_parallel(file.removeprefix(MINICORPUS), pair=(str(languages[0]), str(languages[1])))
    return ["source", "target"], list(zip(data["source"], data["target"], strict=True))


def _read_file(path: Path, languages: Sequence[Language]) -> tuple[list[str], list[tuple]]:
    from hf_xalign.data.readers import read_table

    if not path.exists():
        raise XAlignError(f"no such file: {path} (give a file, or {MINICORPUS}test for the synthetic corpus)")
    format = FORMATS.get(Path(path.name.removesuffix(".gz")).suffix.lower())
    if path.is_dir() or format is None:
        raise XAlignError(f"cannot read {path}: give a file ending in {', '.join(FORMATS)}")
    columns = find_columns(_column_names(path, format), languages, str(path))
    table = read_table(path, format, columns)
    return columns, list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _column_names(path: Path, format: str) -> list[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from hf_xalign.data.readers import read_lines

    if format == "parquet":
        try:
            return pq.read_schema(path).names
        except (pa.ArrowException, OSError) as error:
            raise XAlignError(f"cannot read {path} as Parquet: {' '.join(str(error).split())}") from None
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
