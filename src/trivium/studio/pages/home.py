"""Home: the one thing to do next, what waits for one's hand, one's projects, and what became of one's work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi.responses import Response
from sqlalchemy import select

from trivium.human.desk import home
from trivium.human.desk.home import OpenWork
from trivium.human.store.work import Judgement
from trivium.studio import charts
from trivium.studio.here import Here
from trivium.studio.navigation import first_place
from trivium.studio.routes import get

DAYS = 14
PLACES = {"write": "write", "label": "rank", "qa_internal": "review", "qa_client": "review", "adjudicate": "adjudicate"}
SIGNS = {"write": "pen", "label": "rank", "qa_internal": "eye", "qa_client": "eye", "adjudicate": "seal"}


def _place(one: OpenWork) -> str:
    return "judge" if one.step == "label" and one.project.kind == "guard_review" else PLACES[one.step]


def _next(here: Here, work: list[OpenWork]) -> dict[str, Any] | None:
    if not work:
        return None
    one = work[0]
    place = _place(one)
    titles = {
        "write": here.say("Write a prompt and its reply"),
        "rank": here.say("Rank the replies to a prompt"),
        "judge": here.say("Judge what the guard did"),
        "review": here.say("Review what was sent in"),
        "adjudicate": here.say("Decide what is contested"),
    }
    left = (
        here.say("{n} or more are left for you", n=one.left)
        if one.left >= 200
        else here.say("{n} are left for you", n=one.left)
    )
    due = here.say(", due {day}", day=here.words.day(one.due_at)) if one.due_at else ""
    return {
        "title": titles[place],
        "project": one.project.title,
        "says": f"{left}{due}.",
        "done": one.done,
        "total": one.done + one.left,
        "href": f"/p/{one.project.slug}/{place}",
        "button": here.say("Begin"),
    }


def _milestone(here: Here) -> dict[str, Any] | None:
    """Return the milestone that waits for one's answer as the thing to do next."""
    for project, row in home.to_answer(here.db, here.mine()):
        return {
            "title": here.say("Answer milestone {name}", name=row.milestone),
            "project": project.title,
            "says": here.say("Look at the checks and the files, then accept it or reject it."),
            "total": 0,
            "href": f"/p/{project.slug}/deliveries/{row.milestone}",
            "button": here.say("Begin"),
        }
    return None


def _milestones(here: Here) -> list[dict[str, Any]]:
    """Return what waits to be answered, or to be sealed."""
    found = [
        {
            "href": f"/p/{project.slug}/deliveries/{row.milestone}",
            "sign": "seal",
            "kind": here.say("Milestone"),
            "text": row.milestone,
            "ours": True,
            "more": project.title,
            "side": here.say("Waits for you"),
        }
        for project, row in home.to_answer(here.db, here.mine())
    ]
    found += [
        {
            "href": f"/p/{project.slug}/deliveries",
            "sign": "seal",
            "kind": here.say("To seal"),
            "text": here.say("{n} items are accepted and in no milestone yet.", n=count),
            "ours": True,
            "more": project.title,
            "side": "",
        }
        for project, count in home.to_seal(here.db, here.mine())
    ]
    return found


def _waiting(here: Here) -> list[dict[str, Any]]:
    found = [
        {
            "href": f"/p/{one.slug}/write",
            "sign": "prev",
            "kind": here.say("Returned"),
            "text": one.text[:140],
            "language": "",
            "more": f"{one.by}: {one.note}" if one.note else "",
            "side": here.say("round {n}", n=one.round),
        }
        for one in home.returned(here.db, here.actor)
    ]
    for held in home.held(here.db, here.actor)[:6]:
        place = PLACES[held.step]
        found.append(
            {
                "href": f"/p/{held.slug}/{place}/{held.assignment_id}"
                if held.state == "leased"
                else f"/p/{held.slug}/{place}",
                "sign": SIGNS[held.step],
                "kind": here.say("Draft") if held.draft_at else here.say("Begun"),
                "text": held.text[:140] or here.say("not written yet"),
                "language": "",
                "more": held.project,
                "side": here.say("held until {time}", time=here.words.clock(held.lease_until))
                if held.state == "leased"
                else here.say("kept"),
            }
        )
    for project, guideline in home.unread(here.db, here.actor):
        found.append(
            {
                "href": f"/p/{project.slug}/guideline?read={guideline.id}",
                "sign": "book",
                "side": here.say("new"),
                "language": "",
                "kind": here.say("Guideline {n}", n=guideline.version),
                "text": project.title,
                "more": guideline.changelog or here.say("Read it before you begin."),
            }
        )
    return [{"language": "", "ours": False, **one} for one in found + _milestones(here)]


def _days(here: Here) -> Any:
    """Return how much the person sent in on each of the last fourteen days."""
    today = datetime.now(UTC).date()
    since = datetime.combine(today - timedelta(days=DAYS - 1), datetime.min.time(), UTC)
    moments = here.db.scalars(
        select(Judgement.created_at).where(Judgement.person_id == here.actor.person_id, Judgement.created_at >= since)
    )
    counts = [0] * DAYS
    for moment in moments:
        counts[min(DAYS - 1, max(0, (moment.date() - since.date()).days))] += 1
    last = here.say("today, {n}", n=counts[-1])
    title = here.say("Items finished on each of the last 14 days, {n} in all", n=sum(counts))
    return charts.days(counts, here.words.day(since), last, title)


def _work(here: Here, work: list[OpenWork]) -> list[dict[str, Any]]:
    left: dict[str, int] = {}
    for one in work:
        left[one.project.id] = left.get(one.project.id, 0) + one.left
    signs = {"demonstration": "pen", "comparison": "rank", "redteam": "flag", "guard_review": "eye"}
    return [
        {
            "href": first_place(one),
            "sign": signs[one.project.kind],
            "title": one.project.title,
            "role": one.role,
            "party": one.party,
            "left": left.get(one.project.id, 0 if one.role in ("writer", "labeller", "reviewer") else None),
        }
        for one in here.mine()
    ]


@get("/")
def home_page(here: Here) -> Response:
    """Show it."""
    work = home.open_work(here.db, here.actor)
    became = home.record(here.db, here.actor)
    facts = []
    if became.decided:
        facts.append(
            {
                "name": here.say("Accepted at first"),
                "picture": "",
                "value": here.say("{n} of {of}", n=became.accepted_first, of=became.decided),
                "more": here.say("pairs you wrote"),
            }
        )
    if became.ranked:
        facts.append(
            {
                "name": here.say("Ranked"),
                "value": here.words.number(became.ranked),
                "more": here.say("prompts"),
                "picture": "",
            }
        )
    told = [
        ("ok", here.say("{n} items", n=became.delivered), here.say("in a sealed milestone"), became.delivered),
        (
            "ok",
            here.say("{n} orders", n=became.chosen),
            here.say("that helped to choose a winner and a loser"),
            became.chosen,
        ),
        (
            "wait",
            here.say("{n} prompts", n=became.contested),
            here.say("contested: a lead looks at them"),
            became.contested,
        ),
    ]
    return here.page(
        "home.html",
        next=_next(here, work) or _milestone(here),
        other=_next(here, other) if (other := [one for one in work if _place(one) != _place(work[0])]) else None,
        waiting=_waiting(here),
        work=_work(here, work),
        days=_days(here),
        facts=facts,
        became=[{"is": kind, "what": what, "more": more} for kind, what, more, count in told if count],
        can_open=here.actor.keeper,
        idle=_idle(here),
    )


def _idle(here: Here) -> str:
    """Say why nothing waits, and what will change that."""
    if not here.mine():
        return (
            here.say("Open a project, and invite writers, labellers and reviewers.")
            if here.actor.keeper
            else here.say("You are in no project yet; a lead invites you with a link.")
        )
    if any(one.role == "lead" for one in here.mine()):
        return here.say("Your projects are below: look at coverage, batches and deliveries there.")
    return here.say("More opens when a lead opens the next batch.")
