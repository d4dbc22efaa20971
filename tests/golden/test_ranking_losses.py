"""TR and WTR against the formula written out in loops, in float64, gradients included."""

from __future__ import annotations

import pytest
import torch

from hf_xalign.errors import XAlignError
from hf_xalign.losses import softmax_losses, translation_ranking_loss, word_translation_ranking_loss


def obvious_loss(source, target, *, temperature, margin=0.0, groups=None):
    """1/(2N) Σ over both directions of −log(exp((s_ii − m)/τ) / (exp((s_ii − m)/τ) + Σ_j exp(s_ij/τ)))."""
    ids = [set() if groups is None else set(torch.as_tensor(row).flatten().tolist()) for row in (groups or source)]
    total = torch.zeros((), dtype=torch.float64)
    for queries, keys in ((source, target), (target, source)):
        for i, query in enumerate(queries):
            denominator = torch.zeros((), dtype=torch.float64)
            for j, key in enumerate(keys):
                score = torch.dot(query, key) / (query.norm() * key.norm())
                if j == i:
                    positive = (score - margin) / temperature
                    denominator = denominator + torch.exp(positive)
                elif groups is None or not ids[i] & ids[j]:
                    denominator = denominator + torch.exp(score / temperature)
            total = total - (positive - torch.log(denominator))
    return total / (2 * len(source))


GROUPS = (None, [0, 1, 0, 2, 3, 3, 4], [[0, 9], [1, 8], [2, 0], [3, 7], [4, 6], [5, 3], [6, 5]])


@pytest.mark.parametrize("groups", GROUPS)
@pytest.mark.parametrize(("temperature", "margin"), [(0.05, 0.0), (0.1, 0.3)])
def test_translation_ranking_equals_the_formula(groups, temperature, margin):
    torch.manual_seed(0)
    inputs = [torch.randn(7, 5, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    settings = {"temperature": temperature, "margin": margin}
    tensor = None if groups is None else torch.tensor(groups)
    loss = translation_ranking_loss(*inputs, **settings, groups=tensor)
    expected = obvious_loss(*inputs, **settings, groups=groups)
    torch.testing.assert_close(loss, expected, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(
        torch.autograd.grad(loss, inputs), torch.autograd.grad(expected, inputs), rtol=1e-8, atol=1e-10
    )


@pytest.mark.parametrize("groups", GROUPS)
def test_word_translation_ranking_equals_the_formula(groups):
    torch.manual_seed(1)
    inputs = [torch.randn(7, 5, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    tensor = None if groups is None else torch.tensor(groups)
    loss = word_translation_ranking_loss(*inputs, temperature=0.07, groups=tensor)
    expected = obvious_loss(*inputs, temperature=0.07, groups=groups)
    torch.testing.assert_close(loss, expected, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(
        torch.autograd.grad(loss, inputs), torch.autograd.grad(expected, inputs), rtol=1e-8, atol=1e-10
    )


def test_a_part_with_all_candidates_averages_to_the_whole():
    torch.manual_seed(2)
    source, target = torch.randn(2, 6, 4, dtype=torch.float64).unbind()
    groups = torch.tensor([0, 1, 2, 1, 3, 4])
    whole = translation_ranking_loss(source, target, margin=0.2, groups=groups)
    parts = [
        translation_ranking_loss(
            source[part],
            target[part],
            margin=0.2,
            groups=groups[part],
            candidates=(source, target),
            candidate_groups=groups,
            offset=part.start,
        )
        for part in (slice(0, 2), slice(2, 4), slice(4, 6))
    ]
    torch.testing.assert_close(sum(parts) / 3, whole)


def test_blocks_of_scores_change_nothing():
    torch.manual_seed(3)
    queries, keys = (torch.randn(9, 4, dtype=torch.float64, requires_grad=True) for _ in range(2))
    settings = {
        "temperature": torch.tensor(0.1, dtype=torch.float64, requires_grad=True),
        "margin": 0.1,
        "groups": torch.arange(9)[:, None] // 2,
        "key_groups": torch.arange(9)[:, None] // 2,
    }
    results = []
    for max_scores in (10_000, 20, 1):
        losses = softmax_losses(queries, keys, torch.arange(9), **settings, max_scores=max_scores)
        results.append((losses, *torch.autograd.grad(losses.sum(), [queries, keys, settings["temperature"]])))
    torch.testing.assert_close(results[0], results[1])
    torch.testing.assert_close(results[0], results[2])


def test_half_precision_is_computed_in_float32():
    torch.manual_seed(4)
    source, target = torch.randn(2, 8, 16).bfloat16().unbind()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = translation_ranking_loss(source, target, margin=0.1)
    torch.testing.assert_close(loss, translation_ranking_loss(source.float(), target.float(), margin=0.1))


def test_all_duplicates_zero_vectors_and_tiny_temperatures_stay_finite():
    vectors = torch.zeros(3, 4, requires_grad=True)
    for groups in (None, torch.zeros(3, dtype=torch.int64)):
        loss = translation_ranking_loss(vectors, torch.eye(3, 4), temperature=1e-4, groups=groups)
        (gradient,) = torch.autograd.grad(loss, vectors)
        assert torch.isfinite(loss) and torch.isfinite(gradient).all()
    assert loss == 0  # nothing is to be told apart


def test_one_pair_has_nothing_to_be_told_from():
    with pytest.raises(XAlignError, match="at least two pairs"):
        translation_ranking_loss(torch.ones(1, 2), torch.ones(1, 2))
