"""Steps of `Dataset.map` that go on where they were killed: a finished batch of rows, a shard, is kept in a folder."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from hf_xalign.data.data_fingerprint import versions
from hf_xalign.files import clear_left, whole_file


if TYPE_CHECKING:
    from datasets import Dataset

logger = logging.getLogger("hf_xalign")

# What rows of an array look like, which Parquet keeps as flat lists.
_SHAPES = b"hf_xalign.arrays"


class Step(Protocol):
    """What is mapped over a data set. Its `repr` must tell all that its result depends on besides the rows."""

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that its result depends on, as far as a batch has them."""

    def __call__(self, batch: Mapping[str, list]) -> dict[str, list]:
        """New columns: strings, numbers, lists of them, or arrays of any length (the first axis)."""


def map_in_shards(
    dataset: Dataset,
    step: Step,
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
        step: new columns from a batch.
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
            total = len(list(_batches(len(dataset), num_proc or 1, batch_size)))
            logger.info("%s: %d of %d shards were done before", desc, done, total)
    return dataset.map(step, batched=True, batch_size=batch_size, num_proc=num_proc, desc=desc)


def fill_shards(
    dataset: Dataset,
    step: Step,
    folder: str | Path,
    *,
    batch_size: int,
    num_proc: int | None = None,
    part: tuple[int, int],
    desc: str,
) -> bool:
    """Make a part of the batches that [`map_in_shards`], given the same arguments, will then find in `folder`.

    Several processes may do so at a time, also on several machines that share the folder, each another part; they need
    not know of each other. What is there is not made again.

    Args:
        num_proc: of the call of `map_in_shards`; here, one process makes all batches of a part.
        part: which one, from 0, and of how many: `(1, 4)` makes every fourth batch, from the second one on.

    Returns:
        Whether all batches are there now, of all parts. Of several processes, the last to finish is told so at least.

    Raises:
        XAlignError, OSError: as `map_in_shards`.
    """
    if len(dataset) <= batch_size:
        return True
    index, count = part
    kept = _Kept(step, Path(folder), f"{num_proc} {batch_size}")
    kept.folder.mkdir(parents=True, exist_ok=True)
    rows = dataset.select_columns([name for name in step.reads if name in dataset.column_names])
    batches = list(_batches(len(rows), num_proc or 1, batch_size))
    own = batches[index::count]
    done = sum(kept.path(rows[start:stop]).exists() for start, stop in own)
    logger.info("%s: part %d of %d has %d shards, %d were done before", desc, index, count, len(own), done)
    for start, stop in tqdm(own, desc=desc, unit="shard"):
        kept(rows[start:stop])
    return all(kept.path(rows[start:stop]).exists() for start, stop in batches)


class _Kept:
    """A step whose results are kept in a folder of its own in `folder`, by the content of the batch."""

    def __init__(self, step: Step, folder: Path, splitting: str) -> None:
        self.step = step
        self.folder = folder / _digest([repr(step), versions(), version("torch"), splitting])

    def path(self, batch: Mapping[str, list]) -> Path:
        """Where the result of a batch is kept."""
        read = {name: batch[name] for name in self.step.reads if name in batch}
        return self.folder / f"{_digest(read)}.parquet"

    def __call__(self, batch: Mapping[str, list]) -> dict[str, list]:
        path = self.path(batch)
        result = _read(path)
        if result is None:
            result = self.step(batch)
            _write(path, result)
        return result


def _batches(rows: int, num_proc: int, batch_size: int) -> Iterator[tuple[int, int]]:
    """First and last row (not included) of the batches that `Dataset.map` makes: it gives each process its part first.

    >>> list(_batches(11, 2, 4))
    [(0, 4), (4, 6), (6, 10), (10, 11)]
    """
    start = 0
    for number in range(num_proc):
        end = start + rows // num_proc + (number < rows % num_proc)
        yield from ((first, min(first + batch_size, end)) for first in range(start, end, batch_size))
        start = end


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
