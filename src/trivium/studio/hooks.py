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
_UNICAST = ipaddress.ip_network("2000::/3")  # RFC 4291, section 2.4: all else is local, for many, or reserved
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052, section 2.1


def check_address(url: str, *, private: bool) -> str:
    """Return the address if events may be sent there, or Invalid."""
    try:
        parts = urlsplit(url)
        named = parts.hostname and parts.port != 0 and not (parts.username or parts.password)
    except ValueError:  # brackets that hold no address, a port that is no number
        named = False
    if not named or parts.scheme not in ("http", "https"):
        raise Invalid({"url": "wanted an address such as https://example.org/hook"})
    if parts.scheme == "http" and not private:
        raise Invalid({"url": "events are sent over https only"})
    host = str(parts.hostname).removesuffix(".")
    try:
        inside = not outside(host)
    except ValueError:
        inside = host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
    if inside and not private:
        raise Invalid({"url": "this address is inside the network"})
    return url


def outside(text: str) -> bool:
    """Say whether an IP address is one of the public internet; of an IPv6 address that carries an IPv4 one, whether
    that is: on a network with NAT64 `64:ff9b::7f00:1` leads to 127.0.0.1.

    >>> outside("93.184.215.14"), outside("169.254.169.254"), outside("64:ff9b::7f00:1"), outside("::1")
    (True, False, False, False)
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            carried = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if carried is not None:
            return carried.is_global and not carried.is_multicast
        return address in _UNICAST and address.is_global
    return address.is_global and not address.is_multicast


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
            if self.private or outside(address):
                return address
        raise OSError(f"{host} is inside the network")
