"""Shows that a comparison from a file becomes a submission in slot order, with what was offered and not set."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from trivium.human.submission import Submission, of_comparisons
from trivium.records import Comparison, Prompt

PROMPT = Prompt.of("Hi", origin="dataset", source="x")


def order(person: str, replies: tuple[str, ...], ranks: tuple[int, ...], **fields: object) -> Comparison:
    """One person's order."""
    return Comparison.model_validate({"prompt": PROMPT, "replies": replies, "ranks": ranks, "ranker": person, **fields})


def test_replies_shown_in_another_order_are_the_same_item_and_the_same_slots() -> None:
    one, other = of_comparisons([order("a", ("x", "y"), (1, 2)), order("b", ("y", "x"), (2, 1))])
    assert one.item == other.item
    assert (one.ranks, other.ranks) == ((1, 2), (1, 2))


def test_a_flag_that_one_person_set_was_offered_to_all() -> None:
    flagged = order("a", ("y", "x"), (1, 2), flags=(("unsafe",), ()), scores={"good": (3.0, 1.0)})
    one, other = of_comparisons([flagged, order("b", ("x", "y"), (1, 2))])
    assert one.flags == {"unsafe": (False, True)}
    assert one.scores == {"good": (1.0, 3.0)}
    assert other.flags == {"unsafe": (False, False)}


def test_a_second_order_by_the_same_person_is_another_occasion() -> None:
    rows = of_comparisons(
        [order("a", ("x", "y"), (1, 2)), order("a", ("x", "y"), (2, 1)), order("b", ("x", "y"), (1, 2))]
    )
    assert [one.item == rows[0].item for one in rows] == [True, False, True]


def test_marks_that_do_not_fit_the_replies_are_refused() -> None:
    with pytest.raises(ValidationError, match="one mark a reply in `helpful`"):
        Submission(item="i", person="a", replies=("x", "y"), ranks=(1, 2), scores={"helpful": (1.0,)})
    with pytest.raises(ValidationError, match="every slot once"):
        Submission(item="i", person="a", replies=("x", "y"), shown=(0, 0))
