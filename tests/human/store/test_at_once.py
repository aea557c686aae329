"""Writes that are given together are all done, by one statement on PostgreSQL and by one each on SQLite."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError

from trivium.human.store.at_once import AtOnce
from trivium.human.store.columns import UtcTime, new_id, now
from trivium.human.store.database import Database
from trivium.human.store.people import Profile

ADD = (
    "INSERT INTO person (id, created_at, pseudonym, locale, status, keeper, single_keys) "
    "VALUES (:person, :at, :name, 'en', 'active', :no, :no)"
)
TELL = (
    "INSERT INTO profile (person_id, languages, expertise, demographics, consent_version, consented_at) "
    "VALUES (:person, '[]', '[]', '{}', :words, :at)"
)
BOTH = AtOnce(ADD, TELL, types={"at": UtcTime()})


def test_rows_that_need_each_other_are_written_together(database: Database) -> None:
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    person, at = new_id(), now()
    with database.write() as db:
        BOTH.run(db.connection(), {"person": person, "at": at, "name": "a", "no": False, "words": "v1"})
    assert sum("INSERT INTO profile" in one for one in asked) == 1
    assert sum("INSERT INTO person" in one for one in asked) == 1
    assert len([one for one in asked if "INSERT" in one]) == (2 if database.is_sqlite else 1)
    with database.read() as db:
        assert db.scalars(select(Profile.consented_at)).one() == at


def test_where_one_is_refused_none_is_kept(database: Database) -> None:
    given = {"person": new_id(), "at": now(), "name": "a", "no": False, "words": None}
    with pytest.raises(IntegrityError), database.write() as db:
        BOTH.run(db.connection(), given)
    with database.read() as db:
        assert db.scalars(select(Profile.person_id)).all() == []
