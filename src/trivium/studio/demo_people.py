"""The simulated people of the demo: their pseudonyms and what each can show a visitor."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from trivium.human.desk.errors import Unknown
from trivium.human.store.people import Person


class DemoPerson(NamedTuple):
    """Somebody a visitor can come in as."""

    pseudonym: str
    says: str


DEMO_PEOPLE: tuple[DemoPerson, ...] = (
    DemoPerson("lark-01", "leads all three projects"),
    DemoPerson("tern-04", "writes demonstrations"),
    DemoPerson("heron-12", "ranks replies"),
    DemoPerson("finch-07", "ranks replies, too"),
    DemoPerson("owl-31", "reviews for the partner"),
    DemoPerson("stork-09", "leads for the client: reviews and accepts deliveries"),
    DemoPerson("gull-20", "judges what the guard stopped"),
)


def person_called(db: Session, pseudonym: str) -> Person:
    """Return the simulated person of that name; nobody else can be become."""
    known = {one.pseudonym for one in DEMO_PEOPLE}
    person = db.scalar(select(Person).where(Person.pseudonym == pseudonym)) if pseudonym in known else None
    if person is None:
        raise Unknown("there is no such person in the demo")
    return person
