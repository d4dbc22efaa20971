from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import retrieval_accuracy, text_groups


@pytest.fixture
def pairs() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    source = rng.normal(size=(57, 12))
    return source.astype(np.float32), (source + 1.1 * rng.normal(size=source.shape)).astype(np.float32)


def cosine(a, b) -> float:
    dot = sum(float(x) * float(y) for x, y in zip(a, b, strict=True))
    return dot / math.sqrt(sum(float(x) ** 2 for x in a) * sum(float(y) ** 2 for y in b))


def slow_ranks(queries, candidates, metric: str, neighbours: int) -> list[int]:
    """The definitions, pair by pair in Python floats."""
    n = len(queries)
    cos = [[cosine(query, candidate) for candidate in candidates] for query in queries]
    r_query = [sum(sorted(cos[i], reverse=True)[:neighbours]) / neighbours for i in range(n)]
    r_candidate = [
        sum(sorted((cos[i][j] for i in range(n)), reverse=True)[:neighbours]) / neighbours for j in range(n)
    ]
    ranks = []
    for i in range(n):
        scores = []
        for j in range(n):
            if metric == "cosine":
                scores.append(cos[i][j])
            elif metric == "csls":
                scores.append(2 * cos[i][j] - r_query[i] - r_candidate[j])
            else:
                scores.append(cos[i][j] / (r_query[i] / 2 + r_candidate[j] / 2))
        ranks.append(1 + sum(scores[j] >= scores[i] for j in range(n) if j != i))
    return ranks


@pytest.mark.parametrize(("metric", "neighbours"), [("cosine", 1), ("csls", 10), ("margin", 4)])
@pytest.mark.parametrize("chunk_size", [None, 1, 10, 57])
def test_ranks_are_those_of_the_definition(pairs, metric, neighbours, chunk_size):
    source, target = pairs
    result = retrieval_accuracy(source, target, metric=metric, chunk_size=chunk_size)
    assert result.forward.ranks.tolist() == slow_ranks(source, target, metric, neighbours)
    assert result.backward.ranks.tolist() == slow_ranks(target, source, metric, neighbours)
    assert 0.1 < result.mean_accuracy(1) < 0.95  # the example must be able to tell right from wrong


def test_neighbours_can_be_set(pairs):
    source, target = pairs
    result = retrieval_accuracy(source, target, metric="csls", neighbours=3)
    assert result.forward.ranks.tolist() == slow_ranks(source, target, "csls", 3)
    assert result.forward.ranks.tolist() != slow_ranks(source, target, "csls", 10)


def test_accuracies_follow_from_ranks(pairs):
    result = retrieval_accuracy(*pairs, k=(1, 5))
    forward, backward = result.forward.ranks, result.backward.ranks
    assert result.accuracies() == {
        "forward": {"top1": np.mean(forward == 1), "top5": np.mean(forward <= 5)},
        "backward": {"top1": np.mean(backward == 1), "top5": np.mean(backward <= 5)},
        "mean": {
            "top1": (np.mean(forward == 1) + np.mean(backward == 1)) / 2,
            "top5": pytest.approx((np.mean(forward <= 5) + np.mean(backward <= 5)) / 2),
        },
    }


def test_nearest_is_the_best_wrong_candidate(pairs):
    source, target = pairs
    found = retrieval_accuracy(source, target).forward
    for row in range(len(source)):
        scores = [cosine(source[row], candidate) for candidate in target]
        assert found.answer_scores[row] == pytest.approx(scores[row], abs=1e-5)
        scores[row] = -2
        assert found.nearest[row] == int(np.argmax(scores))
        assert found.nearest_scores[row] == pytest.approx(max(scores), abs=1e-5)


def test_a_tie_is_a_miss():
    source = np.eye(3, dtype=np.float32)
    target = np.array([[1, 0, 0], [1, 0, 0], [0, 0, 1]], dtype=np.float32)
    assert retrieval_accuracy(source, target).forward.ranks.tolist() == [2, 3, 1]


@pytest.mark.parametrize("n", [2, 9, 130])
def test_a_collapsed_model_finds_nothing(n):
    same = np.tile(np.random.default_rng(0).normal(size=(1, 33)).astype(np.float32), (n, 1))
    for metric in ("cosine", "csls", "margin"):
        result = retrieval_accuracy(same, same, metric=metric, chunk_size=7)
        assert result.mean_accuracy(1) == 0
        assert set(result.forward.ranks) == {n}
    # So does a model that gives nothing at all (zero vectors have cosine 0, and the margin is 0/0).
    for metric in ("cosine", "csls", "margin"):
        assert retrieval_accuracy(0 * same, 0 * same, metric=metric).mean_accuracy(1) == 0


def test_equal_candidates_tie_in_every_column():
    # Matrix kernels round the last columns in their own way; a repeated candidate must tie wherever it stands.
    rng = np.random.default_rng(0)
    source = rng.normal(size=(101, 67)).astype(np.float32)
    target = source.copy()
    target[100] = target[0]
    result = retrieval_accuracy(source, target, chunk_size=13)
    assert result.forward.ranks[0] == 2
    assert (result.forward.ranks[1:100] == 1).all()
    grouped = retrieval_accuracy(source, target, groups=np.array([0, *range(1, 100), 0]))
    assert grouped.forward.ranks[0] == 1


def test_groups_are_never_wrong_answers(pairs):
    source, target = pairs
    groups = np.random.default_rng(1).integers(0, 20, size=len(source))
    result = retrieval_accuracy(source, target, groups=groups, chunk_size=8)
    for row in range(len(source)):
        scores = [cosine(source[row], candidate) for candidate in target]
        wrong = [score for j, score in enumerate(scores) if groups[j] != groups[row]]
        assert result.forward.ranks[row] == 1 + sum(score >= scores[row] for score in wrong)
        assert groups[result.forward.nearest[row]] != groups[row]


def test_text_groups_join_rows_by_either_side():
    source = ["a", "b", "a", "c", "d"]
    target = ["x", "y", "z", "y", "w"]
    assert text_groups(source, target).tolist() == [0, 1, 0, 1, 4]
    assert text_groups(["a", "b", "b", "c"], ["x", "x", "y", "y"]).tolist() == [0, 0, 0, 0]


def test_swapping_the_sides_swaps_the_directions(pairs):
    source, target = pairs
    one, other = (
        retrieval_accuracy(source, target, metric="margin"),
        retrieval_accuracy(target, source, metric="margin"),
    )
    np.testing.assert_array_equal(one.forward.ranks, other.backward.ranks)


@pytest.mark.parametrize(
    ("source", "target", "options", "message"),
    [
        (np.ones((3, 2)), np.ones((4, 2)), {}, "differ in shape"),
        (np.ones((1, 2)), np.ones((1, 2)), {}, "at least 2"),
        (np.ones(3), np.ones(3), {}, "needs shape"),
        (np.array([[1.0], [np.nan]]), np.ones((2, 1)), {}, "source holds values that are not finite"),
        (np.ones((2, 1)), np.ones((2, 1)), {"metric": "dot"}, "unknown retrieval metric 'dot'"),
        (np.ones((2, 1)), np.ones((2, 1)), {"k": (0,)}, "positive"),
        (np.ones((2, 1)), np.ones((2, 1)), {"groups": np.zeros(3)}, "groups needs shape"),
    ],
)
def test_bad_input(source, target, options, message):
    with pytest.raises(XAlignError, match=message):
        retrieval_accuracy(source, target, **options)


def test_margin_never_holds_all_scores():
    n, d = 20_000, 32
    rng = np.random.default_rng(4)
    source = rng.normal(size=(n, d)).astype(np.float32)
    target = source + 0.5 * rng.normal(size=(n, d)).astype(np.float32)
    tracemalloc.start()
    try:
        result = retrieval_accuracy(source, target, metric="margin")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert result.mean_accuracy() > 0.9
    # All scores are 1526 MiB, all products 48 GiB; here is everything that is held at one time.
    assert peak < 2**26 < n * n * 4 / 20
