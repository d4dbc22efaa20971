"""Matching in padded batches against one pair at a time, in plain loops."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from hf_xalign.aligners import matching


SIZES = [(1, 1), (1, 4), (3, 1), (2, 2), (2, 5), (3, 3), (5, 4), (4, 7), (8, 8), (6, 3)]


def batch_of(matrices: list[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    """The matrices padded with large and odd numbers, and their mask."""
    rows, columns = (torch.tensor([matrix.shape[side] for matrix in matrices]) for side in (0, 1))
    mask = matching.cell_mask(rows, columns)
    padded = torch.full(mask.shape, 7.5, dtype=torch.float32)
    padded[:, 1::2] = torch.nan
    for number, matrix in enumerate(matrices):
        padded[number, : matrix.shape[0], : matrix.shape[1]] = torch.from_numpy(matrix)
    return padded, mask


def matrices(seed: int = 0, decimals: int | None = None) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    drawn = [random.random(size, dtype=np.float32) for size in SIZES]
    return drawn if decimals is None else [np.round(matrix, decimals) for matrix in drawn]


def links_of(batch: torch.Tensor) -> list[set[tuple[int, int]]]:
    return [{(i, j) for i, j in matrix.nonzero().tolist()} for matrix in batch]


def first_largest(values) -> int:
    best = 0
    for place, value in enumerate(values):
        if value > values[best]:
            best = place
    return best


def slow_forward(cells) -> set[tuple[int, int]]:
    return {(i, first_largest(cells[i])) for i in range(len(cells))}


def slow_mutual(cells) -> set[tuple[int, int]]:
    return slow_forward(cells) & {(i, j) for j, i in slow_forward(np.transpose(cells))}


def slow_itermax(cells, rounds: int = 2) -> set[tuple[int, int]]:
    m, n = cells.shape
    links = slow_mutual(cells)
    for _ in range(rounds - 1):
        rows, columns = {i for i, _ in links}, {j for _, j in links}
        if min(m, n) <= 2 or len(rows) == m or len(columns) == n:
            break
        candidates = np.zeros((m, n))
        for i, j in itertools.product(range(m), range(n)):
            weight = {2: 1.0, 1: 0.9, 0: 0.0}[(i not in rows) + (j not in columns)]
            candidates[i, j] = float(cells[i, j]) * weight
        links |= {(i, j) for i, j in slow_mutual(candidates) if i not in rows or j not in columns}
    return links


def slow_best(cells) -> float:
    """The greatest sum of a one-to-one assignment, every one tried."""
    wide = cells if cells.shape[0] <= cells.shape[1] else cells.T
    choices = itertools.permutations(range(wide.shape[1]), wide.shape[0])
    return max(sum(float(wide[i, j]) for i, j in enumerate(choice)) for choice in choices)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("decimals", [None, 1], ids=["different", "many-equal"])
@pytest.mark.parametrize(
    ("fast", "slow"),
    [
        (matching.forward_argmax, slow_forward),
        (matching.reverse_argmax, lambda cells: {(i, j) for j, i in slow_forward(cells.T)}),
        (matching.mutual_argmax, slow_mutual),
        (matching.itermax, slow_itermax),
        (lambda cells, mask: matching.itermax(cells, mask, rounds=4), lambda cells: slow_itermax(cells, 4)),
    ],
    ids=["fwd", "rev", "inter", "itermax", "itermax-4"],
)
def test_argmax_methods(fast, slow, seed, decimals):
    pairs = matrices(seed, decimals)
    assert links_of(fast(*batch_of(pairs))) == [slow(cells) for cells in pairs]


@pytest.mark.parametrize("seed", range(5))
def test_the_assignment_is_one_to_one_and_the_best(seed):
    pairs = [cells for cells in matrices(seed) if max(cells.shape) < 8]
    for links, cells in zip(links_of(matching.best_assignment(*batch_of(pairs))), pairs, strict=True):
        assert len({i for i, _ in links}) == len({j for _, j in links}) == len(links) == min(cells.shape)
        assert sum(float(cells[i, j]) for i, j in links) == pytest.approx(slow_best(cells))


def test_distortion():
    pairs = matrices(3)
    found = matching.distort(*batch_of(pairs), 0.4)
    for number, cells in enumerate(pairs):
        m, n = cells.shape
        for i, j in itertools.product(range(m), range(n)):
            distance = 0.0 if min(m, n) < 2 else i / (m - 1) - j / (n - 1)
            assert found[number, i, j].item() == pytest.approx(float(cells[i, j]) * (1 - 0.4 * distance**2), abs=1e-7)


def softmax(values) -> list[float]:
    total = sum(math.exp(float(value)) for value in values)
    return [math.exp(float(value)) / total for value in values]


def test_softmax_both_ways():
    pairs = [cells * 5 for cells in matrices(4)]
    padded, mask = batch_of(pairs)
    forward, reverse = matching.softmax_both_ways(padded, mask)
    assert not forward[~mask].any() and not reverse[~mask].any()
    for number, cells in enumerate(pairs):
        m, n = cells.shape
        np.testing.assert_allclose(forward[number, :m, :n], [softmax(row) for row in cells], atol=1e-6)
        columns = np.transpose([softmax(column) for column in cells.T])
        np.testing.assert_allclose(reverse[number, :m, :n], columns, atol=1e-6)


def test_entmax15_both_ways_whatever_the_size_of_the_scores():
    entmax = pytest.importorskip("entmax")
    for factor in (1, 30, 1e6):
        pairs = [cells * factor for cells in matrices(5)]
        padded, mask = batch_of(pairs)
        forward, reverse = matching.entmax15_both_ways(padded, mask)
        assert not forward[~mask].any() and not reverse[~mask].any()
        for number, cells in enumerate(pairs):
            m, n = cells.shape
            for found, dim in ((forward, 1), (reverse, 0)):
                expected = entmax.entmax15(torch.from_numpy(cells), dim=dim)
                torch.testing.assert_close(found[number, :m, :n], expected, rtol=0, atol=1e-5)


def test_tempered_agreement():
    pairs = [cells * 20 for cells in matrices(6)]
    padded, mask = batch_of(pairs)
    found = matching.tempered_agreement(padded, mask)
    assert not found[~mask].any()
    for number, cells in enumerate(pairs):
        m, n = cells.shape
        forward = np.array([softmax(row / math.sqrt(n)) for row in cells])
        reverse = np.array([softmax(column / math.sqrt(m)) for column in cells.T]).T
        np.testing.assert_allclose(found[number, :m, :n], 2 * forward * reverse / (forward + reverse), atol=1e-5)


def test_entropies_of_links():
    pairs = matrices(7)
    found = matching.link_entropies(*batch_of(pairs))
    for number, cells in enumerate(pairs):
        m, n = cells.shape
        for i, j in itertools.product(range(m), range(n)):
            lines = [line / line.sum() for line in (cells[i].astype(float), cells[:, j].astype(float))]
            entropies = [-(line * np.log(line)).sum() / math.log(len(line)) for line in lines if min(m, n) > 2]
            assert found[number, i, j].item() == pytest.approx(min(entropies, default=0.0), abs=1e-6)


def test_word_probabilities():
    random = np.random.default_rng(8)
    pairs = [cells * 5 for cells in matrices(8)]
    padded, mask = batch_of(pairs)
    words = [[np.sort(random.integers(0, 3, size)) for size in cells.shape] for cells in pairs]
    sides = [torch.zeros(mask.shape[0], mask.shape[1 + side], dtype=torch.int64) for side in (0, 1)]
    for number, pair in enumerate(words):
        for side, of_units in zip(sides, pair, strict=True):
            side[number, : len(of_units)] = torch.from_numpy(of_units)
    found = matching.word_probabilities(padded, mask, *sides)
    for number, (cells, (source, target)) in enumerate(zip(pairs, words, strict=True)):
        forward = np.array([softmax(row) for row in cells])
        reverse = np.array([softmax(column) for column in cells.T]).T
        for i, j in itertools.product(set(source), set(target)):
            block = np.ix_(source == i, target == j)
            there = forward[block].sum(1).mean()
            back = reverse[block].sum(0).mean()
            assert found[number, i, j].item() == pytest.approx(math.sqrt(there * back), abs=1e-6)
        assert found[number].min() >= 0 and found[number].max() <= 1 + 1e-6


def test_the_batch_around_a_pair_does_not_matter():
    cells = matrices(9)[6]
    alone = matching.itermax(*batch_of([cells]))[0]
    among = matching.itermax(*batch_of([*matrices(10), cells]))[-1]
    assert torch.equal(among[: cells.shape[0], : cells.shape[1]], alone)
    assert not among[cells.shape[0] :].any() and not among[:, cells.shape[1] :].any()
