"""The data section of a recipe -> a folder of prepared data."""

from __future__ import annotations

import logging
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from datasets import Dataset
from filelock import FileLock

from hf_xalign.aligners import load_aligner
from hf_xalign.data.arguments import SECTIONS, DataArguments
from hf_xalign.data.clean_rows import read_rows
from hf_xalign.data.cleaning import rows_of
from hf_xalign.data.corpora import empty_table
from hf_xalign.data.data_fingerprint import fingerprint_of, versions
from hf_xalign.data.dataset_card import render_dataset_card
from hf_xalign.data.prepared import FORMAT, PreparedData, load_prepared, read_info, write_info
from hf_xalign.data.shards import map_in_shards
from hf_xalign.data.sources import MINICORPUS, Source, parse_source
from hf_xalign.data.tokenizer_training import train_sentencepiece_tokenizer
from hf_xalign.data.transliteration import Transliterate, transliteration_options
from hf_xalign.data.word_alignment import align_dataset
from hf_xalign.errors import XAlignError


__all__ = ["PreparedData", "load_prepared", "prepare"]

logger = logging.getLogger("hf_xalign")

# Rows that are romanised between two points from which a killed preparation goes on: about a second.
SHARD_ROWS = 5000


def prepare(
    data_args: DataArguments,
    *,
    default_dir: str | Path | None = None,
    encoder: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Read, clean, romanise and save the data of a recipe.

    The folder holds `train.parquet` (`text, lang, text_latn` of sentences; `source, target, source_lang, target_lang`
    of pairs, with `source_words, target_words, alignment, alignment_score` where they are aligned),
    `selection.parquet` and `test.parquet` (pairs), `tokenizer/` where one was trained, `preparation.json` (what was
    read, left out and kept) and `README.md`. A complete folder made from equal settings and files is used as it is;
    any other is rebuilt. It appears all at once, when it is complete. Until then what is romanised and aligned is kept
    in shards beside it (in `.<its name>.shards`), so that the same call goes on where one was killed.

    Args:
        data_args: the data section.
        default_dir: the folder where `data_args.prepared_dir` is not set.
        encoder: the encoder that will be trained further; it brings its tokenizer, so none is trained.
        overwrite: rebuild even a folder that could be used.

    Returns:
        The folder.

    Raises:
        XAlignError: no training data, a source that cannot be read, nothing left to train on, a vocabulary that the
            text is too small for, or a folder that holds something else.
    """
    folder = prepared_folder(data_args, default_dir)
    sections = read_sections(data_args)
    settings = data_settings(data_args, encoder)
    fingerprint = fingerprint_of_data(data_args, sections, encoder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Two runs of recipes that share their data may start together: one prepares, the other waits and uses.
        with FileLock(folder.parent / f".{folder.name}.lock"):
            for left in _beside(folder):  # of a run that was killed
                shutil.rmtree(left, ignore_errors=True)
            shards = shard_folder(folder, fingerprint)
            for left in set(shards.parent.glob("*")) - {shards}:  # of other data or settings
                shutil.rmtree(left, ignore_errors=True)
            if is_prepared(folder, fingerprint) and not overwrite:
                logger.info("using prepared data in %s", folder)
            else:
                _replace(
                    folder,
                    lambda partial: _write(partial, data_args, settings, sections, fingerprint, shards=shards),
                )
            shutil.rmtree(shards.parent, ignore_errors=True)
    except OSError as error:
        raise XAlignError(f"{folder} cannot be written: {error.strerror or error}") from None
    return folder


def fingerprint_of_data(data_args: DataArguments, sections: dict[str, list[Source]], encoder: str | None) -> str:
    """By which the data of a recipe are known again; see [`fingerprint_of`]."""
    return fingerprint_of(data_settings(data_args, encoder), sections, romaniser(data_args, "text", "lang").backend_id)


def prepared_folder(data_args: DataArguments, default_dir: str | Path | None) -> Path:
    """Where the data of a recipe go."""
    folder = data_args.prepared_dir or default_dir
    if folder is None:
        raise XAlignError("prepared_dir is not set: name the folder that the prepared data go to")
    return Path(folder)


def shard_folder(folder: Path, fingerprint: str) -> Path:
    """Where finished shards are kept until the folder is complete."""
    return folder.parent / f".{folder.name}.shards" / fingerprint


def _beside(folder: Path) -> tuple[Path, Path]:
    """Where the folder is written, and where the one goes that it replaces."""
    return folder.parent / f".{folder.name}.partial", folder.parent / f".{folder.name}.old"


def _replace(folder: Path, write: Callable[[Path], None]) -> None:
    """Have `write` fill a folder beside `folder`, then put it in its place."""
    partial, old = _beside(folder)
    partial.mkdir()
    try:
        write(partial)
        # Not deleted in its place: half of it would be taken for something else, and never touched again.
        if folder.exists():
            os.replace(folder, old)
        os.replace(partial, folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)


def is_prepared(folder: Path, fingerprint: str) -> bool:
    """Whether `folder` holds these data. It may be missing, empty, or hold prepared data; nothing else is touched."""
    if folder.is_file():
        raise XAlignError(f"{folder} is a file; set prepared_dir to a folder")
    if not folder.exists() or not any(folder.iterdir()):
        return False
    info = read_info(folder)
    if info is None:
        raise XAlignError(f"{folder} holds something else than prepared data; set another prepared_dir")
    if info["fingerprint"] == fingerprint:
        return True
    logger.warning("%s was made from other data or settings: preparing it again", folder)
    return False


def read_sections(data_args: DataArguments) -> dict[str, list[Source]]:
    """The sources of each section, checked. What selects and tests is pairs: it is retrieved in both directions."""
    if not data_args.train_data:
        raise XAlignError("train_data is empty: name at least one source to train on")
    pairs = {"selection_data": "pairs", "test_data": "pairs"}
    return {
        section: [
            parse_source(spec, f"{section}.{index}", pairs.get(section))
            for index, spec in enumerate(getattr(data_args, section))
        ]
        for section in SECTIONS
    }


def data_settings(data_args: DataArguments, encoder: str | None) -> dict[str, Any]:
    """What, besides the sources, decides what is in a folder of prepared data."""
    train_tokenizer = data_args.tokenizer_name is None and encoder is None
    transliteration = {key: value for key, value in data_args.transliteration.items() if key != "backend"}
    return {
        # Counts up when the rules change by which rows are left out.
        "rules": 2,
        "deduplicate": data_args.deduplicate,
        "transliteration_backend": data_args.transliteration.get("backend", "uroman"),
        # Only where there are any: data that were prepared without stay what they are.
        **({"transliteration": transliteration} if transliteration else {}),
        "vocab_size": data_args.vocab_size if train_tokenizer else None,
        "tokenizer_train_on": data_args.tokenizer_train_on if train_tokenizer else None,
        "aligner": load_aligner(**data_args.aligner).id if data_args.aligner else None,
        "romanise_targets": data_args.romanise_targets,
    }


def _write(
    folder: Path,
    data_args: DataArguments,
    settings: dict[str, Any],
    sections: dict[str, list[Source]],
    fingerprint: str,
    *,
    shards: Path,
) -> None:
    rows = read_rows(data_args, sections)
    languages = _by_language(rows.train_counts, rows.train)
    # Selection pairs go with those of training: a validation loss reads the same columns, and an aligner that learns
    # from the corpus learns from all of it.
    train, selection = _join(rows.train, data_args, shards), _concatenated(rows.selection)
    # A copy of each sentence at a time, no more: memory is what bounds how many can be prepared.
    rows.train.clear()
    if "source" in train.column_names:
        together = pa.concat_tables([train, selection], promote_options="default")
        together = _enrich_pairs(together, data_args, shards)
        train, selection = together.slice(0, train.num_rows), together.slice(train.num_rows)
        train, selection = _without_empty_columns(train), _without_empty_columns(selection)
    _write_parquet(train, folder / "train.parquet")
    held_out = {"selection": rows.selection, "test": rows.test}
    for name, table in (("selection", selection), ("test", _concatenated(rows.test))):
        if held_out[name]:
            _write_parquet(table, folder / f"{name}.parquet")
    if settings["vocab_size"] is not None:
        texts = _sentences(train, with_transliterations=settings["tokenizer_train_on"] == "both")
        train_sentencepiece_tokenizer(texts, folder / "tokenizer", settings["vocab_size"])
    info = {
        "format": FORMAT,
        "fingerprint": fingerprint,
        "settings": settings,
        "rows": {
            "train": train.num_rows,
            **{name: sum(table.num_rows for table in tables) for name, tables in held_out.items()},
        },
        "languages": languages,
        "sources": rows.sources,
        "synthetic": any(source.path.startswith(MINICORPUS) for part in sections.values() for source in part),
        "versions": versions(romaniser(data_args, "text", "lang").backend_id),
    }
    info["rows"] = {name: count for name, count in info["rows"].items() if count}
    (folder / "README.md").write_text(render_dataset_card(info), encoding="utf-8")
    write_info(folder, info)


def _join(tables: Sequence[pa.Table], data_args: DataArguments, shards: Path) -> pa.Table:
    """The rows of several sources in one table: sentences with their `text_latn`, pairs with their word alignment."""
    parts = []
    sentences = [table for table in tables if "text" in table.column_names and table.num_rows]
    if sentences:
        data = _romanised(Dataset(pa.concat_tables(sentences)), data_args, "text", "lang", shards)
        parts.append(data.with_format("arrow")[:])
    pairs = [table for table in tables if "source" in table.column_names and table.num_rows]
    if pairs:
        parts.append(pa.concat_tables(pairs, promote_options="default"))
    return pa.concat_tables(parts, promote_options="default")


def _enrich_pairs(table: pa.Table, data_args: DataArguments, shards: Path) -> pa.Table:
    """Pairs with a romanised target and with word alignments, as far as the recipe asks for them."""
    of_pairs = "source" in table.column_names and (data_args.romanise_targets or data_args.aligner)
    if not of_pairs:
        return table
    has_source = pc.is_valid(table["source"])
    others = table.filter(pc.invert(has_source))
    data = Dataset(table.filter(has_source))
    if data_args.romanise_targets:
        data = _romanised(data, data_args, "target", "target_lang", shards)
    if data_args.aligner:
        aligner = load_aligner(**data_args.aligner)
        data = align_dataset(data, aligner, keep=True, num_proc=data_args.preprocessing_num_proc, shards=shards)
    return pa.concat_tables([others, data.with_format("arrow")[:]], promote_options="default")


def _romanised(data: Dataset, data_args: DataArguments, column: str, lang_column: str, shards: Path) -> Dataset:
    romanise = romaniser(data_args, column, lang_column)
    num_proc = data_args.preprocessing_num_proc
    return map_in_shards(data, romanise, shards, batch_size=SHARD_ROWS, num_proc=num_proc, desc="Romanising")


def romaniser(data_args: DataArguments, column: str, lang_column: str) -> Transliterate:
    """What romanises a column, by the recipe's `transliteration`."""
    return Transliterate(column, lang_column=lang_column, **transliteration_options(data_args.transliteration))


def _concatenated(tables: Sequence[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables, promote_options="default") if tables else empty_table("pairs")


def _without_empty_columns(table: pa.Table) -> pa.Table:
    """Without the columns that only other tables have, and that are null here."""
    return table.drop_columns([name for name in table.column_names if table[name].null_count == table.num_rows])


def _write_parquet(table: pa.Table, path: Path) -> None:
    pq.write_table(table.replace_schema_metadata(None), path, compression="zstd")


def _sentences(train: pa.Table, with_transliterations: bool) -> Iterator[str]:
    """What a tokenizer is trained on, a column at a time."""
    for column in ("text", "source", "target", *(["text_latn"] if with_transliterations else [])):
        if column in train.column_names:
            for chunk in train[column].chunks:
                yield from filter(None, chunk.to_pylist())


def _by_language(
    by_source: Sequence[dict[str, dict[str, int]]], tables: Sequence[pa.Table]
) -> dict[str, dict[str, int]]:
    """The counts of all train sources, a language at a time, and the words that are left."""
    total: dict[str, Counter] = defaultdict(Counter)
    for counts, table in zip(by_source, tables, strict=True):
        for language, count in counts.items():
            # A language of which no row is left has no words.
            total[language].update({**count, "words": 0})
        of_pairs = "source" in table.column_names
        codes = ("source_lang", "target_lang") if of_pairs else ("lang",)
        for text, *code in rows_of(table, "source" if of_pairs else "text", *codes):
            total["-".join(code)]["words"] += len(text.split())
    return {language: dict(total[language]) for language in sorted(total)}
