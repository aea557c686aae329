"""A long list is fetched a page at a time, in its order, and counted once."""

from __future__ import annotations

import pytest
from sqlalchemy import event, insert, select

from human.desk.people_of_the_house import house
from trivium.human.desk import people, projects
from trivium.human.store.columns import new_id
from trivium.human.store.database import Database
from trivium.human.store.listing import Listing
from trivium.human.store.people import Membership, Person

NUM_PEOPLE = 1_000


def filled(database: Database) -> None:
    """Put a thousand people into the house."""
    rows = [{"id": new_id(), "pseudonym": f"person-{number:04}"} for number in range(NUM_PEOPLE)]
    with database.write() as db:
        db.execute(insert(Person), rows)


def test_a_page_of_a_thousand_members_fetches_that_page_and_nothing_else(database: Database) -> None:
    filled(database)
    with database.write() as db:
        h = house(db, "comparison")
        num_before = len(projects.members(db, h.lead, h.id))
        known = select(Person.id).where(Person.pseudonym.startswith("person-"))
        db.execute(insert(Membership), [
            {"id": new_id(), "project_id": h.id, "person_id": one, "party": "internal", "role": "labeller"}
            for one in db.scalars(known)
        ])  # fmt: skip
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    with database.read() as db:
        found = projects.members(db, h.lead, h.id, text="Person-")
        assert len(found) == NUM_PEOPLE
        assert [one.pseudonym for one in found[500:550]] == [f"person-{number:04}" for number in range(500, 550)]
        assert len(projects.members(db, h.lead, h.id)) == NUM_PEOPLE + num_before
        assert projects.members(db, h.lead, h.id, text="%")[:5] == []
    pages = [statement for statement in asked if "membership.role" in statement and "LIMIT" in statement]
    assert len(pages) == 2
    assert not [one for one in asked if "pseudonym" in one and "LIMIT" not in one and "count(" not in one]


def test_a_thousand_people_of_the_house_are_listed_in_order_and_in_parts(database: Database) -> None:
    filled(database)
    with database.write() as db:
        h = house(db, "comparison")
        db.flush()
        found = people.everybody(db, h.lead)
        names = sorted(db.scalars(select(Person.pseudonym)))
        assert len(found) == len(names) > NUM_PEOPLE
        assert [one.pseudonym for one in found] == names
        assert [one.pseudonym for start in range(0, len(found), 50) for one in found[start : start + 50]] == names
        assert found[-1].pseudonym == names[-1]
        assert [one.pseudonym for one in found[2:9:3]] == names[2:9:3]
        assert found[len(found) :] == []
        with pytest.raises(IndexError):
            found[len(found)]


def test_a_list_is_not_read_backwards(database: Database) -> None:
    with database.read() as db, pytest.raises(ValueError, match="in their order"):
        Listing(db, select(Person.id).order_by(Person.id), lambda row: row[0])[::-1]
