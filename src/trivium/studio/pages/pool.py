"""The pool: prompts with their origin and consent; taking them in from files, in any format; taking one out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, get_args

from fastapi.responses import Response

from trivium.human.desk import batches, pool
from trivium.human.desk.batches import NewReply
from trivium.human.desk.errors import Invalid
from trivium.human.desk.pool import NewPrompt
from trivium.human.desk.writing import MAX_TEXT
from trivium.human.formats import FORMATS, Provenance, Reject, num_bare_orders, prompts_of
from trivium.human.store.projects import Project, PromptOrigin
from trivium.records import Comparison, Demonstration, Judgement, Origin, Prompt, Record
from trivium.studio.here import Here
from trivium.studio.numbers import whole
from trivium.studio.pages.coverage import LENGTHS
from trivium.studio.routes import get, post
from trivium.studio.uploads import read_upload
from trivium.studio.vocabulary import LANGUAGES

REJECTS_SHOWN = 200


def _shown(here: Here, slug: str, result: dict[str, Any] | None = None) -> Response:
    standing = here.project(slug, "manage")
    asked = here.request.query_params
    page = whole(asked.get("page")) or 0
    text = asked.get("text", "")
    rows, total = pool.search(
        here.db, here.actor, standing.project.id, text=text, unused=asked.get("unused") == "1", page=page
    )
    return here.page(
        "pool.html",
        rows=rows,
        total=total,
        page=page,
        text=text,
        unused=asked.get("unused") == "1",
        result=result,
        formats=[("", here.say("find out"))] + [(name, one.title) for name, one in FORMATS.items()],
        origins=[
            ("dataset", here.say("a data set")),
            ("user", here.say("users, with consent")),
            ("writer", here.say("writers")),
        ],
        languages=list(LANGUAGES.items()),
        given=here.given(language="en"),
        more=total > 50 * (page + 1),
        lengths={key: here.say(words) for key, words in LENGTHS.items()},
    )


@get("/p/{slug}/pool")
def pool_page(here: Here, slug: str) -> Response:
    """Show and search the pool."""
    return _shown(here, slug)


def _provenance(here: Here) -> Provenance:
    origin = here.field("origin", "dataset")
    if origin not in get_args(PromptOrigin) or origin not in get_args(Origin):
        raise Invalid({"origin": "choose where they come from"})
    if origin == "user" and not here.field("consent"):
        raise Invalid({"consent": here.say("Say under which words the users agreed.")})
    return Provenance(here.field("source"), here.field("licence"), origin)  # type: ignore[arg-type]


@post("/p/{slug}/pool/import", again=pool_page)
def import_file(here: Here, slug: str) -> Response:
    """Take a file's prompts into the pool, and for rankings its replies into a new batch; bad lines are listed."""
    standing = here.project(slug, "manage")
    file = here.upload("file")
    if file is None:
        return _typed(here, standing.project)
    read = read_upload(file, here.field("format"), _provenance(here), here.settings.unpacked_bytes)
    records, rejects = read.imported
    if here.field("as") == "batch" and standing.project.kind == "comparison":
        result = _as_batch(here, standing.project.id, records)
    else:
        added = pool.add(here.db, here.actor, standing.project.id, _new(here, records))
        known = len(added.ids) - added.num_new
        result = {"num_new": added.num_new, "num_known": known, "batch": None, "num_lone": 0}
    here.db.flush()
    return _shown(
        here,
        slug,
        {
            **result,
            "format": FORMATS[read.format_name].title,
            "rejects": _rejects(rejects),
            "num_rejects": len(rejects),
            "num_bare": num_bare_orders(records),
            "num_records": len(records),
        },
    )


def _typed(here: Here, project: Project) -> Response:
    """Take in prompts that were typed, an empty line between two."""
    lines = str(here.form.get("typed") or "").replace("\r", "")
    texts = [one.strip() for one in re.split(r"\n[^\S\n]*\n", lines) if one.strip()]
    if not texts:
        raise Invalid({"file": here.say("Choose a file, or write prompts below.")})
    if (longest := max(map(len, texts))) > MAX_TEXT:
        raise Invalid({"typed": f"at most {MAX_TEXT:,} characters, found {longest:,}"})
    said = _provenance(here)
    origin = said.of(said.origin)
    added = pool.add(here.db, here.actor, project.id, _new(here, [Prompt.of(one, **origin) for one in texts]))
    known = len(texts) - added.num_new
    told = here.say("{n} prompts are new, {m} were there already.", n=added.num_new, m=known)
    return here.to(f"/p/{project.slug}/pool", told)


def _new(here: Here, records: Sequence[Record]) -> list[NewPrompt]:
    consent, said = here.field("consent") or None, here.field("language", "en") or "en"
    known = {one.prompt.id: one.language for one in records if isinstance(one, Demonstration) and one.language != "en"}
    return [
        NewPrompt(one, language=one.attrs.get("language", known.get(one.id, said)), consent=consent)
        for one in prompts_of(records)
    ]


def _rejects(rejects: Sequence[Reject]) -> list[tuple[int, str]]:
    return [(one.line, one.reason) for one in rejects[:REJECTS_SHOWN]]


def _as_batch(here: Here, project_id: str, records: Sequence[Record]) -> dict[str, Any]:
    """Open a batch of what the file has replies to: each prompt with its replies, to be ranked or judged anew.

    Several people's orders over the same replies are one item; other replies to the same prompt are another.
    """
    replies: dict[tuple[str, tuple[str, ...]], tuple[str, tuple[str, ...]]] = {}
    for record in records:
        if isinstance(record, Comparison | Demonstration | Judgement):
            texts = record.replies if isinstance(record, Comparison) else (record.reply,)
            replies.setdefault((record.prompt.id, tuple(sorted(texts))), (record.prompt.id, texts))
    if not replies:
        raise Invalid({"file": here.say("The file holds no replies to rank; take in its prompts instead.")})
    asked = _new(here, records)
    added = pool.add(here.db, here.actor, project_id, asked)
    pool_id = {one.prompt.id: row for one, row in zip(asked, added.ids, strict=True)}
    batch = batches.open_batch(here.db, here.actor, project_id)
    least = batches.least_replies(here.db, batch, _kind(here))
    lone = [key for key, (_, texts) in replies.items() if len(texts) < least]
    if len(lone) == len(replies):
        why = here.say("Each prompt of the file has one reply; an order needs two. Take in its prompts.")
        raise Invalid({"file": why})
    replies = {key: given for key, given in replies.items() if key not in lone}
    items = batches.add_prompts(here.db, here.actor, batch.id, [pool_id[prompt] for prompt, _ in replies.values()])
    given = {
        item: [NewReply(text, model_ref=f"imported:{here.field('source') or 'file'}") for text in texts]
        for item, (_, texts) in zip(items, replies.values(), strict=True)
    }
    batches.add_replies(here.db, here.actor, batch.id, given)
    known = len(added.ids) - added.num_new
    return {"num_new": added.num_new, "num_known": known, "batch": batch.ordinal, "num_lone": len(lone)}


def _kind(here: Here) -> str:
    standing = here.standing
    assert standing is not None
    return standing.project.kind


@post("/p/{slug}/pool/{prompt_id}/withdraw", again=pool_page)
def withdraw_prompt(here: Here, slug: str, prompt_id: str) -> Response:
    """Take a prompt out because its person took back their consent."""
    standing = here.project(slug, "manage")
    pool.withdraw(here.db, here.actor, standing.project.id, prompt_id, here.field("reason"))
    return here.to(f"/p/{slug}/pool", here.say("Withdrawn. The next delivery lists it."))
