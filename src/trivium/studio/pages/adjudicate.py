"""Contested items to a lead's decision: the replies with who ranked them how, and a pair or none."""

from __future__ import annotations

from typing import Any, get_args

from fastapi.responses import Response

from trivium.human.desk import adjudication, assignment, guards
from trivium.human.desk.errors import Invalid
from trivium.human.desk.guards import GuardVerdict
from trivium.human.desk.work import Work
from trivium.human.rubrics import Rubric, reply_name
from trivium.human.store.work import Item
from trivium.studio.here import Here
from trivium.studio.pages.judge import decision_shown, verdicts
from trivium.studio.pages.working import nothing, prompt_shown, skip, start_of, work_facts
from trivium.studio.routes import get, post
from trivium.studio.said import of_replies, why_contested


@get("/p/{slug}/adjudicate", writes=True)
def next_contested(here: Here, slug: str) -> Response:
    """Take the next contested item."""
    standing = here.project(slug, "adjudicate")
    work = assignment.lease(here.db, here.actor, standing.project.id, step="adjudicate")
    if work is None:
        return nothing(
            here, here.say("Decide"), here.say("Nothing is contested."),
            here.say("Items come here when first place is tied, or the winner was flagged by a majority."), "ok",
        )  # fmt: skip
    return here.to(f"/p/{slug}/adjudicate/{work.assignment_id}")


def _ranked(here: Here, work: Work, rubric: Rubric | None) -> dict[str, Any]:
    found = adjudication.look(here.db, here.actor, work.assignment_id)
    said = of_replies(found.submissions, found.aggregate, rubric, here.words)
    replies = [
        {"letter": reply_name(slot), "content": text, "said": said[slot] if slot < len(said) else None}
        for slot, text in enumerate(found.replies)
    ]
    people = [one.person for one in found.submissions if one.ranks]
    why = why_contested(found.aggregate, rubric, here.words)
    return {"replies": replies, "people": people, "why": why, "notes": found.notes, "messages": found.messages}


@get("/p/{slug}/adjudicate/{assignment_id}", writes=True)
def adjudicate(here: Here, slug: str, assignment_id: str) -> Response:
    """Show everything that was said about it."""
    here.project(slug, "adjudicate")
    work = assignment.current(here.db, here.actor, assignment_id)
    if work.step != "adjudicate" or (work.state != "leased" and not here.form):
        return here.to(f"/p/{slug}/adjudicate")
    facts = work_facts(here, work, "adjudicate")
    if work.kind == "guard_review":
        item = here.db.get_one(Item, work.item_id)
        return here.page(
            "judge.html", **facts, prompt=prompt_shown(here, work.messages, work.language, {}), deciding=True,
            reply=work.replies[0] if work.replies else "", decision=decision_shown(here, item), done=0, total=1,
            verdicts=verdicts(here), given=start_of(here, work),
        )  # fmt: skip
    found = _ranked(here, work, facts["rubric"])
    return here.page(
        "adjudicate.html", **facts, **{key: found[key] for key in ("replies", "people", "why", "notes")},
        prompt=prompt_shown(here, found["messages"], work.language, {}), given=start_of(here, work),
    )  # fmt: skip


@post("/p/{slug}/adjudicate/{assignment_id}", again=adjudicate)
def decide(here: Here, slug: str, assignment_id: str) -> Response:
    """Keep the decision, with its reason for those who ranked."""
    here.project(slug, "adjudicate")
    work = assignment.current(here.db, here.actor, assignment_id)
    note = here.field("note")
    if work.kind == "guard_review":
        verdict = here.field("verdict")
        if verdict not in get_args(GuardVerdict):
            raise Invalid({"verdict": here.say("Choose one.")})
        guards.decide(here.db, here.actor, assignment_id, verdict, note)  # type: ignore[arg-type]
    elif here.field("decision") == "no_pair":
        adjudication.decide(here.db, here.actor, assignment_id, "no_pair", note=note)
    else:
        order = [here.number(f"rank-{reply_name(slot)}") for slot in range(len(work.replies))]
        if not all(order):
            raise Invalid({"order": here.say("Give each reply a rank, or decide that there is no pair.")})
        adjudication.decide(here.db, here.actor, assignment_id, "winner", order=order, note=note)
    return here.to(f"/p/{slug}/adjudicate", here.say("Decided."))


@post("/p/{slug}/adjudicate/{assignment_id}/skip")
def skip_contested(here: Here, slug: str, assignment_id: str) -> Response:
    """Leave it to another lead."""
    here.project(slug, "adjudicate")
    return skip(here, assignment_id)
