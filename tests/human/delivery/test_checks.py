"""Holds each check before sealing to a milestone with that one fault, and masking to what it takes out."""

from __future__ import annotations

from human.delivery.milestones import FIELDS, demonstration, milestone, orders
from trivium.human.delivery.checks import Check, checks, without_personal_data
from trivium.records import Prompt


def found(name: str, *args: object, **fields: object) -> Check:
    """Return one check of the milestone with these fields."""
    return next(one for one in checks(milestone(**fields)) if one.name == name)


def test_a_good_milestone_has_no_stop() -> None:
    states = {one.name: one.state for one in checks(milestone())}
    assert "stop" not in states.values()
    assert states["coverage"] == states["contested"] == "warning"
    assert states["agreement"] == "ok"


def test_nothing_accepted_is_a_stop() -> None:
    assert found("content", demonstrations={}, comparisons={}, judgements={}).state == "stop"


def test_personal_data_anywhere_names_the_item() -> None:
    asked = Prompt.of("Call 030 1234 56789 for me.", **FIELDS)
    one = found("personal data", demonstrations={"d1": demonstration(1), "d2": demonstration(2, prompt=asked)})
    assert (one.state, one.items) == ("stop", ("d2",))


def test_consent_and_gold_are_stops_that_name_the_items() -> None:
    rows = checks(milestone(), without_consent={"c1", "other"}, gold={"d0"})
    assert {one.name: one.items for one in rows if one.state == "stop"} == {"consent": ("c1",), "gold": ("d0",)}


def test_near_duplicates_on_two_sides_are_a_stop() -> None:
    text = "Tell me in a few words why the sky over the sea looks blue at noon"
    one, other = (Prompt.of(words, split=side, **FIELDS) for words, side in ((text, "train"), (text + "?!", "test")))
    rows = {"d1": demonstration(1, prompt=one), "d2": demonstration(2, prompt=other)}
    check = found("splits", demonstrations=rows, comparisons={}, judgements={})
    assert (check.state, check.items) == ("stop", ("d2",))
    far = rows | {"d2": demonstration(2, prompt=Prompt.of("Name three rivers.", split="test", **FIELDS))}
    assert found("splits", demonstrations=far, comparisons={}, judgements={}).state == "ok"


def test_agreement_below_the_requirement_and_unstated_licences_are_said() -> None:
    split = found("agreement", comparisons={"c1": orders(1, (1, 2, 3), (3, 2, 1))})
    assert (split.state, split.text) == ("warning", "0.0% of pairs agreed, 70.0% required")
    bare = demonstration(1, prompt=Prompt.of("Hello there?", origin="writer", source="x"))
    assert found("licences", demonstrations={"d1": bare}).items == ("d1",)


def test_masking_replaces_passages_counts_them_and_renames_the_prompt() -> None:
    asked = Prompt.of("My name is Ada Long.", **FIELDS)
    one = milestone(demonstrations={"d1": demonstration(1, prompt=asked, reply="Hello Ada, at ada@example.org.")})
    clean = without_personal_data(one)
    assert clean.demonstrations["d1"].prompt.text == "My name is [name]."
    assert clean.demonstrations["d1"].reply == "Hello Ada, at [e-mail]."
    assert clean.demonstrations["d1"].prompt.id == Prompt.of("My name is [name].", **FIELDS).id
    assert clean.num_replaced == 2
    assert clean.comparisons == one.comparisons
    assert without_personal_data(one, cleared={"d1"}) == one
