"""One item with everything that its leads and reviewers may know about it."""

from __future__ import annotations

from fastapi.responses import Response

from trivium.human.desk import comments, review, rounds, submissions
from trivium.human.desk.actor import Standing
from trivium.human.desk.errors import Invalid, NotAllowed, Unknown
from trivium.human.desk.guidelines import terms_of
from trivium.human.desk.work import latest_replies
from trivium.human.rubrics import reply_name
from trivium.human.store.people import Person
from trivium.human.store.projects import PoolPrompt
from trivium.human.store.work import Batch, Item
from trivium.studio.here import Here
from trivium.studio.pages.batches import INSIDE, SHAPES, STATES
from trivium.studio.pages.review import skips_of, story_of
from trivium.studio.pages.working import prompt_shown
from trivium.studio.routes import get, post
from trivium.studio.said import of_replies, why_contested

ENDED = ("rejected", "withdrawn")


def _insider(here: Here, slug: str) -> Standing:
    """Return the standing of who may look inside items: reviewers and leads, never labellers or writers."""
    standing = here.project(slug)
    if not any(standing.can(one) for one in INSIDE):
        raise NotAllowed(f"a {standing.role} of the {standing.party} party may not look inside items")
    return standing


def _item(here: Here, item_id: str) -> Item:
    row = here.db.get(Item, item_id)
    if row is None or here.standing is None or row.project_id != here.standing.project.id:
        raise Unknown("there is no such item")
    return row


@get("/p/{slug}/items/{item_id}")
def item_page(here: Here, slug: str, item_id: str) -> Response:
    """Show prompt, replies, where they came from, and what happened."""
    standing = _insider(here, slug)
    item = _item(here, item_id)
    dossier = review.dossier(here.db, here.actor, item.id)
    prompt = here.db.get(PoolPrompt, item.prompt_id) if item.prompt_id else None
    batch = here.db.get_one(Batch, item.batch_id)
    answers = submissions.of_items(here.db, [item.id])
    rubric = terms_of(here.db, batch.guideline_id).rubric
    said = of_replies(answers, dossier.aggregate, rubric, here.words)
    replies = []
    rows = latest_replies(here.db, item.id)
    several = len(rows) > 1
    for place, row in enumerate(rows):
        author = here.db.get(Person, row.author_id) if row.author_id else None
        by = author.pseudonym if author else row.model_ref if standing.can("manage") else ""
        replies.append({
            "name": here.say("Reply {slot}", slot=reply_name(place)) if several else here.say("Reply"), "by": by or "",
            "content": row.content, "said": said[place] if place < len(said) else None,
        })  # fmt: skip
    return here.page(
        "item.html", item=item, item_is=SHAPES.get(item.state, "now"),
        says=here.say(STATES.get(item.state, item.state)), batch=batch,
        replies=replies, story=[*story_of(here, dossier), *skips_of(here, item.id)],
        prompt=prompt_shown(here, dossier.messages, prompt.language if prompt else "en", dossier.attrs),
        num_none=sum(one.none_acceptable for one in answers), num_answers=len(answers),
        contested=why_contested(dossier.aggregate, rubric, here.words),
        can_take_out=standing.can("manage") and item.state not in (*ENDED, "delivered"),
        can_give=standing.can("manage") and item.step == "write" and not item.taken and item.reserved_for is not None,
        given=here.given(),
        comments=[{"who": name, "body": row.body, "at": row.created_at}
                  for row, name in comments.on(here.db, here.actor, item.id)],
    )  # fmt: skip


@post("/p/{slug}/items/{item_id}/take-out", again=item_page)
def take_out(here: Here, slug: str, item_id: str) -> Response:
    """Take an item out for good, with a reason that the log keeps."""
    standing = here.project(slug, "manage")
    if not (reason := here.field("reason")):
        raise Invalid({"reason": here.say("Say why; the log keeps it.")})
    rounds.reject(here.db, here.actor, standing.project.id, _item(here, item_id).id, reason[:2_000])
    return here.to(f"/p/{slug}/items/{item_id}", here.say("Taken out. What was said of it stays."))


@post("/p/{slug}/items/{item_id}/give", again=item_page)
def give(here: Here, slug: str, item_id: str) -> Response:
    """Let returned work go to whoever comes, where its writer does not."""
    standing = here.project(slug, "manage")
    rounds.reassign(here.db, here.actor, standing.project.id, _item(here, item_id).id)
    return here.to(f"/p/{slug}/items/{item_id}", here.say("Any writer may take it now."))


@post("/p/{slug}/items/{item_id}/comments", again=item_page)
def comment(here: Here, slug: str, item_id: str) -> Response:
    """Say something about an item."""
    _insider(here, slug)
    comments.add(here.db, here.actor, _item(here, item_id).id, str(here.form.get("body") or ""))
    return here.to(f"/p/{slug}/items/{item_id}", here.say("Said."))
