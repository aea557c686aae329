"""Turns a session into the token that its forms carry, and a form without it into a refusal.

The token is an HMAC of the session's own secret, so nothing is stored and nothing can be guessed from another page. A
browser that says the request came from another site is refused before the token is looked at.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import FormData

from trivium.core.errors import InputError, RefusedError
from trivium.text.wellformed import can_be_kept

SESSION_COOKIE = "studio_session"
VISIT_COOKIE = "studio_visit"  # before anyone has signed in: a random value that only this browser knows
FIELD = "csrf"
HEADER = "x-csrf-token"


UNKEPT = "a text holds a character that cannot be kept: NUL, or half of a surrogate pair"


class CrossSiteError(RefusedError):
    """A form that was not sent from one of our own pages."""


def token_of(secret: str) -> str:
    """Return the token that forms of this session (or of this visit) carry."""
    return hmac.new(secret.encode(), b"studio form", hashlib.sha256).hexdigest()


def secret_of(request: Request) -> str:
    """Return what the token hangs on: the session's secret, or the visit's, made anew where there is none."""
    found = request.cookies.get(SESSION_COOKIE) or request.cookies.get(VISIT_COOKIE)
    if found is None:
        found = request.scope.get("studio_visit") or secrets.token_urlsafe(32)
        request.scope["studio_visit"] = found
    return found


async def posted(request: Request) -> tuple[FormData, dict[str, Any]]:
    """Return the form of a page, or the JSON that a script of ours sent, or raise.

    Every address that changes something takes what was sent through here.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")
    if site in ("cross-site", "same-site") or foreign:
        raise CrossSiteError("wanted a form of this Studio, found one sent from another site", do="open the page here")
    is_json = request.headers.get("content-type", "").partition(";")[0] == "application/json"
    form = FormData() if is_json else await request.form(max_files=20, max_fields=2_000)
    given = request.headers.get(HEADER) or form.get(FIELD)
    has_cookie = SESSION_COOKIE in request.cookies or VISIT_COOKIE in request.cookies
    if not has_cookie or not isinstance(given, str) or not _same(given, token_of(secret_of(request))):
        raise CrossSiteError("the page was too old to send", do="open it again; what you wrote is kept in this browser")
    body = await _object(request) if is_json else {}
    texts = [value for _, value in form.multi_items() if isinstance(value, str)]
    if not can_be_kept(texts) or not can_be_kept(body):
        raise InputError(UNKEPT, do="leave that character out; it has no shape, so look for it where you pasted")
    return form, body


def _same(given: str, token: str) -> bool:
    """Compare in the same time wherever they differ; as bytes, because texts beyond ASCII are refused with an error."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), token.encode())


async def _object(request: Request) -> dict[str, Any]:
    try:
        sent = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise InputError("what was sent is no JSON") from error
    if not isinstance(sent, dict):
        raise InputError("wanted a JSON object")
    return sent
