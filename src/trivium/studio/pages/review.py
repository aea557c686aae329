"""The review page: a text with what changed since the last round, or an order with its agreement; a verdict."""

from __future__ import annotations

from typing import Any

from fastapi.responses import Response

from trivium.core.words import count_words
from trivium.human.desk import assignment, near, review, submissions
from trivium.human.desk.batches import TEXTS
from trivium.human.desk.errors import Invalid, NotAllowed
from trivium.human.desk.guidelines import terms_of
from trivium.human.desk.review import REASONS, Dossier, Review
from trivium.human.desk.settings import settings_of
from trivium.human.desk.work import Work
from trivium.human.privacy import passages
from trivium.human.rubrics import reply_name
from trivium.human.states import Step
from trivium.human.store.work import Batch, Item
from trivium.studio import vocabulary
from trivium.studio.changes import changes
from trivium.studio.here import Here
from trivium.studio.pages.working import SKIP_REASONS, nothing, prompt_shown, save_draft, skip, start_of, work_facts
from trivium.studio.routes import get, post
from trivium.studio.said import of_replies, why_contested

SAMPLE_SHOWN = 12
PASTED_MUCH = 0.5  # share of a reply that came by paste from which the page says so
DID = {
    "write": "Written",
    "label": "Ranked",
    "qa_internal": "Reviewed",
    "qa_client": "Reviewed",
    "adjudicate": "Decided",
}
VERDICTS = {"accept": "Accepted", "reject": "Returned", "fix": "Accepted with a fix"}


def _step(here: Here, slug: str) -> Step:
    standing = here.project(slug)
    if standing.can("review_internal"):
        return "qa_internal"
    if standing.can("review_client"):
        return "qa_client"
    raise NotAllowed(f"a {standing.role} of the {standing.party} party may not review here")


@get("/p/{slug}/review", writes=True)
def next_review(here: Here, slug: str) -> Response:
    """Take the next of the sample."""
    step = _step(here, slug)
    standing = here.project(slug)
    work = assignment.lease(here.db, here.actor, standing.project.id, step=step)
    if work is None:
        return nothing(
            here,
            here.say("Review"),
            here.say("Nothing waits for your review."),
            here.say("A sample is drawn when a batch is written or ranked through."),
            "eye",
        )
    return here.to(f"/p/{slug}/review/{work.assignment_id}")


def story_of(here: Here, dossier: Dossier) -> list[dict[str, Any]]:
    """Return what happened to an item, for the time line."""
    return [
        {
            "what": here.say(
                VERDICTS[one.verdict]
                if one.verdict
                else "Rewritten"
                if one.step == "write" and one.round > 1
                else DID[one.step]
            ),
            "who": one.by,
            "is": "bad" if one.verdict == "reject" else "",
            "reasons": one.reasons,
            "note": one.note,
            "at": one.at,
            "seconds": one.seconds if one.step in ("write", "label") else 0,
        }
        for one in dossier.past
    ]


def skips_of(here: Here, item_id: str) -> list[dict[str, Any]]:
    """Return who skipped an item and why, for the time line."""
    shown = []
    for one in review.skipped(here.db, here.actor, item_id):
        key, _, words = one.reason.partition(": ")
        why = dict(SKIP_REASONS[one.step]).get(key)
        note = ". ".join(filter(None, (here.say(why), words))) if why else one.reason
        shown.append({"what": here.say("Skipped"), "who": one.by, "is": "off", "reasons": (), "note": note,
                      "at": one.at, "seconds": 0})  # fmt: skip
    return shown


def _replies(here: Here, work: Work, dossier: Dossier) -> list[dict[str, Any]]:
    """Return the replies as the page shows them: a written one with its last round, ranked ones with mean ranks."""
    if work.kind == "comparison":
        answers = submissions.of_items(here.db, [work.item_id])
        said = of_replies(answers, dossier.aggregate, terms_of(here.db, work.guideline_id).rubric, here.words)
        return [
            {
                "name": here.say("Reply {slot}", slot=reply_name(place)),
                "content": text,
                "before": None,
                "num_words": count_words(text),
                "said": said[place] if place < len(said) else None,
            }
            for place, text in enumerate(work.replies)
        ]
    now_text = work.replies[0] if work.replies else ""
    earlier = [text for round_, _, text, _ in dossier.texts if round_ < work.round]
    before = earlier[-1] if earlier else None
    name = here.say("Reply, round {n}", n=work.round) if work.round > 1 else here.say("Reply")
    return [
        {
            "name": name,
            "content": now_text,
            "before": before,
            "said": None,
            "num_words": count_words(now_text),
            "changes": changes(before, now_text) if before is not None else None,
            "num_words_before": count_words(before) if before is not None else 0,
        }
    ]


def _checks(here: Here, work: Work, dossier: Dossier) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    private = [one for text in work.replies for one in passages(text)]
    found.append(
        {
            "is": "warn",
            "says": here.say("May name a private person"),
            "more": ", ".join(sorted({here.say(one.kind) for one in private})),
        }
        if private
        else {"is": "ok", "says": here.say("No personal data found"), "more": ""}
    )
    found.append({"is": "ok", "says": here.say("Nobody reviews their own text"), "more": ""})
    found += _close(here, work)
    shares = [one.body.get("paste_share") for one in dossier.past if one.step == "write"]
    if shares and shares[-1] is not None and shares[-1] >= PASTED_MUCH:
        found.append(
            {
                "is": "warn",
                "says": here.say("{n} came by paste", n=here.words.percent(shares[-1], 0)),
                "more": here.say("A hint, not a fault: people draft elsewhere."),
            }
        )
    agreement = (dossier.aggregate or {}).get("pairwise_agreement")
    if agreement is not None:
        found.append(
            {
                "is": "ok" if agreement >= 0.6 else "warn",
                "says": here.say("{n} of pairs agreed", n=here.words.percent(agreement)),
                "more": "",
            }
        )
    rubric = terms_of(here.db, work.guideline_id).rubric
    if contested := why_contested(dossier.aggregate, rubric, here.words):
        found.append({"is": "warn", "says": here.say("Contested"), "more": contested})
    return found


def _sample(here: Here, work: Work, dossier: Dossier) -> tuple[list[dict[str, Any]], int, int]:
    rows = review.sample(
        here.db, here.actor, dossier.batch_id, "internal_qa" if work.step == "qa_internal" else "client_qa"
    )
    shown = []
    for row in rows:
        now = row.item_id == work.item_id
        verdict = None if now else row.verdict
        kind = "now" if now else {"accept": "ok", "fix": "ok", "reject": "bad"}.get(verdict or "", "wait")
        says = here.say("Now" if now else VERDICTS.get(verdict or "", "Waiting"))
        shown.append({"text": row.text[:90], "is": kind, "says": says, "now": now, "language": ""})
    done = sum(row.verdict is not None for row in rows)
    at = next((place for place, one in enumerate(shown) if one["now"]), 0)
    start = max(0, min(at - 4, len(shown) - SAMPLE_SHOWN))
    return shown[start : start + SAMPLE_SHOWN], done, len(rows)


def _words(here: Here, work: Work) -> dict[str, Any]:
    """Return what the three verdicts say, for a text and for an order."""
    onward = (
        here.say("Goes on to the client’s review")
        if work.step == "qa_internal"
        else here.say("Goes into the next milestone")
    )
    if work.kind == "comparison":
        return {
            "can_fix": False,
            "accept_hint": onward,
            "accept_says": onward,
            "reject_title": here.say("Return"),
            "reject_button": here.say("Return to the labellers"),
            "to_writer": here.say("To the labellers"),
            "reject_hint": here.say("Ranked anew by everyone, round {n}", n=work.round + 1),
            "reject_says": here.say("Returns to the labellers; reasons chosen: {n}", n="{n}"),
        }
    return {
        "can_fix": True,
        "accept_hint": onward,
        "accept_says": onward,
        "reject_title": here.say("Return"),
        "reject_button": here.say("Return to the writer"),
        "to_writer": here.say("To the writer"),
        "reject_hint": here.say("Back to the same writer, round {n}", n=work.round + 1),
        "reject_says": here.say("Returns to the writer; reasons chosen: {n}", n="{n}"),
    }


def _close(here: Here, work: Work) -> list[dict[str, str]]:
    """Say whether a written prompt is much like another of the pool."""
    standing = here.standing
    item = here.db.get_one(Item, work.item_id)
    if standing is None or work.kind not in TEXTS or item.prompt_id is None:
        return []
    least = settings_of(standing.project).duplicate_warning
    found = near.beside(here.db, here.actor, standing.project.id, item.prompt_id, least=least)
    if not found:
        return []
    alike, text = here.words.number(found[0].likeness, 2), found[0].text[:90]
    more = here.say("{likeness} alike: {text}", likeness=alike, text=text)
    return [{"is": "warn", "says": here.say("Close to a prompt that is there already."), "more": more}]


@get("/p/{slug}/review/{assignment_id}", writes=True)
def review_page(here: Here, slug: str, assignment_id: str) -> Response:
    """Show the text or the order with its history, and take a verdict."""
    step = _step(here, slug)
    work = assignment.current(here.db, here.actor, assignment_id)
    if work.step != step or (work.state != "leased" and not here.form):
        return here.to(f"/p/{slug}/review")
    dossier = review.dossier(here.db, here.actor, work.item_id)
    sample, done, total = _sample(here, work, dossier)
    plan = here.db.get_one(Batch, dossier.batch_id).plan.get(
        "internal_qa" if step == "qa_internal" else "client_qa", {}
    )
    words = (
        here.say(
            "a sample of {n} of {of}, drawn with seed {seed}", n=plan["sample"], of=plan["of"], seed=str(plan["seed"])
        )
        if plan
        else ""
    )
    return here.page(
        "review.html",
        **work_facts(here, work, "review"),
        **_words(here, work),
        step=step,
        sample=sample,
        done=done,
        total=total,
        sample_words=words,
        story=[*story_of(here, dossier), *skips_of(here, work.item_id)],
        checks=_checks(here, work, dossier),
        prompt=prompt_shown(here, work.messages, work.language, work.attrs),
        replies=_replies(here, work, dossier),
        reasons=[(key, vocabulary.REASONS[key]) for key in REASONS],
        given=start_of(here, work),
    )


@post("/p/{slug}/review/{assignment_id}", again=review_page)
def submit_review(here: Here, slug: str, assignment_id: str) -> Response:
    """Keep the verdict, and go on with the sample."""
    _step(here, slug)
    verdict = here.field("verdict")
    note = here.field("note")
    if quoted := here.field("anchor"):
        note = note if quoted in note else f"“{quoted}”\n{note}"
    sent = Review(
        verdict=verdict if verdict in VERDICTS else "reject",  # type: ignore[arg-type]
        reasons=here.many("reason") if verdict in ("reject", "fix") else (),
        note=note,
        fixed=str(here.form.get("fixed") or "") if verdict == "fix" else "",
        seconds=float(here.number("active_seconds")),
    )
    try:
        review.submit(here.db, here.actor, assignment_id, sent)
    except Invalid as error:
        raise Invalid({{"reasons": "reason"}.get(name, name): text for name, text in error.fields.items()}) from error
    return here.to(f"/p/{slug}/review", here.say("Sent: {verdict}.", verdict=here.say(VERDICTS[sent.verdict])))


@post("/p/{slug}/review/{assignment_id}/draft")
def review_draft(here: Here, slug: str, assignment_id: str) -> Response:
    """Keep what is on the page."""
    _step(here, slug)
    return save_draft(here, assignment_id)


@post("/p/{slug}/review/{assignment_id}/skip")
def skip_review(here: Here, slug: str, assignment_id: str) -> Response:
    """Leave it to another reviewer."""
    _step(here, slug)
    return skip(here, assignment_id)
