"""Preparation by several processes, on one machine or many, that share nothing but the folder they write to."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from datasets import Dataset

from hf_xalign.aligners import load_aligner
from hf_xalign.data.arguments import DataArguments
from hf_xalign.data.clean_rows import CleanRows, read_rows
from hf_xalign.data.preparation import (
    SHARD_ROWS,
    fingerprint_of_data,
    is_prepared,
    prepare,
    prepared_folder,
    read_sections,
    romaniser,
    shard_folder,
)
from hf_xalign.data.shards import fill_shards
from hf_xalign.data.word_alignment import BATCH_ROWS, AlignWords
from hf_xalign.errors import XAlignError


def prepare_part(
    data_args: DataArguments,
    part: tuple[int, int],
    *,
    default_dir: str | Path | None = None,
    encoder: str | None = None,
) -> Path | None:
    """Romanise and align a part of the shards of a recipe's data; whoever finishes last joins them.

    No process waits for another: they may start at different times, and be started again. Each reads and cleans all
    sources, which is quick beside the rest. An aligner that learns from the corpus runs when the shards are joined.

    Args:
        data_args: the data section.
        part: which one, from 0, and of how many.
        default_dir, encoder: as for [`prepare`].

    Returns:
        The folder of [`prepare`], with the bytes that it gives alone; None where other parts are not done.

    Raises:
        XAlignError: there is no such part, or as [`prepare`].
    """
    index, count = part
    if not 0 <= index < count:
        raise XAlignError(f"there is no part {index} of {count}: parts are numbered from 0")
    folder, sections = prepared_folder(data_args, default_dir), read_sections(data_args)
    fingerprint = fingerprint_of_data(data_args, sections, encoder)
    try:
        if not is_prepared(folder, fingerprint):
            shards = shard_folder(folder, fingerprint)
            if not _fill(read_rows(data_args, sections), data_args, shards, part):
                return None
    except OSError as error:
        raise XAlignError(f"{folder} cannot be written: {error.strerror or error}") from None
    return prepare(data_args, default_dir=default_dir, encoder=encoder)


def _fill(rows: CleanRows, data_args: DataArguments, shards: Path, part: tuple[int, int]) -> bool:
    """Whether all shards are there, once this part of them is."""
    how = {"num_proc": data_args.preprocessing_num_proc, "part": part}
    romanising = {"batch_size": SHARD_ROWS, "desc": "Romanising", **how}
    done = []
    sentences = [table for table in rows.train if "text" in table.column_names and table.num_rows]
    if sentences:
        data = Dataset(pa.concat_tables(sentences))
        done.append(fill_shards(data, romaniser(data_args, "text", "lang"), shards, **romanising))
    pairs = [table for table in rows.train if "source" in table.column_names and table.num_rows]
    if pairs:
        data = Dataset(pa.concat_tables([*pairs, *rows.selection], promote_options="default"))
        if data_args.romanise_targets:
            done.append(fill_shards(data, romaniser(data_args, "target", "target_lang"), shards, **romanising))
        aligner = load_aligner(**data_args.aligner) if data_args.aligner else None
        if aligner is not None and not aligner.needs_corpus:
            align = AlignWords(aligner=aligner, keep=True)
            done.append(fill_shards(data, align, shards, batch_size=BATCH_ROWS, desc="Aligning words", **how))
    return all(done)
