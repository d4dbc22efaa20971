"""Symmetrisation against the rules written out on grids, cases worked out by hand, and output of atools."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_xalign.aligners.symmetrization import METHODS, symmetrize
from hf_xalign.errors import XAlignError


def pharaoh(text):
    return {tuple(map(int, link.split("-"))) for link in text.split()}


def obvious(forward, reverse, method):
    """The rules of Koehn et al. (2003) on boolean grids, in atools' order; links are looked at from the start again
    and again, so nothing is kept between passes."""
    rows = 1 + max((i for i, _ in forward | reverse), default=-1)
    columns = 1 + max((j for _, j in forward | reverse), default=-1)
    cells = [(i, j) for i in range(rows) for j in range(columns)]
    both = {cell: cell in forward and cell in reverse for cell in cells}
    either = {cell: cell in forward or cell in reverse for cell in cells}
    if method == "intersection":
        return {cell for cell in cells if both[cell]}
    if method == "union":
        return {cell for cell in cells if either[cell]}
    taken = dict(both)

    def row_is_free(i):
        return not any(taken[i, j] for j in range(columns))

    def column_is_free(j):
        return not any(taken[i, j] for i in range(rows))

    changed = True
    while changed:
        changed = False
        for i, j in cells:
            if not either[i, j] or taken[i, j]:
                continue
            touches = False
            for a in (i - 1, i, i + 1):
                for b in (j - 1, j, j + 1):
                    touches = touches or taken.get((a, b), False)
            if touches and (row_is_free(i) or column_is_free(j)):
                taken[i, j] = True
                changed = True
    for links in (forward, reverse):
        for i, j in cells:
            if (i, j) not in links or taken[i, j]:
                continue
            if method == "grow-diag-final" and (row_is_free(i) or column_is_free(j)):
                taken[i, j] = True
            if method == "grow-diag-final-and" and row_is_free(i) and column_is_free(j):
                taken[i, j] = True
    return {cell for cell in cells if taken[cell]}


LINKS = st.frozensets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=14)


@pytest.mark.parametrize("method", METHODS)
@given(forward=LINKS, reverse=LINKS)
def test_equals_the_rules_written_out(method, forward, reverse):
    assert symmetrize(forward, reverse, method) == sorted(obvious(forward, reverse, method))


# Worked out by hand. Intersection: 0-0 and 2-2. 1-1 touches both and word 1 is free on both sides: grown. 3-2 touches
# 2-2 and source 3 is free: grown. 4-5 and 5-4 touch nothing at first; 4-5 touches no taken link (3-2 is not next to
# it). 6-0 touches nothing, its source is free, its target is taken: only `final` takes it.
FORWARD = pharaoh("0-0 1-1 2-2 6-0 4-5")
REVERSE = pharaoh("0-0 2-2 3-2 5-4")


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("intersection", "0-0 2-2"),
        ("union", "0-0 1-1 2-2 3-2 4-5 5-4 6-0"),
        ("grow-diag", "0-0 1-1 2-2 3-2"),
        ("grow-diag-final", "0-0 1-1 2-2 3-2 4-5 5-4 6-0"),
        ("grow-diag-final-and", "0-0 1-1 2-2 3-2 4-5 5-4"),
    ],
)
def test_worked_out_by_hand(method, expected):
    assert symmetrize(FORWARD, REVERSE, method) == sorted(pharaoh(expected))


def test_growth_goes_on_from_what_was_grown():
    """A diagonal from one anchor: each link touches only the one before it."""
    diagonal = {(i, i) for i in range(5)}
    assert symmetrize(diagonal, {(4, 4)}, "grow-diag") == sorted(diagonal)


def test_of_two_rivals_the_first_in_order_wins():
    """0-0 and 0-2 both touch an anchor and both want source 0, their targets being taken: only one can have it."""
    assert symmetrize({(1, 0), (1, 2), (0, 2)}, {(1, 0), (1, 2), (0, 0)}, "grow-diag") == [(0, 0), (1, 0), (1, 2)]


def test_final_looks_at_forward_first():
    """Without an intersection nothing grows; 0-1 (forward) and 1-1 (reverse) then compete for target 1."""
    assert symmetrize({(1, 1)}, {(0, 1)}, "grow-diag-final-and") == [(1, 1)]
    assert symmetrize({(0, 1)}, {(1, 1)}, "grow-diag-final-and") == [(0, 1)]


# What atools of fast_align cab1e9a wrote for `atools -i FORWARD -j REVERSE -c METHOD` on random links: forward,
# reverse, grow-diag, grow-diag-final, grow-diag-final-and.
ATOOLS = [
    (
        "0-0 2-1 4-2 4-3 4-4 4-5",
        "0-1 1-0 2-3 3-3 4-4",
        "2-3 3-3 4-2 4-4 4-5",
        "0-0 1-0 2-1 2-3 3-3 4-2 4-4 4-5",
        "0-0 2-3 3-3 4-2 4-4 4-5",
    ),
    (
        "0-1 1-0 3-2 3-3 3-4",
        "0-0 1-1 2-2 3-3 5-5 6-5 7-5",
        "0-0 1-1 2-2 3-3 3-4",
        "0-0 1-1 2-2 3-3 3-4 5-5 6-5 7-5",
        "0-0 1-1 2-2 3-3 3-4 5-5",
    ),
    (
        "3-3 4-1 4-2 4-4 4-5 4-6 4-7",
        "0-0 1-0 2-1 4-5",
        "3-3 4-1 4-2 4-4 4-5 4-6 4-7",
        "0-0 1-0 2-1 3-3 4-1 4-2 4-4 4-5 4-6 4-7",
        "0-0 3-3 4-1 4-2 4-4 4-5 4-6 4-7",
    ),
    (
        "2-2 2-3 4-4 5-5 5-6",
        "0-0 2-2 3-2 5-3",
        "2-2 2-3 3-2",
        "0-0 2-2 2-3 3-2 4-4 5-5 5-6",
        "0-0 2-2 2-3 3-2 4-4 5-5",
    ),
    (
        "1-0 3-3 4-5 5-2 5-6 7-4",
        "0-0 1-0 2-0 3-3 5-5 6-4 7-6",
        "0-0 1-0 2-0 3-3",
        "0-0 1-0 2-0 3-3 4-5 5-2 5-6 6-4 7-4",
        "0-0 1-0 2-0 3-3 4-5 5-2 7-4",
    ),
    (
        "0-0 1-1 3-2 3-3 4-4 4-5",
        "0-0 1-0 2-3 4-3",
        "0-0 1-0 1-1",
        "0-0 1-0 1-1 2-3 3-2 3-3 4-4 4-5",
        "0-0 1-0 1-1 2-3 3-2 4-4",
    ),
    (
        "1-1 2-2 3-0 4-4",
        "1-0 2-2 4-2 5-4 6-4 7-4",
        "1-0 1-1 2-2",
        "1-0 1-1 2-2 3-0 4-4 5-4 6-4 7-4",
        "1-0 1-1 2-2 4-4",
    ),
    (
        "1-0 1-1 1-2 4-3 6-5 6-6 7-7",
        "0-0 1-1 2-0 3-3 4-4 6-4 7-7",
        "0-0 1-1 1-2 2-0 6-4 6-5 6-6 7-7",
        "0-0 1-1 1-2 2-0 3-3 4-3 6-4 6-5 6-6 7-7",
        "0-0 1-1 1-2 2-0 4-3 6-4 6-5 6-6 7-7",
    ),
]


@pytest.mark.parametrize(("forward", "reverse", "diag", "final", "final_and"), ATOOLS)
def test_equals_atools(forward, reverse, diag, final, final_and):
    forward, reverse = pharaoh(forward), pharaoh(reverse)
    expected = {"grow-diag": diag, "grow-diag-final": final, "grow-diag-final-and": final_and}
    assert {m: symmetrize(forward, reverse, m) for m in expected} == {
        m: sorted(pharaoh(links)) for m, links in expected.items()
    }


@pytest.mark.parametrize("method", METHODS)
def test_nothing_in_nothing_out(method):
    assert symmetrize(set(), set(), method) == []


@pytest.mark.parametrize("method", METHODS)
def test_inputs_are_left_alone(method):
    forward, reverse = {(0, 0), (1, 1)}, {(0, 0), (1, 0)}
    symmetrize(forward, reverse, method)
    assert (forward, reverse) == ({(0, 0), (1, 1)}, {(0, 0), (1, 0)})


def test_unknown_method_names_the_nearest():
    with pytest.raises(XAlignError, match="'grow-diag-finaland'; did you mean 'grow-diag-final-and'"):
        symmetrize({(0, 0)}, {(0, 0)}, "grow-diag-finaland")
