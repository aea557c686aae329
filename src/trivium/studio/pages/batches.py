"""The board of batches, opening one, its items, and the live progress of replies by a model."""

from __future__ import annotations

from typing import Any

from fastapi.responses import Response
from sqlalchemy import select

from trivium.core.reference import models_below
from trivium.core.store import Store
from trivium.human.desk import batches, generation, guidelines, hands, pool, specs
from trivium.human.desk.actor import Ability
from trivium.human.desk.batches import BoardRow
from trivium.human.desk.errors import Conflict, Invalid, Unknown
from trivium.human.desk.generation import Sampling
from trivium.human.desk.settings import settings_of
from trivium.human.desk.specs import cell_key, requirement_of
from trivium.human.store.projects import PoolPrompt, Project
from trivium.human.store.work import Batch, Item
from trivium.studio import cells
from trivium.studio.here import Here
from trivium.studio.numbers import whole
from trivium.studio.problems import sentence
from trivium.studio.routes import get, post

ITEMS_A_PAGE = 50
INSIDE: tuple[Ability, ...] = ("review_internal", "review_client", "manage", "see_quality")
"""Who has one of these may look inside items: reviewers and leads, never labellers or writers."""
SHAPES = {
    "open": "wait",
    "working": "now",
    "internal_qa": "now",
    "client_qa": "now",
    "rework": "warn",
    "accepted": "ok",
    "delivered": "ok",
    "queued": "wait",
    "generating": "wait",
    "writing": "now",
    "labelling": "now",
    "scored": "ok",
    "contested": "warn",
    "unrankable": "off",
    "rejected": "bad",
    "withdrawn": "off",
    "confirmed": "ok",
    "false_positive": "warn",
    "false_negative": "warn",
    "unsure": "wait",
}
STATES = {
    "open": "open",
    "working": "being worked on",
    "internal_qa": "partner review",
    "client_qa": "client review",
    "rework": "back with the writers",
    "accepted": "accepted",
    "delivered": "delivered",
    "queued": "queued",
    "generating": "waits for replies",
    "writing": "to be written",
    "labelling": "being ranked",
    "scored": "ranked",
    "contested": "contested",
    "unrankable": "unrankable",
    "rejected": "taken out",
    "withdrawn": "withdrawn",
    "confirmed": "confirmed",
    "false_positive": "false positive",
    "false_negative": "false negative",
    "unsure": "unsure",
}


def state_words(here: Here, state: str) -> str:
    """Return what a batch or an item is in, in words of its project's kind."""
    kind = _project(here).kind
    if state == "rework" and kind not in batches.TEXTS:
        return here.say("back with the labellers")
    if state == "labelling" and kind == "guard_review":
        return here.say("being judged")
    return here.say(STATES[state])


def _row(here: Here, one: BoardRow, versions: dict[str, int]) -> dict[str, Any]:
    samples = [
        here.say("{who}: {n} of {of}", who=here.say(who), n=one.plan[stage]["sample"], of=one.plan[stage]["of"])
        for stage, who in (("internal_qa", "partner"), ("client_qa", "client"))
        if stage in one.plan
    ]
    actions = [("start", here.say("Start it"))] if one.state == "open" else []
    return {
        "ordinal": one.ordinal,
        "is": SHAPES[one.state],
        "state_words": state_words(here, one.state),
        "rests": generation.PROBLEM in one.generation and bool(one.states.get("generating")),
        "round": one.round,
        "counts": [(state_words(here, state), count) for state, count in sorted(one.states.items())],
        "sample": ", ".join(samples),
        "guideline": versions.get(one.guideline_id, ""),
        "actions": actions,
    }


@get("/p/{slug}/batches")
def batches_page(here: Here, slug: str) -> Response:
    """Show the board."""
    standing = here.project(slug, "see_plan")
    project = standing.project
    rows = batches.board(here.db, here.actor, project.id)
    versions = {row.id: row.version for row in guidelines.versions(here.db, here.actor, project.id)}
    lacks = _lacks(here, slug)
    return here.page(
        "batches.html",
        batches=[_row(here, one, versions) for one in rows],
        can_open=lacks is None,
        why_none=lacks[0] if lacks else _first(here, project.kind),
        first_step={"href": lacks[1], "says": lacks[2]} if lacks and standing.can("manage") else None,
        given=here.given(k=settings_of(project).num_replies),
        prompt_sources=[
            ("", here.say("writers write them")),
            ("pool", here.say("drawn from the pool, to be answered")),
        ],
        models=models_below(Store(here.settings.runs)),
        lacking=[_told_lack(here, one) for one in hands.lacking(here.db, here.actor, project.id)],
    )


def _told_lack(here: Here, lack: hands.Lack) -> str:
    """Return whom to invite, and why."""
    if lack.step == "write":
        return here.say("Nobody here writes. Invite a writer.")
    if lack.step == "label":
        have, want = lack.have, lack.want
        return here.say("{m} people judge each item, and {n} labellers are here. Invite more.", n=have, m=want)
    if lack.step == "qa_client":
        return here.say("Nobody can do the client’s review. Invite a reviewer of the client, or set its share to 0.")
    return here.say("Nobody can do the first review. Invite a reviewer, party: {party}.", party=here.say(lack.party))


def _first(here: Here, kind: str) -> str:
    if kind == "guard_review":
        return here.say("The first decision of the guard opens one.")
    return here.say("Open the first one below.")


def _lacks(here: Here, slug: str) -> tuple[str, str, str] | None:
    """Return what must be there before a batch can be opened: why, where, what to do."""
    project = _project(here)
    if guidelines.published(here.db, project.id) is None:
        return (
            here.say("A batch needs a published guideline."),
            f"/p/{slug}/guideline/edit",
            here.say("Write the guideline"),
        )
    if project.kind == "demonstration" and specs.frozen(here.db, project.id) is None:
        return (
            here.say("A batch needs a frozen requirement."),
            f"/p/{slug}/requirement",
            here.say("Write the requirement"),
        )
    return None


@post("/p/{slug}/batches", again=batches_page)
def open_batch(here: Here, slug: str) -> Response:
    """Open a batch: short cells for writers, or prompts of the pool with their replies."""
    standing = here.project(slug, "manage")
    size = here.number("size")
    if not 1 <= size <= 20_000:
        raise Invalid({"size": "wanted a number from 1 to 20,000"})
    kind = standing.project.kind
    if kind == "guard_review":
        raise Conflict("the guard's own decisions are judged here, and nothing is drawn for that")
    batch = batches.open_batch(here.db, here.actor, standing.project.id)
    if kind == "demonstration" and here.field("prompts") != "pool":
        _plan(here, batch, size)
    else:
        ids = pool.sample(here.db, here.actor, batch.project_id, size, seed=here.number("seed"))
        batches.add_prompts(here.db, here.actor, batch.id, ids)
        if kind not in batches.TEXTS:
            generation.request(here.db, here.actor, batch.id, here.field("model"), _sampling(here))
    batches.start(here.db, here.actor, batch.id)
    return here.to(f"/p/{slug}/batches/{batch.ordinal}", here.say("Batch {n} is open.", n=batch.ordinal))


def _plan(here: Here, batch: Batch, size: int) -> None:
    """Share so many pairs out over the cells, the emptiest first, one at a time."""
    spec = specs.must_be_frozen(here.db, batch.project_id)
    taken = batches.planned(here.db, batch.project_id)
    open_ = {
        cell_key(cell.where): [cell.target - taken.get(cell_key(cell.where), 0), cell.target]
        for cell in requirement_of(spec).cells
    }
    counts = dict.fromkeys(open_, 0)
    for _ in range(size):
        key = max(open_, key=lambda one: (open_[one][0] / open_[one][1], one))
        if open_[key][0] <= 0:
            break
        open_[key][0] -= 1
        counts[key] += 1
    if not any(counts.values()):
        raise Conflict("every cell is full or in flight", do="write a new requirement, or deliver what there is")
    batches.plan_cells(here.db, here.actor, batch.id, {key: count for key, count in counts.items() if count})


def _sampling(here: Here) -> Sampling:
    text = here.field("temperature") or "1.0"
    try:
        temperature = float(text.replace(",", "."))
    except ValueError as error:
        raise Invalid({"temperature": f"wanted a number, found {text[:40]!r}"}) from error
    return Sampling(
        (temperature,), max_new_tokens=here.number("max_tokens", 128), seed=here.number("seed"),
        num_replies=here.number("k", settings_of(_project(here)).num_replies),
    )  # fmt: skip


def _project(here: Here) -> Project:
    standing = here.standing
    assert standing is not None
    return standing.project


def batch_of(here: Here, ordinal: str) -> Batch:
    """Return the batch of that number in the project one stands in."""
    row = here.db.scalar(
        select(Batch).where(Batch.project_id == _project(here).id, Batch.ordinal == (whole(ordinal) or 0))
    )
    if row is None:
        raise Unknown("there is no such batch")
    return row


@post("/p/{slug}/batches/{ordinal}/start", again=batches_page)
def start_batch(here: Here, slug: str, ordinal: str) -> Response:
    """Let people begin."""
    here.project(slug, "manage")
    batches.start(here.db, here.actor, batch_of(here, ordinal).id)
    return here.to(f"/p/{slug}/batches", here.say("Started."))


@get("/p/{slug}/batches/{ordinal}")
def batch_page(here: Here, slug: str, ordinal: str) -> Response:
    """Show a batch's items, and how far a model has come with their replies."""
    standing = here.project(slug, "see_plan")
    batch = batch_of(here, ordinal)
    after = here.request.query_params.get("after", "")
    query = (
        select(Item.id, Item.state, Item.round, Item.done, Item.wanted, Item.attrs, PoolPrompt.search_text)
        .join(PoolPrompt, PoolPrompt.id == Item.prompt_id, isouter=True)
        .where(Item.batch_id == batch.id, Item.id > after)
        .order_by(Item.id)
        .limit(ITEMS_A_PAGE + 1)
    )
    if cell := here.request.query_params.get("cell"):
        query = query.where(Item.cell == cell)
    rows = here.db.execute(query).all()
    return here.page(
        "batch.html",
        batch=batch,
        batch_is=SHAPES[batch.state],
        state_words=state_words(here, batch.state),
        generation=_generation(here, batch),
        models=models_below(Store(here.settings.runs)),
        can_open_items=any(standing.can(one) for one in INSIDE),
        more=rows[-2].id if len(rows) > ITEMS_A_PAGE else "",
        items=[
            {
                "id": row.id,
                "text": (row.search_text or "")[:120],
                "cell": "" if row.search_text else cells.title(row.attrs, here.words),
                "is": SHAPES[row.state],
                "says": state_words(here, row.state),
                "round": row.round,
                "done": row.done,
                "wanted": row.wanted,
            }
            for row in rows[:ITEMS_A_PAGE]
        ],
    )


def _generation(here: Here, batch: Batch) -> dict[str, Any] | None:
    if not batch.generation:
        return None
    progress = generation.progress(here.db, here.actor, batch.id)
    number = int(batch.generation["num_replies"])
    problem = generation.problem_of(batch)
    finished = progress.done + progress.failed >= progress.total
    stopped = problem is not None and problem[0] == generation.STOPPED
    says = "stopped" if stopped else "cannot go on" if problem else "all made" if finished else "being made"
    return {
        "model": progress.model_ref,
        "done": progress.done * number,
        "total": progress.total * number,
        "failed": progress.failed,
        "running": not finished and problem is None,
        "is": "wait" if stopped else "bad" if problem else "ok" if finished else "now",
        "says": here.say(says),
        "last": progress.last[:200],
        "rests": problem is not None and not finished,
        "error": sentence(here.words.told(problem[0])) if problem else "",
        "do": sentence(here.words.told(problem[1])) if problem else "",
    }


@get("/p/{slug}/batches/{ordinal}/generation")
def generation_progress(here: Here, slug: str, ordinal: str) -> Response:
    """The progress alone, asked for every second by the page, which is loaded anew when it ends: the items changed."""
    here.project(slug, "see_plan")
    found = _generation(here, batch_of(here, ordinal))
    if found is None:
        raise Unknown("there is no such page")
    answer = here.page("generation_live.html", generation=found, models=())
    if not found["running"]:
        answer.headers["HX-Refresh"] = "true"
    return answer


@post("/p/{slug}/batches/{ordinal}/retry", again=batch_page)
def retry_generation(here: Here, slug: str, ordinal: str) -> Response:
    """Let the model go on, after its problem was mended or it was stopped; or another one, if one is named."""
    here.project(slug, "manage")
    batch = batch_of(here, ordinal)
    generation.retry(here.db, here.actor, batch.id, here.field("model"))
    return here.to(f"/p/{slug}/batches/{ordinal}")


@post("/p/{slug}/batches/{ordinal}/stop", again=batch_page)
def stop_generation(here: Here, slug: str, ordinal: str) -> Response:
    """Let the model rest; what it has made stays."""
    here.project(slug, "manage")
    generation.stop(here.db, here.actor, batch_of(here, ordinal).id)
    return here.to(f"/p/{slug}/batches/{ordinal}", here.say("Stopped. What was made stays."))
