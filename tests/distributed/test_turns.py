"""Processes wait for the one that works, however long it takes, and go on when it has failed."""

from __future__ import annotations

import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
import torch.distributed as dist

from hf_xalign.turns import first_process_first
from tests.distributed.processes import run_on_two


PATIENCE = 1.0


def _turns() -> dict:
    rank = dist.get_rank()
    args = SimpleNamespace(world_size=2, local_process_index=rank)
    # As `ddp_timeout`: an exchange of the training waits no longer.
    impatient = dist.new_group(timeout=timedelta(seconds=PATIENCE))
    entered = {}
    for turn in ("slow", "failing"):
        try:
            with first_process_first(args):
                entered[turn] = time.monotonic()
                if rank == 0:
                    time.sleep(2.5 * PATIENCE if turn == "slow" else 0)
                    entered[f"{turn} is done"] = time.monotonic()
                if turn == "failing":
                    raise ValueError
        except ValueError:
            continue
    if rank == 0:
        time.sleep(2.5 * PATIENCE)
        return entered
    with pytest.raises(RuntimeError, match=r"(?i)timed out"):
        dist.barrier(group=impatient)
    return entered


def test_the_others_wait_longer_than_an_exchange_may_take():
    first, second = run_on_two(_turns)
    for turn in ("slow", "failing"):
        # The clock is the machine's.
        assert second[turn] >= first[f"{turn} is done"]


def test_one_process_does_not_wait():
    with first_process_first(SimpleNamespace(world_size=1)):
        pass
