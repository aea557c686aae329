from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import resources

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from studio.visitors import Visitor
from trivium.human.desk import outbox, people, pool, projects, webhooks
from trivium.human.desk.actor import Actor
from trivium.human.desk.errors import Invalid
from trivium.human.desk.webhooks import sign
from trivium.human.store.columns import now
from trivium.human.store.database import Database
from trivium.human.store.journal import Outbox
from trivium.human.store.people import Person
from trivium.human.store.projects import Project
from trivium.studio.hooks import Sender, check_address


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org", "https://", "https://user:pass@example.org", "http://example.org", "https://localhost/x",
     "https://127.0.0.1/x", "https://10.0.0.1", "https://[::1]/", "https://169.254.169.254/latest", "https://a.internal",
     "https://[", "https://[::1", "https://example.org:99999/", "https://example.org:x/", "https://example.org:0/",
     "https://localhost./", "https://metadata.google.internal./", "https://[::ffff:127.0.0.1]/", "https://[::127.0.0.1]/",
     "https://[64:ff9b::7f00:1]/", "https://[64:ff9b::a9fe:a9fe]/", "https://[2002:7f00:1::]/", "https://[fec0::1]/",
     "https://[fe80::1%25eth0]/", "https://224.0.0.1/", "https://[ff02::1]/", "https://0.0.0.0/", "https://100.64.0.1/",
     "javascript:alert(1)", "https:///x"],
)  # fmt: skip
def test_an_address_that_is_no_address_or_lies_inside_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        check_address(url, private=False)


def test_an_address_outside_is_taken() -> None:
    assert check_address("https://example.org/hook?x=1", private=False) == "https://example.org/hook?x=1"


@pytest.mark.parametrize("address", ["192.168.0.1", "127.0.0.1", "169.254.169.254", "::1", "fe80::1%eth0", "64:ff9b::a00:1"])
def test_a_name_that_leads_inside_is_refused_when_it_is_looked_up(
    house: Database, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inside)
    with pytest.raises(OSError, match="inside the network"):
        Sender(house, private=False)._looked_up("example.org", 443)


class _Ear(BaseHTTPRequestHandler):
    heard: list[tuple[dict[str, str], bytes]]
    status = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def ear() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), _Ear)
    server.heard, server.status = [], 200  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def listen(house: Database, ear: HTTPServer) -> str:
    """Add a webhook of the lead's, let something happen, and return the secret."""

    def work(db):
        row = db.scalar(select(Person).where(Person.pseudonym == "lark-01"))
        lark = Actor(row.id, row.pseudonym, keeper=True)
        project = projects.by_slug(db, lark, "plain-words").project
        secret = webhooks.create(db, lark, project.id, f"http://127.0.0.1:{ear.server_port}/hook").secret
        projects.describe(db, lark, project.id, "Plain words", "to be heard")
        return secret

    return house.run(work)


def test_what_happens_is_sent_once_signed_as_standard_webhooks_are(house: Database, ear: HTTPServer) -> None:
    secret = listen(house, ear)
    sender = Sender(house, private=True)
    assert sender.step()
    assert not sender.step()
    headers, body = next(one for one in ear.heard if json.loads(one[1])["type"] == "project.described")  # type: ignore[attr-defined]
    assert headers["webhook-signature"] == sign(secret, headers["webhook-id"], int(headers["webhook-timestamp"]), body)


def test_what_did_not_arrive_is_kept_with_its_reason_and_sent_again(house: Database, ear: HTTPServer) -> None:
    listen(house, ear)
    ear.status = 500  # type: ignore[attr-defined]
    Sender(house, private=True).step()
    with house.read() as db:
        rows = list(db.scalars(select(Outbox)))
    assert {row.state for row in rows} == {"waiting"}
    assert all("500" in row.last_error for row in rows)


def test_a_lead_chooses_events_and_sees_what_did_not_arrive_and_has_it_tried_again(
    client: TestClient, house: Database, visit: Callable[[str | None], Visitor]
) -> None:
    lark, page = visit("lark-01"), "/p/everyday-help/members"
    wrong = lark.post("/p/everyday-help/webhooks", {"url": "https://example.org/x", "topics": "delivery.seled"}, page)
    assert wrong.status_code == 422
    assert "no event is called delivery.seled" in wrong.text
    sent = lark.post(
        "/p/everyday-help/webhooks",
        {"url": "https://example.org/x", "topics": "guideline.published, pool.added"}, page,
    )  # fmt: skip
    assert "whsec_" in sent.text
    assert "guideline.published, pool.added" in sent.text
    with house.write() as db:
        project = db.scalars(select(Project).where(Project.slug == "everyday-help")).one()
        actor = people.actor_of(db, db.scalars(select(Person.id).where(Person.pseudonym == "lark-01")).one())
        pool.add(db, actor, project.id, [])
    with house.read() as db:
        [letter] = db.scalars(select(Outbox)).all()  # and none that tells of the webhook itself
        assert letter.topic == "pool.added"
    for _ in range(outbox.ATTEMPTS):
        with house.write() as db:
            db.execute(update(Outbox).values(due_at=now()))
            [message] = outbox.due(db)
            outbox.failed(db, message.id, "the answer was 500")
    shown = lark.get(page).text
    assert "1 given up" in shown
    assert "the answer was 500" in shown
    [address] = re.findall(r'action="(/p/everyday-help/webhooks/\w+/again)"', shown)
    assert lark.post(address, page=page).status_code == 303
    assert "1 waits" in lark.get(page).text
    with house.write() as db:
        assert [one.attempt for one in outbox.due(db)] == [1]


def test_every_kind_of_event_that_the_desk_writes_can_be_asked_for() -> None:
    rooms = [resources.files("trivium.human") / "desk", resources.files("trivium.human") / "store"]
    said = {
        name
        for room in rooms
        for file in room.iterdir()
        if file.name.endswith(".py")
        for call in re.findall(r"note_in\((.+?)\)", file.read_text(encoding="utf-8"), re.DOTALL)
        for name in re.findall(r'"([a-z_]+\.[a-z_]+)"', call)
    }
    assert len(said) > 20
    assert said <= webhooks.TOPICS
