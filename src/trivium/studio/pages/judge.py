"""Judgements: what the guard stopped or let pass, and thumbs on single replies."""

from __future__ import annotations

from typing import Any, get_args

from fastapi.responses import Response

from trivium.human.desk import assignment, guards
from trivium.human.desk.errors import Invalid
from trivium.human.desk.guards import GuardVerdict, Verdict
from trivium.human.desk.progress import done_and_left
from trivium.human.store.work import Item
from trivium.studio.here import Here
from trivium.studio.pages.working import nothing, prompt_shown, save_draft, skip, start_of, work_facts
from trivium.studio.routes import get, post

VERDICTS = (
    ("confirmed", "Right", "c", "the guard did what it should"),
    ("false_positive", "Stopped wrongly", "p", "this was harmless"),
    ("false_negative", "Let pass wrongly", "n", "this should have been stopped"),
    ("unsure", "Unsure", "x", "a lead looks at it"),
)


def verdicts(here: Here) -> list[tuple[str, str, str, str]]:
    """Return the four verdicts in words."""
    return [(key, here.say(name), letter, here.say(hint)) for key, name, letter, hint in VERDICTS]


def decision_shown(here: Here, item: Item) -> dict[str, Any]:
    """Return what the guard did, as the page says it: that is the thing to judge, not a hint."""
    blocked = bool(item.attrs.get("blocked"))
    return {
        "is": "bad" if blocked else "ok",
        "says": here.say("The guard stopped it") if blocked else here.say("The guard let it pass"),
        "category": str(item.attrs.get("category") or ""),
    }


@get("/p/{slug}/judge", writes=True)
def next_judgement(here: Here, slug: str) -> Response:
    """Take the next decision."""
    standing = here.project(slug, "label")
    work = assignment.lease(here.db, here.actor, standing.project.id, step="label")
    if work is None:
        return nothing(
            here,
            here.say("Judge"),
            here.say("No decision waits for you."),
            here.say("They come when the server's guard has stopped or passed something on."),
            "eye",
        )
    return here.to(f"/p/{slug}/judge/{work.assignment_id}")


@get("/p/{slug}/judge/{assignment_id}", writes=True)
def judge(here: Here, slug: str, assignment_id: str) -> Response:
    """Show the exchange, folded where it was stopped, and take a verdict."""
    standing = here.project(slug, "label")
    work = assignment.current(here.db, here.actor, assignment_id)
    if work.state != "leased" and not here.form:
        return here.to(f"/p/{slug}/judge")
    done, left = done_and_left(here.db, here.actor, standing.project.id, "label")
    return here.page(
        "judge.html",
        **work_facts(here, work, "judge"),
        done=done,
        total=done + left + 1,
        deciding=False,
        prompt=prompt_shown(here, work.messages, work.language, {}),
        reply=work.replies[0] if work.replies else "",
        decision=decision_shown(here, here.db.get_one(Item, work.item_id)),
        verdicts=verdicts(here),
        given=start_of(here, work),
    )


@post("/p/{slug}/judge/{assignment_id}", again=judge)
def submit_judgement(here: Here, slug: str, assignment_id: str) -> Response:
    """Keep the verdict and go on."""
    here.project(slug, "label")
    verdict = here.field("verdict")
    if verdict not in get_args(GuardVerdict):
        raise Invalid({"verdict": here.say("Choose one.")})
    sent = Verdict(verdict, here.field("note"), float(here.number("active_seconds")))  # type: ignore[arg-type]
    guards.submit(here.db, here.actor, assignment_id, sent)
    return here.to(f"/p/{slug}/judge", here.say("Sent."))


@post("/p/{slug}/judge/{assignment_id}/draft")
def judgement_draft(here: Here, slug: str, assignment_id: str) -> Response:
    """Keep what is on the page."""
    here.project(slug, "label")
    return save_draft(here, assignment_id)


@post("/p/{slug}/judge/{assignment_id}/skip")
def skip_judgement(here: Here, slug: str, assignment_id: str) -> Response:
    """Leave it to others."""
    here.project(slug, "label")
    return skip(here, assignment_id)
