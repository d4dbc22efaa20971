from __future__ import annotations

import pytest
import torch

from hf_xalign.distributed import gather_rows, rank, row_counts, world_size
from tests.distributed.processes import run_on_two


def _gather_uneven():
    rows = torch.arange(3.0 * (2 + rank())).view(-1, 3) + 100 * rank()
    rows.requires_grad_()
    counts = row_counts(rows)
    gathered = gather_rows(rows, counts)
    weights = torch.arange(gathered.numel(), dtype=torch.float32).view_as(gathered) * (1 + rank())
    (gathered * weights).sum().backward()
    return {"gathered": gathered.detach(), "offset": sum(counts[: rank()]), "gradient": rows.grad}


def _gather_and_add():
    rows, leaf = torch.ones(2, 3, requires_grad=True), torch.ones(4, 3, requires_grad=True)
    other = 1.0 * leaf
    gathered = gather_rows(rows, row_counts(rows))
    # The sum hands one gradient tensor to both of its terms.
    ((gathered + other) * (1.0 + rank())).sum().backward()
    return {"rows": rows.grad, "other": leaf.grad}


def _both():
    return {"uneven": _gather_uneven(), "added": _gather_and_add()}


@pytest.fixture(scope="module")
def runs():
    return run_on_two(_both)


def test_rows_of_both_processes_in_order_with_the_summed_gradient(runs):
    first, second = (run["uneven"] for run in runs)
    expected = torch.cat([torch.arange(6.0).view(2, 3), torch.arange(9.0).view(3, 3) + 100])
    for result in (first, second):
        torch.testing.assert_close(result["gathered"], expected)
    assert (first["offset"], second["offset"]) == (0, 2)
    summed = torch.arange(15.0).view(5, 3) * 3  # weights ×1 on rank 0 and ×2 on rank 1
    torch.testing.assert_close(first["gradient"], summed[:2])
    torch.testing.assert_close(second["gradient"], summed[2:])


def test_the_gradients_of_others_are_left_alone(runs):
    for index, gradients in enumerate(run["added"] for run in runs):
        torch.testing.assert_close(gradients["rows"], torch.full((2, 3), 3.0))
        torch.testing.assert_close(gradients["other"], torch.full((4, 3), 1.0 + index))


def test_one_process_gathers_nothing():
    rows = torch.ones(2, 3)
    assert world_size() == 1
    assert row_counts(rows) == [2]
    assert gather_rows(rows, [2]) is rows
