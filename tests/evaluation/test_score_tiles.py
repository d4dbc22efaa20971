from __future__ import annotations

import numpy as np
import pytest

from hf_xalign.evaluation import retrieval_accuracy
from hf_xalign.evaluation.score_tiles import ScoreTiles


@pytest.fixture
def sides() -> tuple[np.ndarray, np.ndarray]:
    """61 and 47 rows, of which many are equal, one a dozen times."""
    chance = np.random.default_rng(0)
    kinds = chance.normal(size=(40, 19)).astype(np.float32)
    source, target = kinds[chance.integers(0, 40, 61)], kinds[chance.integers(0, 40, 47)]
    target[10:34:2] = kinds[0]
    return source, target


@pytest.mark.parametrize("size", [None, 1, 5, 11, 61])
def test_every_pair_is_in_one_tile_and_equal_rows_score_equal(sides, size):
    source, target = sides
    scores, seen = np.zeros((61, 47), dtype=np.float32), np.zeros((61, 47), dtype=int)
    for rows, columns, tile in ScoreTiles(source, target, size):
        assert tile.shape == (len(rows), len(columns)) and max(tile.shape) <= (size or 61)
        assert (np.diff(rows) > 0).all() and (np.diff(columns) > 0).all()
        scores[np.ix_(rows, columns)] = tile
        seen[np.ix_(rows, columns)] += 1
    assert (seen == 1).all()
    np.testing.assert_allclose(scores, source @ target.T, rtol=0, atol=1e-5)
    for row in range(61):
        np.testing.assert_array_equal(scores[row], scores[(source == source[row]).all(axis=1)][0])
    for column in range(47):
        np.testing.assert_array_equal(scores[:, column], scores[:, (target == target[column]).all(axis=1)][:, 0])


@pytest.mark.parametrize("size", [None, 1, 5])
def test_the_diagonal_is_that_of_the_tiles(sides, size):
    source, target = sides[0][:47], sides[1]
    tiles = ScoreTiles(source, target, size, paired=True)
    scores = np.zeros((47, 47), dtype=np.float32)
    for rows, columns, tile in tiles:
        scores[np.ix_(rows, columns)] = tile
    np.testing.assert_array_equal(scores.diagonal(), tiles.diagonal)
    np.testing.assert_allclose(tiles.diagonal, (source * target).sum(axis=1), rtol=0, atol=1e-5)


@pytest.mark.parametrize("metric", ["cosine", "csls", "margin"])
def test_tiles_of_any_size_rank_alike(sides, metric):
    # Ties, groups and undefined margins included: a zero vector meets zero vectors.
    source, target = sides[0][:47].copy(), sides[1].copy()
    source[3:9] = target[5:8] = 0
    groups = np.random.default_rng(1).integers(0, 30, 47)
    one, other = (
        retrieval_accuracy(source, target, metric=metric, chunk_size=size, groups=groups) for size in (47, 3)
    )
    for first, second in ((one.forward, other.forward), (one.backward, other.backward)):
        np.testing.assert_array_equal(first.ranks, second.ranks)
        np.testing.assert_allclose(first.nearest_scores, second.nearest_scores, atol=1e-6)
