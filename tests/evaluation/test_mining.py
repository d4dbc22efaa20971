from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.mining import mine_bitext


def cosine(a, b) -> float:
    dot = sum(float(x) * float(y) for x, y in zip(a, b, strict=True))
    norms = math.sqrt(sum(float(x) ** 2 for x in a) * sum(float(y) ** 2 for y in b))
    return dot / norms if norms else 0.0


def slow_mining(source, target, neighbours, margin):
    """The definitions, pair by pair in Python floats."""
    cos = [[cosine(x, y) for y in target] for x in source]
    by_target = [[row[j] for row in cos] for j in range(len(target))]

    def nearest(row):
        return sorted(range(len(row)), key=lambda place: (-row[place], place))[:neighbours]

    def mean(row):
        places = nearest(row)
        return sum(row[place] for place in places) / len(places)

    source_means, target_means = [mean(row) for row in cos], [mean(row) for row in by_target]

    def score(i, j):
        around = (source_means[i] + target_means[j]) / 2
        if margin == "absolute":
            return cos[i][j]
        return cos[i][j] - around if margin == "distance" else cos[i][j] / around

    candidates = []
    for i, row in enumerate(cos):
        candidates.append(max((score(i, j), -j, i, j) for j in nearest(row)))
    for j, row in enumerate(by_target):
        candidates.append(max((score(i, j), -i, i, j) for i in nearest(row)))
    pairs, sources, targets = [], set(), set()
    for value, _, i, j in sorted(candidates, key=lambda candidate: (-candidate[0], *candidate[2:])):
        if i not in sources and j not in targets:
            sources.add(i)
            targets.add(j)
            pairs.append((i, j, value))
    return pairs


@pytest.mark.parametrize("margin", ["ratio", "distance", "absolute"])
@pytest.mark.parametrize(("n", "m", "neighbours"), [(23, 31, 4), (40, 12, 4), (5, 3, 4), (1, 6, 2), (30, 30, 1)])
@pytest.mark.parametrize("chunk_size", [None, 7])
def test_pairs_are_those_of_the_definition(margin, n, m, neighbours, chunk_size):
    rng = np.random.default_rng(n * m)
    source, target = rng.normal(size=(n, 12)) + 0.3, rng.normal(size=(m, 12)) + 0.3
    common = min(n, m) // 2
    target[:common] = source[:common] + 0.4 * rng.normal(size=(common, 12))
    mined = mine_bitext(source, target, neighbours=neighbours, margin=margin, chunk_size=chunk_size)
    expected = slow_mining(source, target, neighbours, margin)
    assert list(zip(mined.source.tolist(), mined.target.tolist(), strict=True)) == [pair[:2] for pair in expected]
    np.testing.assert_allclose(mined.scores, [value for *_, value in expected], rtol=1e-4)


def test_sentences_are_used_once_and_the_best_come_first():
    rng = np.random.default_rng(0)
    source = rng.normal(size=(300, 16))
    mined = mine_bitext(source, rng.permutation(source)[:200])
    assert len(mined) == len(set(mined.source.tolist())) == len(set(mined.target.tolist())) <= 200
    assert (np.diff(mined.scores) <= 0).all()


def test_duplicates_tie_and_the_first_wins():
    rng = np.random.default_rng(1)
    base = rng.normal(size=(6, 8))
    source = np.concatenate([base, base[:2]])
    target = np.concatenate([base[:1], base])
    first = mine_bitext(source, target, neighbours=2)
    pairs = dict(zip(first.source.tolist(), first.target.tolist(), strict=True))
    # Sentence 0 is there twice on both sides: one pair of the first copies, and the other copies are left over.
    assert pairs[0] == 0
    assert pairs[1] == 2
    assert 6 not in pairs
    assert 7 not in pairs
    for chunk_size in (1, 3):
        again = mine_bitext(source, target, neighbours=2, chunk_size=chunk_size)
        np.testing.assert_array_equal(again.source, first.source)
        np.testing.assert_array_equal(again.target, first.target)


def test_collapsed_embeddings_tell_nothing_and_break_nothing():
    mined = mine_bitext(np.ones((40, 4)), np.ones((50, 4)))
    assert (mined.source[0], mined.target[0]) == (0, 0)
    # A vector of zeros has cosine 0 with everything, and an undefined ratio.
    assert len(mine_bitext(np.zeros((3, 4)), np.zeros((2, 4)))) == 0
    assert len(mine_bitext(np.zeros((3, 4)), np.zeros((2, 4)), margin="distance")) == 1


@pytest.mark.parametrize(
    ("source", "target", "options", "message"),
    [
        (np.ones((2, 3)), np.ones((2, 4)), {}, "differ in dimensions"),
        (np.ones((2, 3)), np.ones((0, 3)), {}, "sentences on both sides, got 2 and 0"),
        (np.ones((2, 3)), np.ones((2, 3)), {"margin": "cosine"}, "unknown margin 'cosine'"),
        (np.ones((2, 3)), np.ones((2, 3)), {"neighbours": 0}, "at least 1 neighbour"),
        (np.full((2, 3), np.nan), np.ones((2, 3)), {}, "source holds values that are not finite"),
    ],
)
def test_wrong_input(source, target, options, message):
    with pytest.raises(XAlignError, match=message):
        mine_bitext(source, target, **options)


def test_mining_never_holds_all_scores():
    n, d = 12_000, 16
    rng = np.random.default_rng(4)
    source = rng.normal(size=(n, d)).astype(np.float32)
    target = source + 0.1 * rng.normal(size=(n, d)).astype(np.float32)
    tracemalloc.start()
    try:
        mined = mine_bitext(source, target)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (mined.source == mined.target).mean() > 0.9
    # All scores are 549 MiB, all products 8.6 GiB.
    assert peak < 2**26 < n * n * 4 / 8
