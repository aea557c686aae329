"""Signed messages that wait in the outbox to requests, and addresses that are refused.

An address inside this network is refused unless the house allows it: the Studio must not be a way around a firewall.
A name is looked up once, and that is the address spoken to: one that changes between check and call gains nothing.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from urllib.parse import SplitResult, urlsplit

from trivium.human.desk import outbox
from trivium.human.desk.errors import Invalid
from trivium.human.desk.outbox import Message
from trivium.human.store.database import Database

TIMEOUT_SECONDS = 10
MESSAGES_A_TURN = 20


def check_address(url: str, *, private: bool) -> str:
    """Return the address if events may be sent there, or Invalid."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise Invalid({"url": "wanted an address such as https://example.org/hook"})
    if parts.scheme == "http" and not private:
        raise Invalid({"url": "events are sent over https only"})
    try:
        address = ipaddress.ip_address(parts.hostname)
    except ValueError:
        inside = parts.hostname == "localhost" or parts.hostname.endswith((".localhost", ".local", ".internal"))
    else:
        inside = not address.is_global
    if inside and not private:
        raise Invalid({"url": "this address is inside the network"})
    return url


class Sender:
    """The worker that empties the outbox."""

    def __init__(self, database: Database, *, private: bool) -> None:
        """Send nothing yet."""
        self.database = database
        self.private = private

    def step(self) -> bool:
        """Send what is due; say whether there was anything."""
        letters = self.database.run(lambda db: outbox.due(db, MESSAGES_A_TURN))
        for letter in letters:
            problem = self.send(letter)
            if problem is None:
                self.database.run(lambda db, sent=letter: outbox.sent(db, sent.id))  # type: ignore[misc]
            else:
                self.database.run(lambda db, sent=letter, why=problem: outbox.failed(db, sent.id, why))  # type: ignore[misc]
        return bool(letters)

    def send(self, letter: Message) -> str | None:
        """Post one message; return why it did not arrive, or None."""
        try:
            parts = urlsplit(check_address(letter.url, private=self.private))
            status = self._post(parts, letter.body, letter.headers)
        except Invalid as error:
            return str(error)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return f"{type(error).__name__}: {error}"[:300]
        return None if 200 <= status < 300 else f"the answer was {status}"

    def _post(self, parts: SplitResult, body: bytes, headers: dict[str, str]) -> int:
        assert parts.hostname is not None
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = self._looked_up(parts.hostname, port)
        raw = socket.create_connection((address, port), timeout=TIMEOUT_SECONDS)
        if parts.scheme == "https":
            raw = ssl.create_default_context().wrap_socket(raw, server_hostname=parts.hostname)
        connection = http.client.HTTPConnection(parts.hostname, port, timeout=TIMEOUT_SECONDS)
        connection.sock = raw
        try:
            path = parts.path or "/"
            connection.request("POST", f"{path}?{parts.query}" if parts.query else path, body, headers)
            return connection.getresponse().status  # a redirect is not followed: it could lead inside
        finally:
            connection.close()

    def _looked_up(self, host: str, port: int) -> str:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        for address in addresses:
            if self.private or ipaddress.ip_address(address.partition("%")[0]).is_global:
                return address
        raise OSError(f"{host} is inside the network")
