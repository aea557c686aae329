"""Turns every request into one that may pass, and every answer into one that a browser treats strictly.

Three walls in front of the pages: hosts that are not ours are refused (DNS rebinding), bodies over the limit are
refused while they are read, and every answer carries the strict content policy. All are plain ASGI.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")
"""A name and a port, and nothing that would lead elsewhere in a link made of it: `localhost:80@evil.example`."""
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


class _TooLarge(Exception):  # noqa: N818 - a signal between two functions here, never seen by anyone
    """A body went over its limit while it was read."""


class Guard:
    """The ASGI wrapper; `hosts` are the names that the Studio answers to, `*` for all."""

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str], form_bytes: int, upload_bytes: int) -> None:
        """Keep the limits: forms are small, only the upload addresses take files."""
        self.app = app
        self.hosts = {host.lower() for host in hosts}
        self.form_bytes = form_bytes
        self.upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse or pass on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = self.upload_bytes if scope["path"].rstrip("/").endswith("/import") else self.form_bytes
        refusal = self._refusal(headers, limit) or _unkept(scope)
        if refusal is not None:
            await refusal(scope, receive, _strict(send, scope["path"]))
            return
        strict = _strict(send, scope["path"])
        num_bytes, over, started = 0, False, False

        async def counted() -> Message:
            nonlocal num_bytes, over
            message = await receive()
            num_bytes += len(message.get("body", b""))
            over = num_bytes > limit
            if over:
                raise _TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal started
            if over and not started:
                return  # what the app says about its broken reading is not the answer
            started = True
            await strict(message)

        try:
            await self.app(scope, counted, watched)
        except _TooLarge:
            assert over, "only a body over its limit raises this"
        if over and not started:
            await _too_large(limit)(scope, receive, strict)

    def _refusal(self, headers: Headers, limit: int) -> PlainTextResponse | None:
        host = _HOST.fullmatch(headers.get("host", "").lower())
        if host is None or ("*" not in self.hosts and host["name"] not in self.hosts):
            return PlainTextResponse("This Studio does not answer to that name.", 421)
        length = headers.get("content-length", "0")
        if not length.isdigit():
            return PlainTextResponse("The length of the body is not a number.", 400)
        if int(length) > limit:
            return _too_large(limit)
        return None


def _unkept(scope: Scope) -> PlainTextResponse | None:
    """Refuse an address with a NUL in it: PostgreSQL cannot even be asked for it."""
    if "\x00" in scope["path"] or b"%00" in scope.get("query_string", b""):
        return PlainTextResponse("There is no such address.", 400)
    return None


def _too_large(limit: int) -> PlainTextResponse:
    return PlainTextResponse(f"Too large: at most {limit:,} bytes are taken here. Send it in parts.", 413)


def _strict(send: Send, path: str) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            kept = "public, max-age=31536000, immutable" if path.startswith("/static/") else "no-store"
            headers.setdefault("Cache-Control", kept)
        await send(message)

    return with_headers
