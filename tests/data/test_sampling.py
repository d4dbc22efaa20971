from __future__ import annotations

import numpy as np
from datasets import Dataset
from torch.utils.data import DataLoader

from hf_xalign.data.sampling import DrawnRows, LengthBucketSampler


LENGTHS = np.random.default_rng(0).integers(5, 60, size=103)


def _sampler(**kwargs):
    return LengthBucketSampler(LENGTHS, **({"step_rows": 10, "bucket_steps": 5, "seed": 1} | kwargs))


def test_every_row_at_most_once_an_epoch_and_draws_name_the_epoch():
    sampler = _sampler()
    for epoch in (0, 3):
        sampler.set_epoch(epoch)
        draws = list(sampler)
        assert len(draws) == len(set(draws)) == len(sampler) == 100
        assert set(draws) < set(range(epoch * 103, (epoch + 1) * 103))
    assert sorted(_sampler(drop_last=False)) == list(range(103))


def test_order_depends_on_seed_and_epoch_only():
    first, second, other = list(_sampler()), list(_sampler()), list(_sampler(seed=2))
    assert first == second != other
    sampler = _sampler()
    sampler.set_epoch(1)
    assert [draw - 103 for draw in sampler] != first


def test_steps_have_like_lengths_and_buckets_save_padding():
    def padding(bucket_steps):
        order = LENGTHS[list(_sampler(bucket_steps=bucket_steps))].reshape(10, 10)
        return (order.max(1, keepdims=True) - order).sum()

    assert padding(5) < 0.5 * padding(1)


def test_short_steps_are_not_seen_first():
    """Sorting orders rows within a bucket; the steps themselves come in random order."""
    means = LENGTHS[list(_sampler())].reshape(10, 10).mean(1)
    assert not (np.diff(means) >= 0).all() and not (np.diff(means) <= 0).all()


def test_drawn_rows_look_up_row_and_keep_draw():
    rows = DrawnRows(Dataset.from_dict({"x": list(range(7))}))
    assert rows[16] == {"x": 2, "draw": 16, "row_id": 2}
    loader = DataLoader(rows, batch_size=3, sampler=[15, 3, 20], collate_fn=list)
    assert [row["x"] for row in next(iter(loader))] == [1, 3, 6]
