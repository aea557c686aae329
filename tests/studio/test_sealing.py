"""Before the seal: the checks with their items, what may be personal, what a milestone is made of."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import select

from human.desk.people_of_the_house import house as project_of
from human.desk.people_of_the_house import person
from studio.letters import SLUG, letters
from studio.visitors import Visitor
from trivium.human.delivery.read import read
from trivium.human.desk import batches, deliveries, projects, tokens
from trivium.human.desk.actor import Actor
from trivium.human.desk.settings import ProjectSettings
from trivium.human.store.database import Database
from trivium.human.store.deliveries import Delivery
from trivium.human.store.people import Person
from trivium.human.store.work import Item

Visit = Callable[[str | None], Visitor]
PLACE = f"/p/{SLUG}/deliveries"


@pytest.fixture
def lead(house: Database, visit: Visit) -> Visitor:
    """A lead of the project of letters."""
    letters(house)
    return visit("lark-01")


def send(lead: Visitor, path: str = PLACE, **form: str) -> str:
    """Send a form of the page and return the page that comes after."""
    answer = lead.post(path, form, page=PLACE)
    assert answer.status_code == 303, answer.text
    return lead.get(answer.headers["location"]).text


def replies_of(house: Database, milestone: str) -> set[str]:
    with house.read() as db:
        row = db.scalars(select(Delivery).where(Delivery.milestone == milestone, Delivery.state == "sealed")).one()
        return {one.prompt.text for one in read(deliveries.all_files(db, row.id)).comparisons}


def test_a_stop_is_shown_with_its_words_and_a_lead_lets_it_pass(lead: Visitor, house: Database) -> None:
    page = send(lead, milestone="x1", do="seal")
    assert "Not sealed" in page
    assert "1 passages in 1 items may be personal data" in page
    assert "Who reads letters to &lt;<mark>ada@example.com</mark>&gt;?" in page
    [item] = re.findall(r'name="item" value="(\w+)"', page)
    assert f'href="/p/{SLUG}/items/{item}"' in page
    page = send(lead, f"{PLACE}/x1/cleared", item=item)
    assert "1 items were looked at by a person and let pass" in page
    assert "x1 is sealed" in send(lead, milestone="x1", do="seal")
    assert "Who reads letters to <ada@example.com>?" in replies_of(house, "x1")


def test_what_may_be_personal_is_replaced_where_the_lead_says_so(lead: Visitor, house: Database) -> None:
    page = send(lead, milestone="x1", do="check", mask="1", not_for="war", test="0.4", dev="0,2")
    assert "1 passages were replaced" in page
    assert 'value="0.4"' in page
    assert "x1 is sealed" in send(lead, milestone="x1", do="seal", mask="1", not_for="war", test="0.4", dev="0.2")
    assert "Who reads letters to <[e-mail]>?" in replies_of(house, "x1")
    with house.read() as db:
        row = db.scalars(select(Delivery).where(Delivery.milestone == "x1", Delivery.state == "sealed")).one()
        splits = {one.prompt.split for one in read(deliveries.all_files(db, row.id)).comparisons}
        assert splits == {"train", "dev", "test"}
        assert "Not for: war" in row.datasheet


@pytest.mark.parametrize(
    ("form", "why"),
    [({"batches": "one"}, "Numbers of batches"), ({"batches": "1, 7"}, "there is no batch 7"),
     ({"test": "half"}, "Shares from 0 to 1"), ({"test": "1.5"}, "Shares from 0 to 1"),
     ({"test": "0.6", "dev": "0.4"}, "Shares from 0 to 1"), ({"milestone": "../m"}, "wanted letters")],
)  # fmt: skip
def test_a_field_that_is_wrong_is_named_and_nothing_is_drafted(
    lead: Visitor, house: Database, form: dict[str, str], why: str
) -> None:
    answer = lead.post(PLACE, {"milestone": "x1", "do": "seal", **form}, page=PLACE)
    assert answer.status_code == 422
    assert why in answer.text
    with house.read() as db:
        assert db.scalars(select(Delivery).where(Delivery.milestone == "x1")).all() == []


def test_a_milestone_is_made_of_the_batches_that_were_named(lead: Visitor) -> None:
    assert "10 items" in send(lead, milestone="x1", do="check", batches="1")


def test_a_program_sees_what_stops_and_lets_it_pass(lead: Visitor, house: Database) -> None:
    with house.write() as db:
        lark = db.scalars(select(Person).where(Person.pseudonym == "lark-01")).one()
        secret = tokens.create(db, Actor(lark.id, lark.pseudonym, lark.keeper), "test", ["manage"])
    headers, place = {"authorization": f"Bearer {secret}"}, f"/api/v1/projects/{SLUG}/deliveries"

    def ask(path: str, **body: object) -> httpx.Response:
        return lead.client.post(place + path, json=body, headers=headers)

    assert ask("", milestone="x1").status_code == 403
    found = ask("/checks", milestone="x1", contents={"test_share": 0.4}).json()
    [item] = found["personal"]
    assert found["personal"][item] == [{"kind": "e-mail", "text": "ada@example.com"}]
    assert [one["name"] for one in found["checks"] if one["state"] == "stop"] == ["personal data"]
    assert ask("/x1/cleared", items=[item]).json()["personal"] == {}
    assert ask("", milestone="x1").status_code == 201
    assert "Who reads letters to <ada@example.com>?" in replies_of(house, "x1")
    refused = ask("/checks", milestone="x2", contents={"test_share": 0.6, "dev_share": 0.4})
    assert refused.status_code == 422
    assert "leave nothing to train on" in refused.text


def test_a_stranger_s_word_clears_nothing(lead: Visitor, house: Database, visit: Visit) -> None:
    send(lead, milestone="x1", do="check")
    with house.write() as db:
        person(db, "nobody")
    assert visit("heron-12").post(f"{PLACE}/x1/cleared", {"item": "x"}).status_code == 404


def test_an_item_that_must_not_be_delivered_is_taken_out_with_a_reason(lead: Visitor, house: Database) -> None:
    [item] = re.findall(r'name="item" value="(\w+)"', send(lead, milestone="x1", do="seal"))
    page = f"/p/{SLUG}/items/{item}"
    assert lead.post(f"{page}/take-out", {"reason": " "}, page=page).status_code == 422
    assert lead.post(f"{page}/take-out", {"reason": "names somebody"}, page=page).status_code == 303
    assert "Take it out" not in lead.get(page).text
    assert "names somebody" in lead.get(f"/p/{SLUG}/log").text
    assert "x1 is sealed" in send(lead, milestone="x1", do="seal")
    assert len(replies_of(house, "x1")) == 9


def test_returned_work_whose_writer_stays_away_goes_to_whoever_comes(house: Database, visit: Visit) -> None:
    with house.write() as db:
        h = project_of(db, "demonstration", settings=ProjectSettings(), slug="pairs", prefix="pairs-")
        lark = db.scalars(select(Person.id).where(Person.pseudonym == "lark-01")).one()
        projects.add_member(db, h.lead.person_id, h.id, lark, party="internal", role="lead")
        batch = batches.open_batch(db, h.lead, h.id)
        batches.plan_cells(db, h.lead, batch.id)
        batches.start(db, h.lead, batch.id)
        item = db.scalars(select(Item.id).where(Item.batch_id == batch.id)).first()
        db.get_one(Item, item).reserved_for = h.writer1.person_id
    lark_01, page = visit("lark-01"), f"/p/pairs/items/{item}"
    assert "It waits for the one who wrote it." in lark_01.get(page).text
    assert lark_01.post(f"{page}/give", page=page).status_code == 303
    with house.read() as db:
        assert db.get_one(Item, item).reserved_for is None
