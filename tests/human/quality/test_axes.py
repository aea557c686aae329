"""Holds agreement on orders, scores and flags to nltk and to counts by hand, and slices to what they slice by."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nltk.metrics.agreement import AnnotationTask
from nltk.metrics.distance import binary_distance, interval_distance
from scipy import stats

from human.quality.panel import panel, submission
from human.third_party import data_file
from trivium.human.formats import load
from trivium.human.quality.axes import axis_agreement, by_guideline, by_week
from trivium.human.quality.people import people
from trivium.human.submission import Submission, of_comparisons
from trivium.records import Comparison


def nltk_alpha(rows: list[tuple[str, str, float]], distance: Any) -> float:
    """Krippendorff's alpha of (person, unit, mark) by nltk, over units that two people marked."""
    units = [unit for _, unit, _ in rows]
    return float(AnnotationTask([row for row in rows if units.count(row[1]) > 1], distance=distance).alpha())


def last_answers(submissions: list[Submission]) -> list[Submission]:
    """The answer that stands of each person on each item."""
    return list({(one.item, one.person): one for one in submissions}.values())


def unit_rows(submissions: list[Submission], axis: str | None) -> list[tuple[str, str, float]]:
    """(person, item and slot, mark): scaled mid-ranks, or one axis."""
    rows = []
    for one in last_answers(submissions):
        if axis is None:
            marks = (stats.rankdata(one.ranks) - 1) / (len(one.replies) - 1)
        else:
            marks = one.scores.get(axis) or tuple(map(float, one.flags.get(axis, ())))
        rows += [(one.person, f"{one.item} {slot}", float(mark)) for slot, mark in enumerate(marks)]
    return rows


def agreed_by_hand(submissions: list[Submission]) -> float:
    """Share of (pair of people, pair of replies) with the same relation, counted one by one."""
    items: dict[str, list[Submission]] = {}
    for one in last_answers(submissions):
        items.setdefault(one.item, []).append(one)
    same = total = 0
    for answers in items.values():
        for one, other in combinations(answers, 2):
            for a, b in combinations(range(len(one.replies)), 2):
                assert one.ranks is not None
                assert other.ranks is not None
                same += np.sign(one.ranks[a] - one.ranks[b]) == np.sign(other.ranks[a] - other.ranks[b])
                total += 1
    return float(same / total)


@pytest.mark.parametrize("name", ["pandalm", "tulu-human-eval", "crows-pairs"])
def test_agreement_on_published_judgements_equals_what_nltk_and_counting_say(tmp_path: Path, name: str) -> None:
    records = load(name, data_file(name, tmp_path)).records
    submissions = of_comparisons(one for one in records if isinstance(one, Comparison))
    order, *scores = axis_agreement(submissions)
    assert order.pairs_agreed.value == pytest.approx(agreed_by_hand(submissions), abs=1e-12)
    assert order.alpha.value == pytest.approx(nltk_alpha(unit_rows(submissions, None), interval_distance), abs=1e-9)
    assert "at least three replies" in str(order.kendall_w.undefined)
    assert order.num_submissions == len(submissions)
    for one in scores:
        if one.alpha.value is not None and one.num_submissions < 3000:  # nltk is slow
            rows = unit_rows(submissions, one.axis)
            assert one.alpha.value == pytest.approx(nltk_alpha(rows, interval_distance), abs=1e-9), one.axis


def test_kendall_w_of_a_panel_is_the_mean_of_scipys_friedman() -> None:
    submissions = panel((0.3, 0.5, 0.9), 12)
    [order] = axis_agreement(submissions)
    items = [np.asarray([one.ranks for one in submissions if one.item == f"i{number}"]) for number in range(12)]
    by_scipy = [stats.friedmanchisquare(*ranks.T).statistic / (3 * 3) for ranks in items]
    assert order.kendall_w.value == pytest.approx(np.mean(by_scipy))
    assert (order.axis, order.scale, order.num_submissions, order.pairs_agreed.n) == ("order", "order", 36, 12)


def test_scores_with_open_marks_agree_as_nltk_says() -> None:
    rng = np.random.default_rng(3)
    rows = []
    for number in range(20):
        for person in "abc":
            marks = tuple(None if rng.random() < 0.2 else float(rng.integers(1, 6)) for _ in range(3))
            rows.append(submission(f"i{number}", person, (1, 2, 3), scores={"helpful": marks}))
    [_, helpful] = axis_agreement(rows)
    units = [
        (one.person, f"{one.item} {slot}", mark)
        for one in rows
        for slot, mark in enumerate(one.scores["helpful"])
        if mark is not None
    ]
    assert helpful.alpha.value == pytest.approx(nltk_alpha(units, interval_distance))
    assert helpful.kendall_w.undefined == "not an order"
    # Pairs are counted among those who marked everything.
    assert helpful.pairs_agreed.value is not None
    assert 0 < helpful.pairs_agreed.value < 1


def test_flags_agree_as_counted_by_hand_and_as_nltk_says() -> None:
    marks = {"a": (True, False), "b": (True, False), "c": (False, False)}
    rows = [submission("i", person, (1, 2), flags={"unsafe": given}) for person, given in marks.items()]
    [_, unsafe] = axis_agreement(rows)
    # First reply: of three pairs of people one agrees; second: all three do.
    assert unsafe.pairs_agreed.value == 4 / 6
    units = [(one.person, f"{slot}", float(mark)) for one in rows for slot, mark in enumerate(one.flags["unsafe"])]
    assert unsafe.alpha.value == pytest.approx(nltk_alpha(units, binary_distance))


def test_what_is_undefined_says_why() -> None:
    rows = [submission("i", person, (1, 2), flags={"unsafe": (False, False)}) for person in "ab"]
    [order, unsafe] = axis_agreement(rows)
    assert unsafe.alpha.undefined == "nobody set this flag, so chance cannot be taken out"
    assert unsafe.pairs_agreed.value == 1.0
    assert order.kendall_w.undefined is not None
    [alone] = axis_agreement([submission("i", "a", (1, 2))])
    assert alone.pairs_agreed.undefined == "no prompt has two rankers over different replies"
    assert axis_agreement([]) == []


def test_gold_and_skipped_items_and_second_answers_are_left_out() -> None:
    rows = [submission("i", person, (1, 2)) for person in "ab"]
    more = [
        submission("gold", "a", (1, 2), gold_ranks=(1, 2)),
        submission("gold", "b", (2, 1), gold_ranks=(1, 2)),
        Submission(item="j", person="a", skipped=True),
        submission("i", "a", (1, 2)),
    ]
    [order] = axis_agreement(rows + more)
    assert (order.pairs_agreed.value, order.pairs_agreed.n, order.num_submissions) == (1.0, 1, 2)


def test_versions_and_weeks_are_each_their_own_agreement_in_their_order() -> None:
    rows = panel((0.2, 0.2), 28)
    versions = by_guideline(rows)
    assert [one.label for one in versions] == ["9", "10"]
    assert [one.num_submissions for one in versions] == [28, 28]
    weeks = by_week(rows)
    assert [one.label for one in weeks] == ["2026-W45", "2026-W46"]
    assert all(one.pairs_agreed.value is not None and one.num_people == 2 for one in weeks)
    [alone] = by_guideline([one for one in rows if one.guideline == "9"])
    assert alone == versions[0]


def thumb(item: str, person: str, mark: float, **fields: object) -> Submission:
    return Submission.model_validate({"item": item, "person": person, "replies": ("Yes.",), **fields,
                                      **({} if "whole" in fields else {"scores": {"desirable": (mark,)}})})  # fmt: skip


def test_thumbs_and_verdicts_agree_where_people_said_the_same() -> None:
    said = {"a": (1, 1, 1), "b": (1, 1, 0), "c": (0, 1, 0)}
    task = [(f"p{who}", item, mark) for item, marks in said.items() for who, mark in enumerate(marks)]
    truth = AnnotationTask(data=task, distance=binary_distance).alpha()
    for whole in (False, True):
        rows = [thumb(item, person, mark, **({"whole": {"right": mark}} if whole else {}))
                for person, item, mark in task]  # fmt: skip
        [axis] = axis_agreement(rows)
        assert axis.axis == ("right" if whole else "desirable")
        assert axis.pairs_agreed.value == pytest.approx((3 + 1 + 1) / 9)
        assert axis.alpha.value == pytest.approx(truth)
        [one] = by_guideline([row.model_copy(update={"guideline": "1"}) for row in rows])
        assert (one.pairs_agreed, one.alpha) == (axis.pairs_agreed, axis.alpha)
        row = next(one for one in people(rows, min_items=3) if one.person == "p0")
        assert row.agreement.value == pytest.approx((2 + 1 + 1) / 6)


def test_a_mark_that_somebody_left_open_is_compared_with_nothing() -> None:
    rows = [thumb("a", "p0", 1, whole={"right": 1}), thumb("a", "p1", 1, whole={}), thumb("b", "p0", 1, whole={})]
    [axis] = axis_agreement(rows)
    assert axis.pairs_agreed.undefined is not None
    assert axis.alpha.undefined is not None
