"""Which rows make a batch: shuffled, of like length, and the same on every machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Dataset, Sampler


class DrawnRows(Dataset):
    """Rows of a data set looked up by draw: `epoch * len(rows) + index`.

    A draw names a row and an epoch, so the collator can derive its randomness from the row's `draw` alone: the masks
    of a row do not depend on the batch, the process or the worker it falls to, nor on a restart.
    """

    def __init__(self, rows):
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, draw: int) -> dict:
        index = draw % len(self.rows)
        return {**self.rows[index], "draw": draw, "row_id": index}

    def __getitems__(self, draws: Sequence[int]) -> list[dict]:
        # One look-up a batch: a data set on disk answers it many times faster than row by row.
        indices = [draw % len(self.rows) for draw in draws]
        columns = self.rows[indices]
        return [
            {**{name: column[i] for name, column in columns.items()}, "draw": draw, "row_id": index}
            for i, (draw, index) in enumerate(zip(draws, indices, strict=True))
        ]


class LengthBucketSampler(Sampler[int]):
    """Shuffled draws in which the rows of a batch have like lengths.

    All rows are shuffled, buckets of `bucket_batches` batches are sorted by length, and the batches of a bucket are
    shuffled again. Buckets are loose, so that in-batch negatives stay a random sample of like lengths; the rest that
    does not fill a batch comes last. The order depends on seed and epoch only.

    Args:
        lengths (`Sequence[int]`): tokens of each row, shape `(N,)`.
        batch_size (`int`): rows of one step over all processes.
        bucket_batches (`int`): batches sorted together; 1 shuffles and sorts nothing.
        seed (`int`): of the order.
    """

    def __init__(self, lengths: Sequence[int], *, batch_size: int, bucket_batches: int, seed: int):
        self.lengths = np.asarray(lengths)
        self.batch_size = batch_size
        self.bucket_batches = bucket_batches
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        generator = np.random.default_rng([self.seed, self.epoch])
        order = generator.permutation(len(self.lengths))
        full = len(order) - len(order) % self.batch_size
        # Sorting the whole order would make the short rest short rows: it is cut off first.
        batches = []
        bucket = self.bucket_batches * self.batch_size
        for start in range(0, full, bucket):
            rows = order[start : min(start + bucket, full)]
            if self.bucket_batches > 1:
                rows = rows[np.argsort(self.lengths[rows], kind="stable")]
            batches.extend(rows.reshape(-1, self.batch_size))
        first_draw = self.epoch * len(self.lengths)
        for batch in generator.permutation(len(batches)):
            yield from (first_draw + batches[batch]).tolist()
        yield from (first_draw + order[full:]).tolist()
