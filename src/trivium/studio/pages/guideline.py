"""The guideline: its versions and what changed between them, reading it, writing the next one."""

from __future__ import annotations

from fastapi.responses import Response

from trivium.human.desk import guidelines
from trivium.human.desk.errors import Conflict, Invalid, Unknown
from trivium.human.rubrics import HARM_FLAGS, ORDER, RUBRICS, Rubric
from trivium.human.store.projects import Guideline
from trivium.studio.changes import line_changes
from trivium.studio.here import Here
from trivium.studio.numbers import whole
from trivium.studio.pages.door import inside
from trivium.studio.routes import get, post

ORDERING = """# Putting replies in order

**Purpose.** Say in a sentence what this work is for.

What matters, in this order:

1. **Harm.** …
2. **Truth.** …
3. **Help.** …

- **Ties are fine** when you would be as glad to receive either.
- **Unsure?** Skip, and say why.
"""
WRITING = """# Writing prompts and replies

**Purpose.** Say in a sentence what this work is for.

1. **The prompt.** As a person would ask who wants the thing, in your own words.
2. **The reply.** The one you would be glad to get: …
3. **True.** …
4. **Harmless.** …
5. **The marks.** Task, form, scene, constraint, persona: as the pair is, not as the cell asks.

- **Leave out** personal data, and text copied from elsewhere.
- **No good idea?** Set it aside, and say why.
"""
JUDGING = """# Judging one reply at a time

**Purpose.** Say in a sentence what this work is for.

- **Good** is: …
- **Not good** is: …
- A guard was **right** to stop it when …; it was **wrong** when …

- **Unsure?** Say so: that is an answer, too.
"""
STARTS = {"demonstration": WRITING, "redteam": WRITING, "comparison": ORDERING, "guard_review": JUDGING}
"""Kind of project → what its first guideline begins from."""


ORDER_ONLY = Rubric(
    name="order", title="Order", purpose="Put the replies in order, and flag harm.", axes=(ORDER, *HARM_FLAGS)
)


def rubric_of(guideline: Guideline | None) -> Rubric | None:
    """Return what is marked under a guideline; None where nothing is."""
    return guidelines.rubric_of(guideline) if guideline is not None else None


def _version(rows: list[Guideline], number: str | None) -> Guideline | None:
    if (asked := whole(number)) is not None:
        found = next((row for row in rows if row.version == asked), None)
        if found is None:
            raise Unknown("there is no such version of the guideline")
        return found
    return next((row for row in rows if row.status == "published"), rows[0] if rows else None)


@get("/p/{slug}/guideline")
def guideline_page(here: Here, slug: str) -> Response:
    """Show a version, what changed in it, and where it must be read first, the box to say so."""
    standing = here.project(slug)
    rows = guidelines.versions(here.db, here.actor, standing.project.id)
    asked = here.request.query_params
    if (wanted := asked.get("read")) is not None:
        row = next((one for one in rows if one.id == wanted), None)
        if row is None:
            raise Unknown("there is no such guideline")
    else:
        row = _version(rows, asked.get("version"))
    earlier = [one for one in rows if row and one.version < row.version]
    previous = earlier[0] if earlier else None
    against = previous if asked.get("against") and previous else None
    unread = (
        row is not None and row.status == "published" and not guidelines.read_by(here.db, here.actor.person_id, row.id)
    )
    return here.page(
        "guideline.html", guideline=row, versions=rows, previous=previous.version if previous else None,
        against=against is not None, rubric=rubric_of(row), next=inside(asked.get("next", f"/p/{slug}")),
        marked=line_changes(against.markdown, row.markdown) if against and row else "",
        must_read=wanted is not None or (unread and standing.role in ("writer", "labeller", "reviewer")),
    )  # fmt: skip


@post("/p/{slug}/guideline/{version}/read", again=guideline_page)
def read_guideline(here: Here, slug: str, version: str) -> Response:
    """Keep the person's word that they read it, and go on with the work."""
    standing = here.project(slug)
    if here.field("read") != "1":
        raise Invalid({"read": "say that you have read it"})
    row = _version(guidelines.versions(here.db, here.actor, standing.project.id), version)
    if row is None:
        raise Unknown("there is no such guideline")
    guidelines.acknowledge(here.db, here.actor, standing.project.id, row.id)
    return here.to(inside(here.field("next", f"/p/{slug}")))


@get("/p/{slug}/guideline/edit")
def edit_page(here: Here, slug: str) -> Response:
    """Write the next version, from the draft or the one in force."""
    standing = here.project(slug, "manage")
    rows = guidelines.versions(here.db, here.actor, standing.project.id)
    start = rows[0] if rows else None
    own = start.rubric.get("name") if start and start.rubric else None
    default = own or ("order" if standing.project.kind == "comparison" else "")
    known = [("order", here.say("the order, and flags for harm")), ("", here.say("no marks"))]
    if own and own not in (*RUBRICS, ORDER_ONLY.name):
        known.append((own, here.say("as before: {name}", name=own)))
    return here.page(
        "guideline_edit.html", after=start.version if start else 0,
        rubrics=known + [(name, rubric.title) for name, rubric in RUBRICS.items()],
        given=here.given(markdown=start.markdown if start else STARTS[standing.project.kind], rubric=default,
                         changelog=start.changelog if start and start.status == "draft" else ""),
    )  # fmt: skip


@post("/p/{slug}/guideline", again=edit_page)
def write_guideline(here: Here, slug: str) -> Response:
    """Keep the draft, or publish it; a text that somebody else changed since is not overwritten."""
    standing = here.project(slug, "manage")
    project_id = standing.project.id
    rows = guidelines.versions(here.db, here.actor, project_id)
    newest = rows[0] if rows else None
    if newest is not None and here.number("after") != newest.version:
        raise Conflict(f"guideline {newest.version} was written meanwhile", do="load the page again to see it")
    name = here.field("rubric")
    if name == ORDER_ONLY.name:
        rubric = ORDER_ONLY.model_dump(mode="json")
    elif name in RUBRICS:
        rubric = RUBRICS[name].model_dump(mode="json")
    elif newest is not None and name and newest.rubric.get("name") == name:
        rubric = newest.rubric
    else:
        rubric = {}
    row = guidelines.draft(
        here.db, here.actor, project_id, here.field("markdown"), rubric=rubric, changelog=here.field("changelog")
    )
    if here.field("do") == "publish":
        guidelines.publish(here.db, here.actor, project_id, row.id)
        return here.to(f"/p/{slug}/guideline", here.say("Guideline {n} is published.", n=row.version))
    return here.to(f"/p/{slug}/guideline?version={row.version}", here.say("The draft is kept."))


@post("/p/{slug}/guideline/{version}/publish", again=guideline_page)
def publish_guideline(here: Here, slug: str, version: str) -> Response:
    """Publish a draft; the version before retires."""
    standing = here.project(slug, "manage")
    row = _version(guidelines.versions(here.db, here.actor, standing.project.id), version)
    if row is None:
        raise Unknown("there is no such guideline")
    guidelines.publish(here.db, here.actor, standing.project.id, row.id)
    return here.to(f"/p/{slug}/guideline", here.say("Guideline {n} is published.", n=row.version))
