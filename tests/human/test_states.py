"""The state tables: every state can be reached and left or is an end, and no hand does what is not its own."""

from __future__ import annotations

from typing import get_args

import pytest

from trivium.human import states
from trivium.human.states import HandError, Machine, StateError, actions, transition

MACHINES: dict[str, tuple[Machine, object, str, set[str]]] = {
    "spec": (states.SPEC, states.SpecState, "draft", {"frozen"}),
    "guideline": (states.GUIDELINE, states.GuidelineState, "draft", {"retired"}),
    "batch": (states.BATCH, states.BatchState, "open", set()),
    "assignment": (states.ASSIGNMENT, states.AssignmentState, "leased", {"skipped"}),
    "delivery": (states.DELIVERY, states.DeliveryState, "draft", {"accepted", "rejected"}),
    "demonstration": (states.DEMONSTRATION, None, "queued", {"rejected", "withdrawn"}),
    "comparison": (states.COMPARISON, None, "queued", {"rejected", "withdrawn"}),
    "guard_review": (states.GUARD_REVIEW, None, "queued", {"rejected", "withdrawn"}),
}


def reached(machine: Machine, first: str) -> set[str]:
    """Return every state that can come of the first one."""
    found, new = {first}, {first}
    while new:
        new = {move.to for (state, _), move in machine.items() if state in new} - found
        found |= new
    return found


@pytest.mark.parametrize("name", MACHINES)
def test_every_state_is_reached_and_left_or_is_an_end(name: str) -> None:
    machine, literal, first, ends = MACHINES[name]
    found = reached(machine, first)
    assert {state for state in found if not any(start == state for start, _ in machine)} == ends
    if literal is not None:
        assert found == set(get_args(literal))
    else:
        assert found <= set(get_args(states.ItemState))


def test_the_item_states_are_those_of_the_machines() -> None:
    used = set().union(*(reached(states.ITEM[kind], "queued") for kind in states.ITEM))
    assert used == set(get_args(states.ItemState))


def test_rework_comes_back_through_both_reviews() -> None:
    state = "queued"
    steps = [("start", "lead"), ("submit", "writer"), ("return", "internal_reviewer"), ("resume", "clock"),
             ("submit", "writer"), ("pass", "internal_reviewer"), ("return", "client_reviewer"), ("resume", "clock"),
             ("submit", "writer"), ("pass", "clock"), ("pass", "client_reviewer"), ("deliver", "lead")]  # fmt: skip
    for action, hand in steps:
        state = transition(states.DEMONSTRATION, state, action, hand)  # type: ignore[arg-type]
    assert state == "delivered"


@pytest.mark.parametrize(
    ("machine", "state", "action", "hand"),
    [
        (states.DEMONSTRATION, "internal_qa", "return", "client_reviewer"),
        (states.DEMONSTRATION, "client_qa", "pass", "internal_reviewer"),
        (states.DEMONSTRATION, "writing", "submit", "labeller"),
        (states.DELIVERY, "sealed", "accept", "lead"),
        (states.DELIVERY, "draft", "seal", "client"),
        (states.COMPARISON, "contested", "adjudicate", "labeller"),
        (states.BATCH, "working", "finish_work", "lead"),
    ],
)
def test_a_hand_does_only_what_is_its_own(machine: Machine, state: str, action: str, hand: str) -> None:
    with pytest.raises(HandError):
        transition(machine, state, action, hand)  # type: ignore[arg-type]
    assert action not in actions(machine, state, hand)  # type: ignore[arg-type]


def test_an_action_that_a_state_does_not_know_says_what_is_possible() -> None:
    with pytest.raises(StateError, match="cannot seal what is accepted"):
        transition(states.DELIVERY, "accepted", "seal", "lead")
    with pytest.raises(StateError, match="possible now: accept, reject"):
        transition(states.DELIVERY, "sealed", "seal", "lead")
