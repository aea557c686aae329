"""Turns a no into a page that says what was wanted, what was found, and the one thing to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.responses import Response

if TYPE_CHECKING:
    from trivium.studio.here import Here

_TITLES = {
    401: "Sign in first", 403: "Not yours to do", 404: "Not here", 409: "Somebody was faster", 413: "Too large",
    422: "That cannot be", 429: "Too many tries", 500: "Something broke", 503: "Busy",
}  # fmt: skip


def problem(here: Here, message: str, do: str, status: int) -> Response:
    """Return the page of a refusal."""
    title = here.say(_TITLES.get(status, "That cannot be"))
    return here.page(
        "problem.html", status, title=title, message=message[:1].upper() + message[1:] + ".",
        do=(do[:1].upper() + do[1:] + ".") if do else "", sign="lock" if status in (401, 403) else "warn",
        back="/", back_says=here.say("Go home"),
    )  # fmt: skip
