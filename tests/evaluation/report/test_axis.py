from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.evaluation.report.axis import Axis, nice_axis, nice_step, nice_ticks, rail, spread

numbers = st.floats(-1e9, 1e9, allow_subnormal=False)


@given(st.lists(numbers, min_size=1, max_size=20))
def test_ticks_cover_the_data(values: list[float]) -> None:
    ticks = nice_ticks(values)
    step = ticks[1] - ticks[0]
    assert ticks[0] <= min(values) + 1e-6 * step
    assert ticks[-1] >= max(values) - 1e-6 * step


@given(st.lists(numbers, min_size=1, max_size=20))
def test_ticks_rise_by_one_round_step_and_are_few(values: list[float]) -> None:
    ticks = nice_ticks(values)
    steps = [after - before for before, after in pairwise(ticks)]
    assert 2 <= len(ticks) <= 9
    assert all(step > 0 for step in steps)
    assert steps == pytest.approx([steps[0]] * len(steps), rel=1e-6)


@given(st.floats(1e-6, 1e9), st.integers(1, 10))
def test_a_step_is_one_two_or_five_times_a_power_of_ten(span: float, about: int) -> None:
    step = nice_step(span, about)
    mantissa = step / 10 ** math.floor(math.log10(step) + 1e-9)
    assert any(mantissa == pytest.approx(factor) for factor in (1, 2, 5, 10))
    assert span / step <= about * (1 + 1e-6)


@given(st.lists(numbers, min_size=1, max_size=20), numbers)
def test_every_value_is_drawn_inside_the_plot(values: list[float], outside: float) -> None:
    axis = nice_axis(values, 168, 14)
    assert all(14 <= axis.at(value) <= 168 for value in [*values, outside])


def test_an_axis_keeps_the_order_of_its_values_in_both_directions() -> None:
    up, down = Axis(0, 10, 0, 100), Axis(0, 10, 100, 0)
    assert [up.at(value) for value in (0, 2.5, 10)] == [0, 25, 100]
    assert [down.at(value) for value in (0, 2.5, 10)] == [100, 75, 0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_the_rail_of_a_share_runs_from_zero_to_one(values: list[float]) -> None:
    axis = rail(values, "share", 6, 184)
    assert (axis.low, axis.high) == (0.0, 1.0)


@given(st.lists(st.floats(0.01, 1e5), min_size=1, max_size=6), st.sampled_from(["seconds", "bytes", "nats"]))
def test_the_rail_of_another_unit_covers_value_interval_and_bar(values: list[float], unit: str) -> None:
    axis = rail(values, unit, 6, 184)
    assert axis.low <= min(values)
    assert axis.high >= max(values) * (1 - 1e-9)


def test_equal_values_still_make_an_axis() -> None:
    axis = nice_axis([3.0, 3.0], 0, 100)
    assert 0 < axis.at(3.0) < 100


@given(st.lists(st.floats(0, 300), min_size=1, max_size=6))
def test_spread_labels_do_not_touch_and_keep_their_order(wanted: list[float]) -> None:
    placed = spread(wanted, 20, 0, 300)
    by_place = sorted(placed)
    assert all(after - before >= 19.8 for before, after in pairwise(by_place))
    assert all(-0.1 <= place <= 300.1 for place in placed)
    for first in range(len(wanted)):
        for second in range(len(wanted)):
            if wanted[first] < wanted[second]:
                assert placed[first] < placed[second]


@given(st.lists(st.integers(0, 20), min_size=1, max_size=8))
def test_labels_that_do_not_touch_stay_where_they_are(gaps: list[int]) -> None:
    wanted = [100.0 + 30 * place + gap / 4 for place, gap in enumerate(gaps)]
    assert spread(wanted, 20, 0, 1000) == pytest.approx(wanted, abs=0.06)
