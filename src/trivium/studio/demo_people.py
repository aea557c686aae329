"""The simulated people of the demo: their pseudonyms and what each can show a visitor."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from trivium.human.desk.errors import Unknown
from trivium.human.store.people import Party, Person, Role


class DemoPerson(NamedTuple):
    """Somebody a visitor can come in as."""

    pseudonym: str
    says: str
    """What they do."""
    tries: str
    """What a visitor can try as them."""


DEMO_PEOPLE: tuple[DemoPerson, ...] = (
    DemoPerson("tern-04", "writes demonstrations", "Write a prompt and the best reply for a kind that is still short."),
    DemoPerson(
        "dunlin-30", "writes, too, and has a text back",
        "Write it again as the reviewer asks, and see what became of the others.",
    ),
    DemoPerson("owl-31", "reviews for the partner", "Accept, mend or return what the writers sent in."),
    DemoPerson("heron-12", "ranks replies", "Put four replies in order, by keys or by hand."),
    DemoPerson("finch-07", "ranks replies, too", "Rank the same prompts; neither sees the other’s order."),
    DemoPerson(
        "lark-01", "leads all three projects",
        "Decide what is contested, look at coverage and quality, seal a milestone.",
    ),
    DemoPerson("stork-09", "leads for the client", "Review a sample, and sign for a milestone or reject it."),
    DemoPerson(
        "gull-20", "judges what the guard did",
        "Say whether the guard was right to stop a question or let it pass.",
    ),
)  # fmt: skip
"""In the order in which work goes through their hands."""

CAST: dict[str, tuple[tuple[str, Party, Role], ...]] = {
    "lark-01": (
        ("plain-words", "internal", "lead"),
        ("everyday-help", "internal", "lead"),
        ("door-watch", "internal", "lead"),
    ),
    "tern-04": (("plain-words", "partner", "writer"),),
    "wren-19": (("plain-words", "partner", "writer"),),
    "dunlin-30": (("plain-words", "partner", "writer"),),
    "owl-31": (("plain-words", "partner", "reviewer"), ("everyday-help", "partner", "reviewer")),
    "stork-09": (("plain-words", "client", "lead"), ("everyday-help", "client", "lead")),
    "heron-12": (("everyday-help", "internal", "labeller"),),
    "finch-07": (("everyday-help", "internal", "labeller"),),
    "plover-02": (("everyday-help", "internal", "labeller"),),
    "swift-28": (("everyday-help", "internal", "labeller"),),
    "crane-15": (("everyday-help", "internal", "labeller"),),
    "gull-20": (("door-watch", "internal", "labeller"),),
}
"""Everybody of the demo → their seats: project, party, role."""


def person_called(db: Session, pseudonym: str) -> Person:
    """Return the simulated person of that name; nobody else can be become."""
    known = {one.pseudonym for one in DEMO_PEOPLE}
    person = db.scalar(select(Person).where(Person.pseudonym == pseudonym)) if pseudonym in known else None
    if person is None:
        raise Unknown("there is no such person in the demo")
    return person
