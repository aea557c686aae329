from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from sqlalchemy import select

from trivium.human.desk import projects, webhooks
from trivium.human.desk.actor import Actor
from trivium.human.desk.errors import Invalid
from trivium.human.desk.webhooks import sign
from trivium.human.store.database import Database
from trivium.human.store.journal import Outbox
from trivium.human.store.people import Person
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
