"""The writing page: the short cells of the requirement, a prompt, a reply, their marks; on to review."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastapi.responses import HTMLResponse, Response

from trivium.human.desk import assignment, coverage, near, writing
from trivium.human.desk.errors import Invalid
from trivium.human.desk.progress import done_and_left
from trivium.human.desk.settings import settings_of
from trivium.human.desk.writing import MARKS, Written
from trivium.human.store.work import Item
from trivium.studio import cells, vocabulary
from trivium.studio.here import Here
from trivium.studio.pages.working import nothing, returned_shown, save_draft, skip, start_of, work_facts
from trivium.studio.render import environment
from trivium.studio.routes import get, post

CELLS_SHOWN = 4
FREE = {"task_type": "", "prompt_type": "instructive", "response_type": "descriptive", "domain": "", "language": "en",
        "scene_setting": "no", "constraint": "no", "persona": "no"}  # fmt: skip
"""The marks of a pair as the page starts with them, where no cell fixes them."""
NEARLY_THE_SAME = 0.9  # likeness from which the warning is a red one


class CellShown(NamedTuple):
    """One cell of the requirement that needs somebody."""

    key: str
    where: dict[str, str]
    title: str
    rest: str
    accepted: int
    flying: int
    target: int


@get("/p/{slug}/write", writes=True)
def next_writing(here: Here, slug: str) -> Response:
    """Take a pair to write: the one held already, returned work first, else one of the shortest cell."""
    standing = here.project(slug, "write")
    work = assignment.lease(here.db, here.actor, standing.project.id, step="write")
    if work is None:
        return nothing(
            here,
            here.say("Write"),
            here.say("All cells you can write for are full or in flight."),
            here.say("More open when a lead opens the next batch."),
            "pen",
        )
    return here.to(f"/p/{slug}/write/{work.assignment_id}")


def _cells(here: Here, project_id: str, own: str | None, whole: bool) -> tuple[list[CellShown], int]:
    """Return the shortest cells, or all of them, and how many are open to the writer."""
    counts = coverage.open_cells(here.db, here.actor, project_id, own)
    counts.sort(key=lambda one: (one.key != own, (one.accepted + one.in_flight) / one.target, one.key))
    return [
        CellShown(
            one.key,
            dict(one.where),
            cells.head(one.where, here.words),
            cells.rest(one.where, here.words),
            one.accepted,
            one.in_flight,
            one.target,
        )
        for one in (counts if whole else counts[:CELLS_SHOWN])
    ], len(counts)


def _choices(here: Here) -> dict[str, Any]:
    choose = [("", here.say("Choose one"))]
    return {
        "hints": {key: here.say(text) for key, text in vocabulary.TASK_HINTS.items()},
        "task_type": choose + [(key, here.say(text)) for key, text in vocabulary.TASK_TYPES.items()],
        "prompt_type": [(key, here.say(text)) for key, text in vocabulary.PROMPT_KEYS.items()],
        "response_type": [(key, here.say(text)) for key, text in vocabulary.RESPONSE_KEYS.items()],
        "domain": choose + [(key, here.say(key.capitalize())) for key in vocabulary.DOMAINS],
        "language": list(vocabulary.LANGUAGES.items()),
        "marks": [(name, *words) for name, words in vocabulary.MARKS.items()],
    }


@get("/p/{slug}/write/{assignment_id}", writes=True)
def write(here: Here, slug: str, assignment_id: str) -> Response:
    """Show the sheets and the marks, filled with the draft or the round before."""
    standing = here.project(slug, "write")
    work = assignment.current(here.db, here.actor, assignment_id)
    if work.state != "leased" and not here.form:
        return here.to(f"/p/{slug}/write")
    done, left = done_and_left(here.db, here.actor, standing.project.id, "write")
    start: dict[str, Any] = {"language": work.language, "cell": work.cell}
    start |= {name: FREE[name] for name in ("prompt_type", "response_type")}
    start |= {name: value for name, value in work.attrs.items() if not (name in MARKS and value == "no")}
    whole = here.request.query_params.get("cells") == "all"
    shown, num_open = _cells(here, standing.project.id, work.cell, whole)
    for cell in shown:
        if cell.key == work.cell and not work.returned:
            start |= {name: value for name, value in cell.where.items() if not (name in MARKS and value == "no")}
    start["prompt"] = "\n\n".join(message.content for message in work.messages)
    start["reply"] = work.replies[0] if work.replies else ""
    given = start_of(here, work, **start)
    if not given["language"]:
        given = start_of(here, work, **{**start, "language": FREE["language"]})
    return here.page(
        "write.html",
        **work_facts(here, work, "write"),
        done=done,
        total=done + left + 1,
        given=given,
        cells=shown,
        free=FREE,
        whole=whole,
        more=num_open > CELLS_SHOWN,
        choices=_choices(here),
        returned=returned_shown(work.returned),
        prompt_given=bool(work.messages) and not work.replies,
    )


def _written(here: Here) -> Written:
    reply = str(here.form.get("reply") or "")
    attrs = {name: here.field(name) for name in ("task_type", "prompt_type", "response_type", "domain", "language")}
    attrs |= {name: "yes" if here.field(name) == "yes" else "no" for name in MARKS}
    pasted = here.number("pasted")
    return Written(
        reply=reply,
        attrs=attrs,
        prompt=str(here.form.get("prompt") or ""),
        seconds=float(here.number("active_seconds")),
        paste_share=min(1.0, pasted / len(reply)) if reply and "pasted" in here.form else None,
    )


@post("/p/{slug}/write/{assignment_id}", again=write)
def submit_writing(here: Here, slug: str, assignment_id: str) -> Response:
    """Send the pair to review and take the next."""
    standing = here.project(slug, "write")
    cell = here.field("cell")
    work = assignment.current(here.db, here.actor, assignment_id)
    if cell and work.cell and cell != work.cell and not work.returned:
        moved = assignment.lease(here.db, here.actor, standing.project.id, step="write", cell=cell)
        if moved is None:
            raise Invalid({"cell": "nothing is left to write for this cell; choose another"})
        assignment_id = moved.assignment_id
        # What was written goes out under the other cell: whoever comes back to this one begins with an empty sheet.
        assignment.save_draft(here.db, here.actor, work.assignment_id, {}, rev=work.draft_rev)
    writing.submit(here.db, here.actor, assignment_id, _written(here))
    return here.to(f"/p/{slug}/write", here.say("Sent to review."))


@post("/p/{slug}/write/{assignment_id}/draft")
def writing_draft(here: Here, slug: str, assignment_id: str) -> Response:
    """Keep what is on the page."""
    here.project(slug, "write")
    return save_draft(here, assignment_id)


@post("/p/{slug}/write/{assignment_id}/skip")
def skip_writing(here: Here, slug: str, assignment_id: str) -> Response:
    """Leave it to others."""
    here.project(slug, "write")
    return skip(here, assignment_id)


@post("/p/{slug}/write/{assignment_id}/near")
def near_duplicates(here: Here, slug: str, assignment_id: str) -> Response:
    """Say which prompts of the pool are close to the one being written; htmx asks after a pause in typing."""
    standing = here.project(slug, "write")
    hold = assignment.own(here.db, here.actor, assignment_id, lock=False)
    least = settings_of(standing.project).duplicate_warning
    found = near.nearest(here.db, here.actor, standing.project.id, str(here.form.get("prompt") or ""), least=least)
    own = here.db.get_one(Item, hold.item_id).prompt_id
    found = [one for one in found if one.id != own]  # a pair that came back is close to itself
    template = environment().get_template("near.html")
    return HTMLResponse(template.render(locale=here.locale, near=found, limit=NEARLY_THE_SAME))
