from __future__ import annotations

import math
import re
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.evaluation.report import curves, dumbbells, ranking, whiskers
from trivium.evaluation.report.batches import css, heaviest, visible
from trivium.evaluation.report.data import Curve, Estimate, Piece, RankedReply, Ranking, ScoreRow, Series, Task


def xs_of(markup: str, name: str) -> list[float]:
    found = re.findall(rf'class="{name}" d="M([\d.]+) [\d.]+L([\d.]+) ', markup)
    return [float(x) for pair in found for x in pair]


def test_changes_pair_the_same_measure_of_several_models_and_leave_tasks_out(sample: ModuleType) -> None:
    task = ScoreRow(group="g", label="Summary", key="sft.tasks.summary", value=0.5)
    found = dumbbells.changes((*sample.scorecard(), task, task.model_copy(update={"key": "base.tasks.summary"})))
    assert [row.label for row in found][:2] == ["Ends by itself", "Says what it cannot know"]
    assert [model for model, _ in found[0].dots] == ["base", "sft", "policy"]
    assert "Summary" not in [row.label for row in found]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=3))
def test_intervals_stay_inside_the_plot(triples: list[tuple[float, float, float]]) -> None:
    estimates = [Estimate(low=low, value=value, high=high, n=9) for low, value, high in map(sorted, triples)]
    rows = dumbbells.task_rows((Task(label="t", base=estimates[0], sft=estimates[1], policy=estimates[2]),))
    for markup, left, right in ((dumbbells.wide(rows), 320, 1092), (dumbbells.narrow(rows), 10, 318)):
        for model in ("base", "sft", "policy"):
            xs = xs_of(markup, f"s-{model} err")
            assert len(xs) == 2
            assert left <= xs[0] <= xs[1] <= right


def test_two_marks_on_one_spot_are_both_seen() -> None:
    same = Estimate(value=1.0, low=0.98, high=1.0, n=200)
    markup = dumbbells.wide(dumbbells.task_rows((Task(label="t", sft=same, policy=same),)))
    assert 's-sft fillme' in markup
    assert 's-policy ringed' in markup


def test_the_words_about_the_tasks_name_those_that_are_not_better(sample: ModuleType) -> None:
    low = Estimate(value=0.2, low=0.1, high=0.3, n=100)
    words = dumbbells.task_words((*sample.tasks(), Task(label="Riddles", base=low, sft=low)))
    assert "on ten of eleven" in words
    assert words.endswith("Not above it: Riddles.")


@given(st.floats(0.01, 50), st.floats(0, 5), st.floats(0, 5), st.lists(st.floats(0, 60), max_size=2))
def test_the_whisker_and_the_bar_stay_on_the_rail(value: float, below: float, above: float, lines: list[float]) -> None:
    row = ScoreRow(group="g", label="l", key="k", value=value, low=value - below, high=value + above, bar_lines=tuple(lines), bar="b", unit="nats")
    markup = whiskers.whisker(row, [row])
    xs = [float(x) for x in re.findall(r"[MH]([\d.]+) ", markup)] + [float(re.findall(r'cx="([\d.]+)"', markup)[0])]
    assert all(6 <= x <= 184 for x in xs)


def test_rows_of_one_group_and_unit_share_their_rail(sample: ModuleType) -> None:
    rows = [row for row in sample.scorecard() if row.key.startswith("bits_per_byte")]
    assert whiskers.row_axis(rows[0], rows) == whiskers.row_axis(rows[1], rows)


def test_a_curve_that_stops_being_a_number_shows_a_cross_and_says_the_step() -> None:
    curve = Curve(title="loss", unit="nats", series=(Series(name="loss", points=((0, 1.0), (1, 0.5), (2, math.nan), (3, math.inf))),))
    assert curve.series[0].points[2][1] is None
    markup = curves.draw(curve)
    assert 'class="broken"' in markup
    assert "not a number at step 2" in markup
    assert "nan" not in re.sub(r"<title.*?</title>", "", markup)


@pytest.mark.parametrize("num_points", [1, 2, 900, 5000])
def test_a_curve_keeps_its_ends_and_extremes_however_long_it_is(num_points: int) -> None:
    values = [math.sin(step / 40) + (3 if step == num_points // 3 else 0) for step in range(num_points)]
    points = tuple((float(step), value) for step, value in enumerate(values))
    kept = curves.thinned(points)
    assert kept[0] == points[0]
    assert kept[-1] == points[-1]
    assert max(value or 0 for _, value in kept) == max(values)
    assert len(kept) <= max(1040, num_points if num_points <= 1040 else 4 * 520)
    curves.draw(Curve(title="t", unit="u", series=(Series(name="s", points=points),)))


def test_a_curve_without_values_is_not_drawn() -> None:
    assert not curves.drawable(Curve(title="t", unit="u", series=(Series(name="s", points=((0, None),)),)))


def four_way(ranks: list[tuple[float | None, ...]], **more: object) -> Ranking:
    replies = tuple(RankedReply(name="ABCD"[i], text="x", ranks=r, mean_rank=sum(x or 0 for x in r) / len(r)) for i, r in enumerate(ranks))
    return Ranking.model_validate({"prompt": "p", "rankers": ("heron", "finch"), "replies": replies, **more})


def test_ties_carry_an_equals_sign_and_replies_stand_from_best_to_worst() -> None:
    found = four_way([(3, 4), (1, 1), (1, 2), (4, 3)])
    assert [reply.name for reply in ranking.ordered(found)] == ["B", "C", "A", "D"]
    assert ranking.place(found, found.replies[1], 0) == "1 ="
    assert ranking.place(found, found.replies[1], 1) == "1"


def test_a_contested_prompt_says_that_it_makes_no_pair() -> None:
    found = four_way([(1, 4), (2, 3), (3, 2), (4, 1)], contested="Kendall W is 0.00.")
    assert ranking.title(found) == "One prompt, from two orders to no pair"
    assert ranking.explanations(found)[-1][0] == "Contested"


def test_each_ranker_must_have_a_place_for_each_reply() -> None:
    with pytest.raises(ValueError, match="1 ranks from 2 rankers"):
        four_way([(1,)])


def test_a_token_without_ink_is_made_visible_and_weights_have_thickness_and_sign(sample: ModuleType) -> None:
    assert visible("\n") == "↵\n"
    policy = sample.batches()[-1]
    top = heaviest(policy)
    assert top == 1.02
    assert css(Piece(text="a", loss=True, weight=-0.1), top) == "l w1 neg"
    assert css(Piece(text="a", loss=False, weight=1.0), top) == ""
