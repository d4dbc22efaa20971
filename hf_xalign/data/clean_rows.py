"""The sources of a recipe, read and cleaned: before anything is romanised or aligned."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
from tqdm import tqdm

from hf_xalign.data.arguments import SECTIONS, DataArguments
from hf_xalign.data.cleaning import clean_train
from hf_xalign.data.corpora import read_source
from hf_xalign.data.data_fingerprint import describe_source
from hf_xalign.data.sources import Source
from hf_xalign.errors import XAlignError


logger = logging.getLogger("hf_xalign")


@dataclass
class CleanRows:
    """What is left of the sources.

    Attributes:
        train, selection, test: a table a source, in the columns of its kind.
        train_counts: of each source of `train`, by language: what was read, left out and kept.
        sources: by section, what they were and what became of their rows.
    """

    train: list[pa.Table]
    selection: list[pa.Table]
    test: list[pa.Table]
    train_counts: Sequence[dict[str, dict[str, int]]]
    sources: dict[str, list[dict[str, Any]]]


def read_rows(data_args: DataArguments, sections: Mapping[str, Sequence[Source]]) -> CleanRows:
    """Read the sources; leave out what must not be trained on or selected by, with a notice.

    Args:
        data_args: the data section.
        sections: its sources, checked.

    Raises:
        XAlignError: a source cannot be read, or no row of a section is left.
    """
    tables: dict[str, list[pa.Table]] = {section: [] for section in SECTIONS}
    sources: dict[str, list[dict[str, Any]]] = {section: [] for section in SECTIONS}
    everything = [(section, source) for section in SECTIONS for source in sections[section]]
    for section, source in tqdm(everything, desc="Reading", unit="source"):
        table, counts = read_source(source)
        tables[section].append(table)
        sources[section].append({**describe_source(source), "label": source.label, "counts": asdict(counts)})
    # A selection row that is left out below is not trained on for that.
    held_out = [table for section in SECTIONS[1:] for table in tables[section]]
    tables["selection_data"], overlapping = clean_train(
        tables["selection_data"], tables["test_data"], deduplicate=False
    )
    for source, by_language in zip(sources["selection_data"], overlapping, strict=True):
        source["languages"] = by_language
        shared = sum(count["excluded"] for count in by_language.values())
        if shared:
            logger.warning(
                "%s: %d selection rows share a sentence with the test data: left out", source["label"], shared
            )
    # A copy of each sentence at a time, no more: memory is what bounds how many can be prepared.
    read = tables.pop("train_data")
    cleaned, by_source = clean_train(read, held_out, deduplicate=data_args.deduplicate)
    del read, held_out, table
    for source, by_language in zip(sources["train_data"], by_source, strict=True):
        source["languages"] = by_language
    if not any(table.num_rows for table in cleaned):
        raise XAlignError("no train sentence is left: each is a selection, test or excluded sentence too")
    if tables["selection_data"] and not any(table.num_rows for table in tables["selection_data"]):
        raise XAlignError("no selection row is left: each shares a sentence with the test data")
    return CleanRows(cleaned, tables["selection_data"], tables["test_data"], by_source, sources)
