"""What the pages of work share: the prompt as it is shown, drafts, skips, and where one goes when nothing is left."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.responses import JSONResponse, Response

from trivium.core.errors import InputError
from trivium.core.words import count_words
from trivium.human.desk import assignment
from trivium.human.desk.errors import Conflict
from trivium.human.desk.work import Returned, Work
from trivium.human.states import Step
from trivium.human.store.projects import Guideline
from trivium.records import Message
from trivium.studio.here import Given, Here
from trivium.studio.pages.guideline import rubric_of
from trivium.studio.render import assets
from trivium.studio.vocabulary import LANGUAGES, NAMES

SKIP_REASONS: dict[Step, tuple[tuple[str, str], ...]] = {
    "label": (
        ("cannot_judge", "I cannot judge it: it is outside what I know"),
        ("language", "I do not read this language well"),
        ("same", "The replies are the same"),
        ("broken", "The prompt or a reply is broken"),
        ("disturbing", "I do not want to read this"),
        ("other", "Something else"),
    ),
    "write": (
        ("no_idea", "I have no good idea for it"),
        ("language", "I do not write this language well"),
        ("broken", "The prompt is broken"),
        ("other", "Something else"),
    ),
    "qa_internal": (
        ("cannot_judge", "I cannot judge it"),
        ("known", "I know who wrote it"),
        ("other", "Something else"),
    ),
    "qa_client": (("cannot_judge", "I cannot judge it"), ("known", "I know who wrote it"), ("other", "Something else")),
    "adjudicate": (("other", "Something else"),),
}


@dataclass(frozen=True)
class Shown:
    """A prompt with what is said about it."""

    messages: Sequence[Message]
    language: str
    facts: Sequence[str]


def prompt_shown(here: Here, messages: Sequence[Message], language: str, attrs: Mapping[str, Any]) -> Shown:
    """Return the prompt with its facts in words: language, marks, length."""
    facts = [LANGUAGES.get(language, language)]
    facts += [
        here.words.named(attrs[name])
        for name in ("task_type", "prompt_type", "response_type")
        if attrs.get(name) in NAMES
    ]
    facts.append(here.say("{n} words", n=sum(count_words(message.content) for message in messages)))
    if attrs.get("domain"):
        facts.append(here.words.named(attrs["domain"]))
    return Shown(messages, language, facts)


def desk_of(here: Here, guideline_id: str) -> str:
    """Return what a page of work stands at: guideline, language, and the scripts and sheets it was made for.

    A page that stands at another one is loaded anew, instead of being given the parts of the next item only.
    """
    return hashlib.sha256(f"{guideline_id} {here.locale} {assets()}".encode()).hexdigest()[:16]


def hold_facts(here: Here, work: Work, place: str) -> dict[str, Any]:
    """Return what a page of work shows of the hold: where it is sent, its draft, its batch, the way to skip."""
    standing = here.standing
    assert standing is not None
    address = f"/p/{standing.project.slug}/{place}/{work.assignment_id}"
    return {
        "assignment": work.assignment_id,
        "here": address,
        "draft_rev": work.draft_rev,
        "draft_at": work.draft_at,
        "round": work.round,
        "active_seconds": round(work.active_seconds),
        "lease_until": work.lease_until,
        "batch": {"ordinal": work.batch},
        "skip_to": f"{address}/skip",
        "skip_reasons": SKIP_REASONS[work.step],
    }


def work_facts(here: Here, work: Work, place: str) -> dict[str, Any]:
    """Return what every page of work shows: the hold, and the guideline beside it."""
    guideline = here.db.get_one(Guideline, work.guideline_id)
    return {
        **hold_facts(here, work, place),
        "guideline": guideline,
        "rubric": rubric_of(guideline),
        "accepted_on": work.accepted_on,
    }


def start_of(here: Here, work: Work, **start: Any) -> Given:
    """Return what the page is filled with: what was sent in just now, else the draft, else the start."""
    if here.form:
        return here.given()
    return Given({**start, **work.draft})


def returned_shown(returned: Sequence[Returned]) -> list[dict[str, Any]]:
    """Return why something came back, newest first."""
    return [{"who": one.by, "reasons": one.reasons, "note": one.note} for one in returned]


def save_draft(here: Here, assignment_id: str) -> Response:
    """Keep a draft that the page's script sent."""
    assignment.own(here.db, here.actor, assignment_id, lock=False)
    body = here.body
    content = body.get("content")
    rev, seconds = body.get("rev"), body.get("seconds", 0)
    if not isinstance(content, dict) or not isinstance(rev, int) or not isinstance(seconds, int | float):
        raise InputError("wanted a draft with content, rev and seconds")
    saved = assignment.save_draft(here.db, here.actor, assignment_id, content, rev=rev, seconds=float(seconds))
    hold = assignment.own(here.db, here.actor, assignment_id, lock=False)
    if hold.state != "leased":
        raise Conflict("your hold on this item ended", do="take it again with your draft")
    return JSONResponse({"rev": saved})


def skip(here: Here, assignment_id: str) -> Response:
    """Leave the item to others, with the reason that was chosen."""
    reason = here.field("reason")
    words = here.field("words")
    assignment.skip(here.db, here.actor, assignment_id, f"{reason}: {words}" if words else reason)
    return here.to(here.request.url.path.rsplit("/", 2)[0], here.say("Skipped. Somebody else will see it."))


def nothing(here: Here, title: str, message: str, more: str, sign: str) -> Response:
    """Say that nothing is left, why, and what else there is."""
    standing = here.standing
    assert standing is not None
    if standing.project.status != "active":
        message = here.say("This project is paused.") if standing.project.status == "paused" else ""
        message = message or here.say("This project is closed.")
        more = here.say("Nobody is given work in it until a lead opens it again.")
    return here.page(
        "nothing.html",
        title=title,
        message=message,
        more=more,
        sign=sign,
        next={"href": "/", "says": here.say("See what else there is")},
    )
