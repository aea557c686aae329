"""People come in by invitation and password, hold sessions and tokens, tell of themselves, and can be erased."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from human.desk.people_of_the_house import house, person
from trivium.human.desk import audit, invitations, people, profiles, projects, tokens
from trivium.human.desk.errors import Conflict, Invalid, NotAllowed, SignInFailed, TooMany, Unknown
from trivium.human.store.columns import now
from trivium.human.store.database import Database
from trivium.human.store.people import Person, Profile, SignIn, Token

PASSWORD = "a long enough one"


def sign_in(db: Session, email: str, password: str) -> people.Signed:
    """Knock and enter."""
    found = people.known(db, email)
    people.must_fit(found, password)
    return people.enter(db, found)


def test_an_invited_person_signs_in_and_is_a_member_once(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison")
        secret = invitations.invite(db, h.lead, h.id, "client", "reviewer")
        signed = invitations.accept(db, secret, "New@Example.org ", PASSWORD)
        assert [(one.party, one.role) for one in projects.mine(db, signed.actor)] == [("client", "reviewer")]
        with pytest.raises(Unknown, match="used up"):
            invitations.look(db, secret)
        again = sign_in(db, "new@example.org", PASSWORD)
        assert again.secret != signed.secret
        found = people.visit(db, again.secret)
        assert found is not None
        assert found.actor.person_id == signed.actor.person_id
        people.sign_out(db, again.secret)
        assert people.visit(db, again.secret) is None
        assert people.visit(db, signed.secret) is not None
        stored = list(db.scalars(select(SignIn.id)))
        assert signed.secret not in stored
        with pytest.raises(NotAllowed):
            invitations.invite(db, h.labeller1, h.id, "client", "lead")


def test_a_wrong_password_and_an_unknown_address_sound_alike_and_soon_cost_time(database: Database) -> None:
    with database.write() as db:
        people.register(db, "one@example.org", PASSWORD)
    said = set()
    for address in ("one@example.org", "nobody@example.org"):
        with pytest.raises(SignInFailed) as failed, database.write() as db:
            sign_in(db, address, "another long one")
        said.add(str(failed.value))
    assert len(said) == 1
    for _ in range(people.TRIES):
        with database.write() as db:
            people.refuse_guessing(db, "one@example.org")
            people.remember_failure(db, "one@example.org")
    with pytest.raises(TooMany), database.write() as db:
        people.refuse_guessing(db, "ONE@example.org")


def test_a_password_that_was_changed_or_an_account_that_was_shut_meanwhile_lets_nobody_in(database: Database) -> None:
    with database.write() as db:
        keeper, other = (
            people.register(db, f"{name}@example.org", PASSWORD, keeper=name == "k") for name in ("k", "o")
        )
        lead, me = people.actor_of(db, keeper.id), people.actor_of(db, other.id)
        found = people.known(db, "o@example.org")
        people.must_fit(found, PASSWORD)
        old = people.enter(db, found)
        people.change_password(db, me, PASSWORD, "another long one")
        assert people.visit(db, old.secret) is None
        with pytest.raises(SignInFailed):
            people.enter(db, found)
        new = sign_in(db, "o@example.org", "another long one")
        token = tokens.create(db, me, "t", ["read"])
        people.suspend(db, lead, other.id)
        assert people.visit(db, new.secret) is None
        with pytest.raises(SignInFailed):
            tokens.bearer(db, token)
        with pytest.raises(SignInFailed, match="suspended"):
            sign_in(db, "o@example.org", "another long one")


@pytest.mark.parametrize(
    ("email", "password"), [("no address", PASSWORD), ("a@b.org", "short"), ("a@b.org", "x" * 300)]
)
def test_bad_addresses_and_passwords_are_refused_by_field(database: Database, email: str, password: str) -> None:
    with pytest.raises(Invalid), database.write() as db:
        people.register(db, email, password)


def test_a_token_does_what_it_says_and_no_more_until_it_ends(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison")
        with pytest.raises(Invalid, match="wanted some of"):
            tokens.create(db, h.lead, "x", ["everything"])
        secret = tokens.create(db, h.lead, "nightly", ["read"], project_id=h.id)
        actor = tokens.bearer(db, secret)
        assert audit.events(db, actor, h.id) == []  # they are written when the transaction ends
        assert [one.project.id for one in projects.mine(db, actor)] == [h.id]
        with pytest.raises(NotAllowed):
            projects.describe(db, actor, h.id, "Other", "")
        with pytest.raises(NotAllowed):
            tokens.create(db, actor, "more", ["manage"])
        with pytest.raises(NotAllowed):
            people.everybody(db, actor)
        db.execute(update(Token).values(expires_at=now() - timedelta(seconds=1)))
        with pytest.raises(SignInFailed):
            tokens.bearer(db, secret)
        assert secret not in {row.secret_hash for row in db.scalars(select(Token))}


def test_a_profile_is_kept_with_consent_only_and_erasure_leaves_nothing_of_the_person(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison")
        me = h.labeller1
        with pytest.raises(Invalid, match="consent"):
            profiles.save(db, me, demographics={"gender": "x"}, consent=False)
        profiles.save(
            db, me, languages=[{"code": "ar", "level": "native"}], demographics={"age": "30-39"}, consent=True
        )
        assert profiles.groups(db, h.id) == {me.pseudonym: {"age": "30-39", "native_language": "ar"}}
        told = profiles.export(db, me)
        assert told["person"]["email"] == "labeller1@example.org"
        assert told["profile"]["demographics"] == {"age": "30-39"}
        profiles.erase(db, me)
        row = db.get_one(Person, me.person_id)
        assert (row.email, row.name, row.password_hash, row.status) == (None, None, None, "erased")
        assert db.get(Profile, me.person_id) is None
        assert projects.mine(db, me) == []
        with pytest.raises(Conflict, match="keep the house"):
            profiles.erase(db, h.lead)


def test_a_project_keeps_a_lead_and_a_house_a_keeper(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison")
        projects.remove_member(db, h.lead, h.id, h.partner_lead.person_id)
        with pytest.raises(Conflict, match="needs a lead"):
            projects.remove_member(db, h.lead, h.id, h.lead.person_id)
        with pytest.raises(Conflict, match="keep the house"):
            people.set_keeper(db, h.lead, h.lead.person_id, keeper=False)
        stranger = person(db, "stranger")
        with pytest.raises(NotAllowed):
            people.suspend(db, stranger, h.lead.person_id)
        people.suspend(db, h.lead, stranger.person_id)
        with pytest.raises(SignInFailed):
            people.actor_of(db, stranger.person_id)
