"""Which rows make a batch: shuffled, of like length, and the same on every machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Dataset, Sampler

from hf_xalign.errors import XAlignError


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
    """Shuffled draws in which the rows of a step have like lengths.

    All rows are shuffled, buckets of `bucket_steps` steps are sorted by length, and the steps of a bucket are shuffled
    again. Buckets are loose, so that in-batch negatives stay a random sample of like lengths. The order depends on
    seed, epoch and the rows of a step only: how a step is split into processes and micro-batches changes nothing.

    Args:
        lengths (`Sequence[int]`): tokens of each row, shape `(N,)`.
        step_rows (`int`): rows of one optimiser step, over all processes and micro-batches.
        bucket_steps (`int`): steps sorted together; 1 sorts nothing.
        seed (`int`): of the order.
        drop_last (`bool`): leave out the rest that does not fill a step; otherwise it comes last.

    Raises:
        XAlignError: there are not enough rows for one step.
    """

    def __init__(
        self, lengths: Sequence[int], *, step_rows: int, bucket_steps: int, seed: int, drop_last: bool = True
    ):
        if drop_last and len(lengths) < step_rows:
            raise XAlignError(
                f"the training data have {len(lengths)} rows, but one step takes {step_rows} (rows a process × "
                "accumulation × processes): lower per_device_train_batch_size, or add data"
            )
        self.lengths = np.asarray(lengths)
        self.step_rows = step_rows
        self.bucket_steps = bucket_steps
        self.seed = seed
        self.drop_last = drop_last
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        rest = len(self.lengths) % self.step_rows
        return len(self.lengths) - rest if self.drop_last else len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        generator = np.random.default_rng([self.seed, self.epoch])
        order = generator.permutation(len(self.lengths))
        full = len(order) - len(order) % self.step_rows
        # Sorting the whole order would make the rest the longest rows: it is cut off first.
        steps = []
        bucket = self.bucket_steps * self.step_rows
        for start in range(0, full, bucket):
            rows = order[start : min(start + bucket, full)]
            if self.bucket_steps > 1:
                rows = rows[np.argsort(self.lengths[rows], kind="stable")]
            steps.extend(rows.reshape(-1, self.step_rows))
        first_draw = self.epoch * len(self.lengths)
        for step in generator.permutation(len(steps)):
            yield from (first_draw + steps[step]).tolist()
        if not self.drop_last:
            yield from (first_draw + order[full:]).tolist()
