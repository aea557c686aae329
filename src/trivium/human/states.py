"""A state, an action and whose hand does it to the next state: every machine of the Studio as one table, and no more.

Nothing here touches a database. A row is (state, action) → (next state, hands). A hand is what a person is to the thing
at that moment, not a role on paper: the desk finds it out (`trivium.human.desk.actor`) and asks here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from trivium.core.errors import InputError, RefusedError

Hand = Literal["lead", "writer", "labeller", "internal_reviewer", "client_reviewer", "client", "clock"]
"""`clock` is the Studio itself: a lease that ran out, the last ranking that came in."""

SpecState = Literal["draft", "frozen"]
GuidelineState = Literal["draft", "published", "retired"]
BatchState = Literal["open", "working", "internal_qa", "client_qa", "rework", "accepted", "delivered"]
ItemState = Literal[
    "queued", "generating", "writing", "labelling", "scored", "contested", "unrankable",
    "confirmed", "false_positive", "false_negative", "unsure",
    "internal_qa", "client_qa", "rework", "accepted", "delivered", "rejected", "withdrawn",
]  # fmt: skip
AssignmentState = Literal["leased", "submitted", "skipped", "expired", "released", "returned"]
DeliveryState = Literal["draft", "sealed", "accepted", "rejected"]
Step = Literal["write", "label", "qa_internal", "qa_client", "adjudicate"]
Kind = Literal["demonstration", "comparison", "redteam", "guard_review"]


class StateError(InputError):
    """An action that this state does not know."""


class HandError(RefusedError):
    """An action that this hand may not do."""


@dataclass(frozen=True)
class Move:
    """Where an action leads, and whose hands may do it."""

    to: str
    hands: frozenset[Hand]


Machine = Mapping[tuple[str, str], Move]


def _move(to: str, *hands: Hand) -> Move:
    return Move(to, frozenset(hands))


SPEC: Machine = {("draft", "freeze"): _move("frozen", "lead")}

GUIDELINE: Machine = {
    ("draft", "publish"): _move("published", "lead"),
    ("published", "retire"): _move("retired", "lead", "clock"),
}

BATCH: Machine = {
    ("open", "start"): _move("working", "lead"),
    ("working", "finish_work"): _move("internal_qa", "clock"),
    ("internal_qa", "pass"): _move("client_qa", "clock"),
    ("internal_qa", "return"): _move("rework", "clock"),
    ("client_qa", "pass"): _move("accepted", "clock"),
    ("client_qa", "return"): _move("rework", "clock"),
    ("rework", "resume"): _move("working", "clock"),
    ("accepted", "deliver"): _move("delivered", "lead"),
    ("delivered", "take_back"): _move("accepted", "client"),
}

_ENDS: Machine = {
    (state, action): _move(to, "lead", "clock")
    for state in ("queued", "generating", "writing", "labelling", "scored", "contested", "internal_qa", "client_qa",
                  "rework", "accepted", "unrankable", "confirmed", "false_positive", "false_negative", "unsure")
    for action, to in (("reject", "rejected"), ("withdraw", "withdrawn"))
}  # fmt: skip

_REVIEW: Machine = {
    ("internal_qa", "pass"): _move("client_qa", "internal_reviewer", "clock"),
    ("internal_qa", "return"): _move("rework", "internal_reviewer"),
    ("client_qa", "pass"): _move("accepted", "client_reviewer", "clock"),
    ("client_qa", "return"): _move("rework", "client_reviewer"),
    ("accepted", "deliver"): _move("delivered", "lead"),
    ("delivered", "take_back"): _move("accepted", "client"),
    ("delivered", "withdraw"): _move("withdrawn", "lead", "clock"),
}

DEMONSTRATION: Machine = {
    **_ENDS,
    **_REVIEW,
    ("queued", "start"): _move("writing", "lead", "clock"),
    ("writing", "submit"): _move("internal_qa", "writer"),
    ("rework", "resume"): _move("writing", "clock"),
}

COMPARISON: Machine = {
    **_ENDS,
    **_REVIEW,
    ("queued", "generate"): _move("generating", "lead", "clock"),
    ("queued", "start"): _move("labelling", "lead", "clock"),
    ("generating", "start"): _move("labelling", "lead", "clock"),
    ("labelling", "agree"): _move("scored", "clock"),
    ("labelling", "contest"): _move("contested", "clock"),
    ("labelling", "give_up"): _move("unrankable", "clock", "lead"),
    ("contested", "adjudicate"): _move("scored", "lead"),
    ("scored", "finish"): _move("internal_qa", "clock"),
    ("contested", "finish"): _move("internal_qa", "clock"),
    ("rework", "resume"): _move("labelling", "clock"),
}

GUARD_REVIEW: Machine = {
    **_ENDS,
    ("queued", "start"): _move("labelling", "lead", "clock"),
    **{("labelling", verdict): _move(verdict, "labeller", "clock")
       for verdict in ("confirmed", "false_positive", "false_negative", "unsure")},
    **{(verdict, "accept"): _move("accepted", "lead", "clock")
       for verdict in ("confirmed", "false_positive", "false_negative", "unsure")},
    ("unsure", "adjudicate_confirmed"): _move("confirmed", "lead"),
    ("unsure", "adjudicate_false_positive"): _move("false_positive", "lead"),
    ("unsure", "adjudicate_false_negative"): _move("false_negative", "lead"),
    ("accepted", "deliver"): _move("delivered", "lead"),
    ("delivered", "take_back"): _move("accepted", "client"),
    ("delivered", "withdraw"): _move("withdrawn", "lead", "clock"),
}  # fmt: skip

ASSIGNMENT: Machine = {
    ("leased", "submit"): _move("submitted", "writer", "labeller", "internal_reviewer", "client_reviewer", "lead"),
    ("leased", "skip"): _move("skipped", "writer", "labeller", "internal_reviewer", "client_reviewer", "lead"),
    ("leased", "release"): _move("released", "writer", "labeller", "internal_reviewer", "client_reviewer", "lead"),
    ("leased", "expire"): _move("expired", "clock"),
    ("leased", "extend"): _move("leased", "writer", "labeller", "internal_reviewer", "client_reviewer", "lead"),
    ("expired", "lease"): _move("leased", "writer", "labeller", "internal_reviewer", "client_reviewer", "lead"),
    ("released", "lease"): _move("leased", "writer", "labeller", "internal_reviewer", "client_reviewer", "lead"),
    ("submitted", "return"): _move("returned", "internal_reviewer", "client_reviewer", "lead"),
    ("returned", "lease"): _move("leased", "writer"),
}

DELIVERY: Machine = {
    ("draft", "seal"): _move("sealed", "lead"),
    ("sealed", "accept"): _move("accepted", "client"),
    ("sealed", "reject"): _move("rejected", "client"),
}

ITEM: Mapping[Kind, Machine] = {
    "demonstration": DEMONSTRATION,
    "comparison": COMPARISON,
    "redteam": DEMONSTRATION,
    "guard_review": GUARD_REVIEW,
}


def transition(machine: Machine, state: str, action: str, hand: Hand) -> str:
    """Return the next state; an unknown action raises StateError, a hand that may not HandError.

    >>> transition(SPEC, "draft", "freeze", "lead")
    'frozen'
    """
    move = machine.get((state, action))
    if move is None:
        known = sorted(name for start, name in machine if start == state)
        raise StateError(
            f"cannot {action.replace('_', ' ')} what is {state.replace('_', ' ')}",
            do=f"possible now: {', '.join(known)}" if known else "nothing can be done to it any more",
        )
    if hand not in move.hands:
        raise HandError(f"{hand.replace('_', ' ')} may not {action.replace('_', ' ')} this")
    return move.to


def actions(machine: Machine, state: str, hand: Hand) -> list[str]:
    """Return what this hand may do in this state, sorted."""
    return sorted(action for (start, action), move in machine.items() if start == state and hand in move.hands)
