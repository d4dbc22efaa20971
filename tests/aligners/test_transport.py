from __future__ import annotations

import itertools
import sys

import numpy as np
import pytest


pytest.importorskip("ot", reason="needs the POT library")

from hf_xalign.aligners import load_aligner
from hf_xalign.aligners.transport import scale, transport_plan
from hf_xalign.errors import XAlignError


SETTINGS = {"reg": 0.1, "share": 0.9, "relaxation": 0.5}


def plan(similarities, source=None, target=None, **settings):
    similarities = np.asarray(similarities, dtype=float)
    source = np.ones(similarities.shape[0]) if source is None else np.asarray(source, dtype=float)
    target = np.ones(similarities.shape[1]) if target is None else np.asarray(target, dtype=float)
    return transport_plan(similarities, source, target, **(SETTINGS | settings))


def test_scale():
    np.testing.assert_allclose(scale(np.array([[2.0, 4.0], [3.0, 2.5]])), [[0, 1], [0.5, 0.25]])
    np.testing.assert_array_equal(scale(np.full((2, 3), 0.7)), np.ones((2, 3)))


@pytest.mark.parametrize("kind", ["balanced", "partial", "unbalanced"])
def test_rounding_decides_nothing(kind):
    # Three times the same word on one side, twice on the other, as an encoder gives them in some batch.
    noise = np.random.default_rng(0).random((3, 2)) * 1e-6
    np.testing.assert_array_equal(plan(0.9 + noise, kind=kind), plan(np.full((3, 2), 0.9), kind=kind))


@pytest.mark.parametrize("reg", [0, 0.05])
@pytest.mark.parametrize("shape", [(1, 7), (6, 1)])
def test_one_word_that_gets_all_mass_is_linked_to_all(shape, reg):
    # All mass must be moved, so there is a single plan: equal shares.
    similarities = np.random.default_rng(0).random(shape)
    np.testing.assert_array_equal(plan(similarities, kind="balanced", reg=reg), np.ones(shape))


@pytest.mark.parametrize("seed", range(5))
def test_exact_balanced_transport_of_equal_masses_is_the_best_assignment(seed):
    similarities = np.random.default_rng(seed).random((5, 5))
    best = max(itertools.permutations(range(5)), key=lambda order: similarities[range(5), order].sum())
    expected = np.zeros((5, 5))
    expected[range(5), best] = 1
    np.testing.assert_allclose(plan(similarities, kind="balanced", reg=0), expected, atol=1e-9)


def test_entropy_smooths_the_plan():
    similarities = np.random.default_rng(0).random((4, 6))
    sharp, smooth = (plan(similarities, kind="balanced", reg=reg) for reg in (0.01, 1.0))
    assert (sharp > 0.01).sum() < (smooth > 0.01).sum()


# The third source word is like nothing on the other side.
ODD = np.array([[0.9, 0.2], [0.2, 0.9], [0.1, 0.1]])


def test_balanced_transport_links_every_word():
    assert (plan(ODD, kind="balanced", reg=0)[2] > 0).any()


@pytest.mark.parametrize(
    "settings", [{"kind": "partial", "share": 1.0, "reg": 0}, {"kind": "unbalanced", "relaxation": 0.2}]
)
def test_the_others_leave_words_alone(settings):
    found = plan(ODD, **settings)
    assert found[0, 0] > 0.9 and found[1, 1] > 0.9
    assert found[2].max() < 0.1


def test_partial_transport_moves_the_share():
    similarities = np.diag([0.9, 0.8, 0.7, 0.6])
    assert (plan(similarities, kind="partial", share=0.5, reg=0) > 0.5).sum() == 2
    assert (plan(similarities, kind="partial", share=1.0, reg=0) > 0.5).sum() == 4


@pytest.mark.parametrize("seed", range(5))
def test_partial_transport_with_little_entropy_is_nearly_exact(seed, capsys):
    # POT's fast solver underflows here, and leaves all mass in one cell.
    random = np.random.default_rng(seed)
    similarities = 0.2 * random.random((6, 8)) + np.eye(6, 8) * random.uniform(0.2, 0.5, (6, 8))
    exact, smoothed = (plan(similarities, kind="partial", share=0.9, reg=reg) > 0.5 for reg in (0, 0.01))
    assert exact.sum() >= 5
    assert (exact & smoothed).sum() >= 5
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("kind", "hint"), [("partial", "raise it, or 0 for"), ("unbalanced", "raise it$")])
def test_an_entropy_too_small_is_refused_rather_than_linking_anything(kind, hint, capsys):
    with pytest.raises(XAlignError, match=f"reg is 1e-09, too small for the numbers of {kind} transport: {hint}"):
        plan(np.random.default_rng(0).random((5, 6)), kind=kind, reg=1e-9)
    # Links may go to standard output.
    assert capsys.readouterr().out == ""


def test_some_mass_must_be_moved(tmp_path):
    with pytest.raises(XAlignError, match="share is 0; it must be above 0"):
        load_aligner("ot", model=tmp_path, kind="partial", share=0)


@pytest.mark.parametrize("kind", ["balanced", "partial", "unbalanced"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (5, 1), (3, 7)])
def test_any_shape_gives_scores(kind, shape):
    found = plan(np.random.default_rng(1).random(shape), kind=kind)
    assert found.shape == shape
    assert np.isfinite(found).all() and found.min() >= 0 and found.max() == 1


def test_heavy_words_get_more():
    similarities = np.full((2, 2), 0.5) + np.diag([0.1, 0.1])
    found = plan(similarities, [3, 1], [3, 1], kind="balanced", reg=0)
    assert found[0, 0] == 1 and 0.2 < found[1, 1] < 0.5


def test_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ot", None)
    with pytest.raises(XAlignError, match=r"POT library: pip install 'hf_xalign\[ot\]'"):
        load_aligner("ot", model=tmp_path)
