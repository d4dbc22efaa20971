"""TCM against the formula written out in loops, in float64, gradients included."""

from __future__ import annotations

import math

import pytest
import torch

from hf_xalign.errors import XAlignError
from hf_xalign.losses import same_group, transliteration_contrastive_loss


PAPER = {"temperature": 1.0, "similarity": "dot", "factor": 0.5}


def obvious_loss(first, second, *, temperature, similarity, factor, groups=None):
    """1/(2N) Σ −log(exp(s(z_i, z_p(i))/τ) / Σ_{j≠i} exp(s(z_i, z_j)/τ)), times the factor, z interleaved."""
    vectors, ids = [], []
    for i in range(len(first)):
        vectors += [first[i], second[i]]
        ids += [set() if groups is None else set(groups[i].flatten().tolist())] * 2
    total = torch.zeros((), dtype=torch.float64)
    for i, query in enumerate(vectors):
        partner = i + 1 if i % 2 == 0 else i - 1
        positive, denominator = None, torch.zeros((), dtype=torch.float64)
        for j, key in enumerate(vectors):
            if j == i:
                continue
            if j != partner and ids[i] & ids[j]:
                continue
            score = torch.dot(query, key)
            if similarity == "cosine":
                score = score / (query.norm() * key.norm())
            denominator = denominator + torch.exp(score / temperature)
            if j == partner:
                positive = score / temperature
        total = total - (positive - torch.log(denominator))
    return factor * total / len(vectors)


@pytest.mark.parametrize(
    "settings", [PAPER, {"temperature": 0.05, "similarity": "cosine", "factor": 1.0}], ids=["paper", "default"]
)
@pytest.mark.parametrize(
    "groups", [None, [0, 1, 0, 2, 3, 3, 4], [[0, 9], [1, 8], [2, 0], [3, 7], [4, 6], [5, 3], [6, 5]]]
)
def test_equals_the_formula(settings, groups):
    torch.manual_seed(0)
    inputs = [torch.randn(7, 5, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    groups = None if groups is None else torch.tensor(groups)
    loss = transliteration_contrastive_loss(*inputs, **settings, groups=groups)
    expected = obvious_loss(*inputs, **settings, groups=groups)
    torch.testing.assert_close(loss, expected, rtol=1e-10, atol=1e-10)
    gradients, expected_gradients = torch.autograd.grad(loss, inputs), torch.autograd.grad(expected, inputs)
    torch.testing.assert_close(gradients, expected_gradients, rtol=1e-8, atol=1e-10)


def test_paper_preset_in_float32_to_1e_6():
    torch.manual_seed(1)
    first, second = torch.randn(16, 8), torch.randn(16, 8)
    loss = transliteration_contrastive_loss(first, second, **PAPER)
    expected = obvious_loss(first.double(), second.double(), **PAPER)
    assert abs(loss.item() - expected.item()) < 1e-6 * expected.item()


def test_a_part_of_the_batch_with_all_candidates_averages_to_the_whole():
    torch.manual_seed(2)
    first, second = torch.randn(2, 6, 4, dtype=torch.float64, requires_grad=True).unbind()
    groups = torch.tensor([0, 1, 2, 1, 3, 4])
    whole = transliteration_contrastive_loss(first, second, groups=groups)
    parts = [
        transliteration_contrastive_loss(
            first[start : start + 2],
            second[start : start + 2],
            groups=groups[start : start + 2],
            candidates=(first, second),
            candidate_groups=groups,
            offset=start,
        )
        for start in (0, 2, 4)
    ]
    torch.testing.assert_close(sum(parts) / 3, whole)


def test_equal_rows_are_no_negatives():
    """Two copies of one pair: without groups the copies repel each other, with groups only the third row counts."""
    first = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    loss = transliteration_contrastive_loss(first, first, temperature=1.0, groups=torch.tensor([7, 7, 8]))
    twice = -math.log(math.e / (math.e + 2))  # positive 1, and both vectors of row 3 at 0
    once = -math.log(math.e / (math.e + 4))
    assert loss.item() == pytest.approx((4 * twice + 2 * once) / 6)


def test_same_group_looks_in_every_column():
    left, right = torch.tensor([[1, 2], [3, 4]]), torch.tensor([[2, 5], [4, 4], [6, 7]])
    assert same_group(left, right).tolist() == [[True, False, False], [False, True, False]]


def test_half_precision_is_computed_in_float32():
    torch.manual_seed(3)
    first, second = torch.randn(8, 16).bfloat16(), torch.randn(8, 16).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = transliteration_contrastive_loss(first, second)
    torch.testing.assert_close(loss, transliteration_contrastive_loss(first.float(), second.float()))


def test_zero_vectors_and_tiny_temperatures_stay_finite():
    first = torch.zeros(3, 4, requires_grad=True)
    loss = transliteration_contrastive_loss(first, torch.eye(3, 4), temperature=1e-4)
    loss.backward()
    assert torch.isfinite(loss) and torch.isfinite(first.grad).all()


def test_refuses_a_batch_of_one_and_unknown_similarities():
    with pytest.raises(XAlignError, match="at least two pairs"):
        transliteration_contrastive_loss(torch.ones(1, 2), torch.ones(1, 2))
    with pytest.raises(XAlignError, match="'euclid'"):
        transliteration_contrastive_loss(torch.ones(2, 2), torch.ones(2, 2), similarity="euclid")
