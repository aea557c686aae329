"""Holds the row of each person to what was put into the simulated panel, and remarks to their numbers."""

from __future__ import annotations

from human.quality.panel import panel, submission
from trivium.human.quality.people import people
from trivium.human.submission import Submission


def test_a_noisy_fast_person_with_many_ties_is_last_and_remarked_on() -> None:
    rows = panel((0.3, 0.3, 0.3, 0.3), 60)
    hasty = [
        submission(f"i{n}", "hasty", [(1, 1, 1, 4), (1, 2, 3, 3), (2, 2, 1, 2)][n % 3], seconds=9.0) for n in range(60)
    ]
    table = people(rows + hasty)
    assert [one.person for one in table][-1] == "hasty"
    last = table[-1]
    assert last.num_items == 60
    assert last.median_seconds == 9.0
    assert [remark.split(":")[0] for remark in last.remarks] == ["agrees less than the others", "fast", "many ties"]
    assert all(not one.remarks for one in table[:-1])
    assert all(one.agreement.low < one.agreement.value < one.agreement.high for one in table)  # type: ignore[operator]


def test_a_persons_agreement_is_counted_against_each_other_person() -> None:
    rows = [submission("i", "a", (1, 2, 3)), submission("i", "b", (1, 3, 2)), submission("i", "c", (1, 2, 3))]
    table = {one.person: one.agreement.value for one in people(rows, min_items=1)}
    # a with b: 2 of 3 pairs; a with c: 3 of 3; b with c: 2 of 3.
    assert table == {"a": 5 / 6, "b": 4 / 6, "c": 5 / 6}


def test_few_items_give_no_agreement_but_the_reason() -> None:
    table = people(panel((0.3, 0.3), 5))
    assert {one.agreement.undefined for one in table} == {"too few items: 5 shared with others, wanted 30"}


def test_gold_is_right_where_nothing_known_is_turned_around() -> None:
    gold = (1, 2, 3)
    answers = {"a": (1, 2, 3), "b": (1, 1, 3), "c": (2, 1, 3)}
    rows = [submission("g", person, ranks, gold_ranks=gold) for person, ranks in answers.items()]
    rows.append(Submission(item="x", person="c", skipped=True))
    table = {one.person: one for one in people(rows)}
    assert [table[person].gold.value for person in "abc"] == [1.0, 1.0, 0.0]
    assert table["c"].num_skipped == 1
    assert table["c"].gold.n == 1
    assert table["a"].agreement.value is None  # gold items say nothing about agreement
    assert people([submission("i", "a", (1, 2))])[0].gold.undefined == "no gold item answered"


def test_somebody_who_gets_gold_wrong_is_remarked_on() -> None:
    gold = (1, 2, 3)
    rows = [submission(f"g{n}", who, gold, gold_ranks=gold) for n in range(20) for who in "ab"]
    rows += [submission(f"g{n}", "c", (3, 2, 1), gold_ranks=gold) for n in range(20)]
    assert [one.remarks for one in people(rows) if one.person == "c"] == [
        ("more gold items wrong than the others: 0% right against 100%",)
    ]
