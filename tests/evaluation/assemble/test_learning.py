from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.assemble.invented import Invented, whole
from trivium.evaluation.assemble.learning import MAX_POINTS, curves, thinned
from trivium.evaluation.report.data import Point


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=1200))
def test_thinning_keeps_the_mean_and_never_more_points_than_asked(values: list[float]) -> None:
    points: list[Point] = [(float(step), value) for step, value in enumerate(values)]
    kept, size = thinned(points)
    assert len(kept) <= MAX_POINTS
    sizes = [min(size, len(points) - start) for start in range(0, len(points), size)]
    total = math.fsum(value * count for (_, value), count in zip(kept, sizes, strict=True) if value is not None)
    assert total == pytest.approx(math.fsum(values), abs=1e-6)


def test_a_bin_with_a_hole_is_a_hole() -> None:
    assert thinned([(0.0, 1.0), (1.0, None), (2.0, 3.0), (3.0, 5.0)], limit=2) == ([(1.0, None), (3.0, 4.0)], 2)
    assert thinned([(0.0, math.nan)])[0] == [(0.0, None)]


def test_every_training_stage_has_its_curves_and_long_ones_say_how_they_were_thinned(tmp_path: Path) -> None:
    drawn = {curve.title: curve for curve in curves(whole(tmp_path).trail())}
    assert drawn["Pre-training loss"].unit == "nats a token, means of 3 steps"
    assert len(drawn["Pre-training loss"].series[0].points) == 150
    assert [series.name for series in drawn["Fine-tuning loss"].series] == ["replies", "raw text"]
    reference = drawn["Reward model loss"].reference
    assert reference is not None
    assert reference.value == pytest.approx(math.log(2))
    assert [series.name for series in drawn["Reward during PPO"].series] == ["learned", "truth"]
    ends = [series.points for series in drawn["Held-out text in PPO"].series]
    assert ends == [((0.0, 1.4), (4.0, 1.41)), ((0.0, 1.4), (4.0, 1.5))]


def test_reward_is_drawn_for_every_round_and_the_rest_for_the_last(tmp_path: Path) -> None:
    titles = [curve.title for curve in curves(whole(tmp_path, rounds=2).trail())]
    assert [title for title in titles if "Reward during" in title] == [
        "Reward during PPO, round 1",
        "Reward during PPO, round 2",
    ]
    assert "Distance to sft, round 2" in titles


def test_a_stage_that_stopped_shows_what_it_logged(tmp_path: Path) -> None:
    run = Invented(tmp_path)
    assert curves(run.trail()) == ()
    run.log("pretrain", [{"step": 0, "text_loss": 7.0}])
    (curve,) = curves(run.trail())
    assert curve.series[0].points == ((0.0, 7.0),)
