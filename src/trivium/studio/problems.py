"""Turns a no into a page that says what was wanted, what was found, and the one thing to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.responses import Response

if TYPE_CHECKING:
    from trivium.studio.here import Here

TITLES = {
    401: "Sign in first", 403: "Not yours to do", 404: "Not here", 409: "Somebody was faster", 413: "Too large",
    422: "That cannot be", 429: "Too many tries", 500: "Something broke", 503: "Not just now",
}  # fmt: skip


def sentence(text: str) -> str:
    """Return a told text as a sentence of its own.

    >>> sentence("write the guideline"), sentence("Done."), sentence("")
    ('Write the guideline.', 'Done.', '')
    """
    if not text:
        return ""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!", "…")) else ".")


def problem(here: Here, message: str, do: str, status: int) -> Response:
    """Return the page of a refusal."""
    title = here.say(TITLES.get(status, "That cannot be"))
    message, do = sentence(message), sentence(do)
    return here.page(
        "problem.html", status, title=title, message=message, do=do, sign="lock" if status in (401, 403) else "warn",
        back="/", back_says=here.say("Go home"),
    )  # fmt: skip
