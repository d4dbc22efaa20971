"""Steps of `Dataset.map` that go on where they were killed: a finished batch of rows, a shard, is kept in a folder."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hf_xalign.data.data_fingerprint import versions
from hf_xalign.files import clear_left, whole_file


if TYPE_CHECKING:
    from datasets import Dataset

logger = logging.getLogger("hf_xalign")

# What rows of an array look like, which Parquet keeps as flat lists.
_SHAPES = b"hf_xalign.arrays"


def map_in_shards(
    dataset: Dataset,
    step: Callable[[Mapping[str, list]], dict[str, list]],
    folder: str | Path | None,
    *,
    batch_size: int,
    num_proc: int | None = None,
    desc: str,
) -> Dataset:
    """`dataset.map(step, batched=True)` that keeps each finished batch in `folder`, and takes those that are there.

    A batch is taken for rows equal to the ones that it was made from, and for an equal step, versions, `batch_size`
    and `num_proc`; its file is there whole or not at all, and one that is damaged is made again. How many are there is
    said on the logger `hf_xalign`. Only one call at a time may have `folder`; deleting it is left to the caller.

    Args:
        dataset: rows of strings, numbers and lists of them.
        step: new columns from a batch, whose values are strings, numbers, lists of them or arrays of any length (the
            first axis). Its `repr` must tell all that its result depends on besides the rows.
        folder: where batches are kept; None, or no more rows than one batch: none is.
        batch_size: rows of a batch.
        num_proc: processes.
        desc: what the progress bar and the notice call the step.

    Raises:
        XAlignError: what `step` raises; the disk is full.
        OSError: `folder` cannot be written.
    """
    if folder is not None and len(dataset) > batch_size:
        step = _Kept(step, Path(folder), f"{num_proc} {batch_size}")
        step.folder.mkdir(parents=True, exist_ok=True)
        clear_left(step.folder)
        done = len(list(step.folder.glob("*.parquet")))
        if done:
            total = _batches(len(dataset), num_proc or 1, batch_size)
            logger.info("%s: %d of %d shards were done before", desc, done, total)
    return dataset.map(step, batched=True, batch_size=batch_size, num_proc=num_proc, desc=desc)


class _Kept:
    """A step whose results are kept in a folder of its own in `folder`, by the content of the batch."""

    def __init__(self, step: Callable[[Mapping[str, list]], dict[str, list]], folder: Path, splitting: str) -> None:
        self.step = step
        self.folder = folder / _digest([repr(step), versions(), version("torch"), splitting])

    def __call__(self, batch: Mapping[str, list]) -> dict[str, list]:
        path = self.folder / f"{_digest({name: batch[name] for name in batch})}.parquet"
        result = _read(path)
        if result is None:
            result = self.step(batch)
            _write(path, result)
        return result


def _batches(rows: int, num_proc: int, batch_size: int) -> int:
    """Batches that `Dataset.map` makes: it gives each process its part first."""
    parts = [rows // num_proc + (number < rows % num_proc) for number in range(num_proc)]
    return sum(math.ceil(part / batch_size) for part in parts)


def _digest(content: Any) -> str:
    canonical = json.dumps(content, ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _write(path: Path, result: dict[str, list]) -> None:
    columns, shapes = {}, {}
    for name, values in result.items():
        if isinstance(values[0], np.ndarray):
            shapes[name] = [values[0].dtype.str, values[0].shape[1:]]
            values = [row.ravel() for row in values]
        columns[name] = pa.array(values)
    table = pa.table(columns).replace_schema_metadata({_SHAPES: json.dumps(shapes)})
    stream = pa.BufferOutputStream()
    pq.write_table(table, stream, compression="zstd", write_page_checksum=True)
    with whole_file(path) as target:
        target.write(stream.getvalue())


def _read(path: Path) -> dict[str, list] | None:
    """What was written, with the same types; None if there is nothing or it is damaged."""
    if not path.exists():
        return None
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read(use_threads=False)
    except (OSError, pa.ArrowException):  # Parquet's errors are either
        return None
    shapes = json.loads(table.schema.metadata[_SHAPES])
    result = {name: table[name].to_pylist() for name in table.column_names}
    for name, (dtype, shape) in shapes.items():
        result[name] = [np.array(row, dtype=dtype).reshape(-1, *shape) for row in result[name]]
    return result
