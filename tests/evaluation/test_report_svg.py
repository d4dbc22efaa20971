"""The small pieces that the figures are made of."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hf_xalign.evaluation.report.svg import element, nice_scale, num, signed, spread


NUMBERS = st.floats(-1e6, 1e6).map(lambda value: round(value, 6))


@given(st.lists(NUMBERS, min_size=1, max_size=20), st.booleans(), st.booleans())
@example([0.0], False, False)
@example([1.0, 1.0], True, True)
def test_a_scale_holds_its_values_between_ordered_ticks(values, whole, tight):
    scale = nice_scale(values, whole=whole, tight=tight)
    slack = 1e-6 * max(1.0, *map(abs, values))
    assert scale.low - slack <= min(values) <= max(values) <= scale.high + slack
    assert all(a < b for a, b in pairwise(scale.ticks))
    assert 1 <= len(scale.ticks) <= 12
    labels = [signed(tick, scale.digits) for tick in scale.ticks]
    assert len({*labels}) == len(labels)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_a_scale_of_shares_stays_within_0_and_1(values):
    scale = nice_scale(values, floor=0, ceiling=1)
    assert 0 <= scale.low < scale.high <= 1
    assert all(-1e-9 <= tick <= 1 + 1e-9 for tick in scale.ticks)


@given(st.lists(st.floats(0, 200), max_size=20))
def test_labels_are_spread_in_order_and_stay_inside(positions):
    placed = spread(positions, 12, 0, 240)
    assert all(-1e-6 <= place <= 240 + 1e-6 for place in placed)
    in_order = [placed[index] for index in sorted(range(len(positions)), key=lambda index: positions[index])]
    assert all(b - a >= min(12, 240 / (len(positions) - 1)) - 1e-6 for a, b in pairwise(in_order))


def test_labels_with_room_stay_where_they_are_and_others_part_evenly():
    assert spread([10, 50, 100], 12, 0, 240) == [10, 50, 100]
    assert spread([100, 100, 100], 12, 0, 240) == [88, 100, 112]


def test_elements_escape_text_and_attributes():
    assert element("a", "<&>", class_='x"y', text_anchor="end", none=None) == (
        '<a class="x&#34;y" text-anchor="end">&lt;&amp;&gt;</a>'
    )
    assert element("g", element("b", "{}")) == "<g><b>{}</b></g>"


@pytest.mark.parametrize(("value", "digits", "text"), [(-0.004, 2, "0.00"), (-0.25, 2, "−0.25"), (3, 0, "3")])
def test_minus_signs_are_true_and_zero_has_none(value, digits, text):
    assert signed(value, digits) == text


@pytest.mark.parametrize(("value", "text"), [(-0.001, "0"), (12.0, "12"), (1.256, "1.26"), (100, "100")])
def test_coordinates_are_short(value, text):
    assert num(value) == text
