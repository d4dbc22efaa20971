"""One process of a machine does the work, and the others then find it done, however long it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import torch.distributed as dist


if TYPE_CHECKING:
    from transformers import TrainingArguments

# Longer than any preparation. One that died is noticed at once all the same: its connection is closed.
PATIENCE = timedelta(days=30)


@contextmanager
def first_process_first(args: TrainingArguments) -> Iterator[None]:
    """As `TrainingArguments.main_process_first`, whose waiting processes would give up after `ddp_timeout`.

    That limit is for steps, which take seconds; preparation may take hours. All processes must enter; one that stands
    still inside holds the others until it goes on or dies.
    """
    if args.world_size == 1:
        yield
        return
    # Who never comes here is missed after `ddp_timeout`; making a group would wait with that group's patience.
    dist.barrier()
    # Of gloo, also beside GPUs: it waits without keeping one busy.
    patient = dist.new_group(backend="gloo", timeout=PATIENCE)
    is_first = args.local_process_index == 0
    if not is_first:
        dist.barrier(group=patient)
    try:
        yield
    finally:
        # Also where it failed: the others then meet the same error, rather than wait for ever.
        if is_first:
            dist.barrier(group=patient)
