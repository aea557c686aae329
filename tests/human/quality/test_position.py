"""Shows that a favoured place is found, that a fair panel passes, and that too little says so."""

from __future__ import annotations

import pytest
from scipy import stats

from human.quality.panel import panel, submission
from trivium.human.quality.position import position_bias


def test_a_favoured_first_place_is_found_and_its_share_is_told() -> None:
    bias = position_bias(panel((0.5, 0.5, 0.5), 100, favours_first=1.0))
    assert bias.matters
    assert bias.first_share[0].low > 0.25  # type: ignore[operator]
    assert bias.n == 300


def test_a_panel_without_favour_passes() -> None:
    bias = position_bias(panel((0.5, 0.5, 0.5), 100))
    assert not bias.matters
    assert sum(one.value for one in bias.first_share) == pytest.approx(1)  # type: ignore[misc]


def test_counts_and_test_are_those_of_scipy() -> None:
    rows = [submission(f"i{n}", "a", (1, 2), shown=(0, 1) if n < 15 else (1, 0)) for n in range(20)]
    rows += [submission(f"t{n}", "a", (1, 1), shown=(0, 1)) for n in range(5)]  # no single best
    bias = position_bias(rows)
    assert [one.value for one in bias.first_share] == [0.75, 0.25]
    by_scipy = stats.chisquare([15, 5])
    assert (bias.chi_square, bias.p_value, bias.n) == (by_scipy.statistic, by_scipy.pvalue, 20)


def test_too_few_or_unknown_places_say_so() -> None:
    rows = [submission("i", "a", (1, 2), shown=(0, 1))]
    assert position_bias(rows).undefined == "too few orders with a single best reply: 1, wanted 10"
    assert "nothing is known" in str(position_bias([submission("i", "a", (1, 2))]).undefined)
