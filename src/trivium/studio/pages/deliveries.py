"""Milestones: what is ready, the seal, files, datasheet, difference, the client’s answer, other formats."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, get_args

from fastapi.responses import Response
from sqlalchemy import func, select

from trivium.human.delivery.read import Delivered, read
from trivium.human.desk import deliveries
from trivium.human.desk.errors import Invalid
from trivium.human.desk.milestone import Contents
from trivium.human.formats import FORMATS, export, format_of, losses
from trivium.human.pairs import PairMode, columned, pairs
from trivium.human.store.deliveries import Delivery
from trivium.human.store.people import Person
from trivium.human.store.work import Item
from trivium.records import Comparison, Record
from trivium.studio.here import Here
from trivium.studio.pages.sealing import STATES, contents_of, draft_facts, form_of
from trivium.studio.problems import sentence
from trivium.studio.routes import get, post

SHAPES = {"draft": "wait", "sealed": "now", "accepted": "ok", "rejected": "bad"}
NOUNS = {"demonstrations": "{n} pairs", "comparisons": "{n} rankings", "judgements": "{n} judgements"}
ORDERS = {
    "each": "each person’s order",
    "best_worst": "the winner and the loser of each prompt",
    "all_pairs": "all pairs of each prompt, by mean rank",
}
TITLES = {"demonstrations": "Pairs", "comparisons": "Rankings", "judgements": "Judgements"}
SHEET = {
    "Roles": "Who took part", "Prompts come from": "Prompts come from", "internal QA": "Partner review",
    "client QA": "Client review", "Pairs agreed": "Pairs agreed", "Licences": "Licences", "Not for": "Not for",
}  # fmt: skip
"""The line of the datasheet → its name on the page."""
MEDIA = {
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".sha256": "text/plain",
    ".gz": "application/gzip",
}


def _rows(row: Delivery) -> dict[str, int]:
    """Return noun → rows of a sealed milestone."""
    files = row.manifest.get("files", {})
    return {noun: int(files[f"{noun}.jsonl.gz"]["num_rows"] or 0) for noun in NOUNS if f"{noun}.jsonl.gz" in files}


def _says(here: Here, row: Delivery) -> str:
    return ", ".join(here.say(NOUNS[noun], n=count) for noun, count in _rows(row).items() if count)


def _state(here: Here, row: Delivery) -> str:
    if row.state == "draft":
        return here.say("Not sealed")
    if row.state == "sealed":
        mine = here.standing is not None and here.standing.can("answer_delivery")
        return here.say("Waits for you") if mine else here.say("Waits for the client")
    answered = here.words.day(row.answered_at)
    return (
        here.say("Accepted {day}", day=answered)
        if row.state == "accepted"
        else here.say("Rejected {day}", day=answered)
    )


def shown(here: Here, slug: str, milestone: str | None) -> Response:
    """Show the milestones with one of them opened, the newest where none is named."""
    standing = here.project(slug, "see_deliveries")
    project_id = standing.project.id
    rows = deliveries.listed(here.db, here.actor, project_id)
    names = [row.milestone for row in rows]
    row = deliveries.get(here.db, here.actor, project_id, milestone) if milestone else rows[0] if rows else None
    ready = here.db.scalar(
        select(func.count()).where(Item.project_id == project_id, Item.state == "accepted", ~Item.is_gold)
    )
    said = here.say("{n} items are accepted and in no milestone yet.", n=ready or 0)
    facts: dict[str, Any] = {"delivery": None, "draft": None, "checks_before": [], "personal": []}
    if row is not None and row.state != "draft":
        facts |= _facts(here, row)
    elif row is not None:
        facts |= draft_facts(here, row)
    next_name = next(f"m{place}" for place in range(len(rows) + 1, 10_000) if f"m{place}" not in names)
    chosen = Contents.model_validate(row.filter) if row is not None and row.state == "draft" else Contents()
    return here.page(
        "deliveries.html",
        given=here.given(milestone=row.milestone if row is not None and row.state == "draft" else next_name,
                         **form_of(chosen)),
        ready=said,
        num_ready=ready or 0,
        next_name=next_name,
        milestones=[
            {
                "milestone": one.milestone,
                "says": _says(here, one),
                "is": SHAPES[one.state],
                "state_words": _state(here, one),
            }
            for one in rows
        ],
        **facts,
    )  # fmt: skip


def _facts(here: Here, row: Delivery) -> dict[str, Any]:
    """Return what the page says of one sealed milestone."""
    by = here.db.get(Person, row.sealed_by) if row.sealed_by else None
    before = here.db.get(Delivery, row.previous_id) if row.previous_id else None
    changed = deliveries.changes(here.db, here.actor, row.project_id, row.milestone)
    files = deliveries.files(here.db, here.actor, row.project_id, row.milestone)
    entries = row.manifest.get("files", {})
    answered = {"accepted": here.say("Accepted"), "rejected": here.say("Rejected")}.get(row.state, "")
    assert here.standing is not None
    return {
        "delivery": row,
        "whole": row.manifest["whole"],
        "total_bytes": sum(one.num_bytes for one in files),
        "sealed_words": here.say(
            "Sealed {day} by {who}", day=here.words.day(row.sealed_at), who=by.pseudonym if by else "studio"
        ),
        "answer_is": SHAPES[row.state],
        "answer_words": answered,
        "previous": before.milestone if before else "",
        "files": [
            {
                "name": one.name,
                "num_bytes": one.num_bytes,
                "sha256": one.sha256,
                "rows": here.words.number(entries[one.name]["num_rows"])
                if entries.get(one.name, {}).get("num_rows") is not None
                else None,
            }
            for one in files
        ],
        "checks": _checks(here, row.datasheet),
        "facts": [(here.say(TITLES[noun]), here.words.number(count)) for noun, count in _rows(row).items() if count],
        "told": _told(here, row.datasheet),
        "difference": [
            (here.say("Kept as it was"), here.words.number(len(changed.kept))),
            (here.say("Added"), f"+{here.words.number(len(changed.added))}"),
            (here.say("Reworked"), here.words.number(len(changed.reworked))),
            (here.say("Withdrawn"), f"−{here.words.number(len(changed.withdrawn))}"),
        ]
        if changed
        else [],
        "can_answer": row.state == "sealed" and here.standing.can("answer_delivery"),
        "formats": [(name, one.title) for name, one in FORMATS.items() if one.written],
    }


def _checks(here: Here, datasheet: str) -> list[dict[str, str]]:
    """Return the checks as the datasheet of the sealed milestone tells them: what was true then, not now."""
    found, inside = [], False
    for line in datasheet.splitlines():
        if line.startswith("#"):
            inside = "check" in line.lower()
        elif inside and line.startswith("- "):
            name, _, text = line[2:].replace("**", "").partition(": ")
            state, _, more = text.partition(", ")
            found.append(
                {
                    "is": STATES.get(state, "ok"),
                    "name": sentence(here.words.told(name)).rstrip("."),
                    "text": here.words.told(more or text),
                }
            )
    return found


def _told(here: Here, datasheet: str) -> list[tuple[str, str]]:
    """Return the lines of the sealed datasheet that a client asks for first, in the datasheet's own words."""
    lines = (line[2:].partition(": ") for line in datasheet.splitlines() if line.startswith("- "))
    found = {name: text for name, _, text in lines if name in SHEET}
    return [(here.say(title), found[name].rstrip(".")) for name, title in SHEET.items() if name in found]


@get("/p/{slug}/deliveries")
def deliveries_page(here: Here, slug: str) -> Response:
    """Show the milestones, the newest opened."""
    return shown(here, slug, None)


@get("/p/{slug}/deliveries/{milestone}")
def delivery_page(here: Here, slug: str, milestone: str) -> Response:
    """Show one milestone."""
    return shown(here, slug, milestone)


@post("/p/{slug}/deliveries", again=deliveries_page)
def seal(here: Here, slug: str) -> Response:
    """Look at the checks, or seal what is accepted; where a check says stop the draft stays and its page says why."""
    standing = here.project(slug, "manage")
    name, given = here.field("milestone"), (here.db, here.actor, standing.project.id)
    row = deliveries.draft(*given, name, contents_of(here))
    address = f"/p/{slug}/deliveries/{row.milestone}"
    if here.field("do") == "check":
        return here.to(address)
    if any(one.state == "stop" for one in deliveries.checked(*given, name)):
        return here.to(address, here.say("Not sealed: see what stops it."), "bad")
    deliveries.seal(*given, name)
    return here.to(address, here.say("{name} is sealed.", name=row.milestone))


@post("/p/{slug}/deliveries/{milestone}/cleared", again=delivery_page)
def clear(here: Here, slug: str, milestone: str) -> Response:
    """Keep a lead's word that what was found in these items is nobody's personal data."""
    standing = here.project(slug, "manage")
    deliveries.clear(here.db, here.actor, standing.project.id, milestone, here.many("item"))
    return here.to(f"/p/{slug}/deliveries/{milestone}", here.say("Kept, and written to the log."))


@post("/p/{slug}/deliveries/{milestone}/answer", again=delivery_page)
def answer(here: Here, slug: str, milestone: str) -> Response:
    """Keep the client's signed answer."""
    standing = here.project(slug, "answer_delivery")
    said = here.field("answer")
    if said not in ("accept", "reject"):
        raise Invalid({"sign": here.say("Accept it or reject it.")})
    try:
        deliveries.answer(
            here.db,
            here.actor,
            standing.project.id,
            milestone,
            accept=said == "accept",
            signature=here.field("sign"),
            remark=here.field("remark"),
        )
    except Invalid as error:
        raise Invalid({{"signature": "sign"}.get(name, name): text for name, text in error.fields.items()}) from error
    done = here.say("Accepted.") if said == "accept" else here.say("Rejected; the lead sees why.")
    return here.to(f"/p/{slug}/deliveries/{milestone}", done)


@get("/p/{slug}/deliveries/{milestone}/download")
def download(here: Here, slug: str, milestone: str) -> Response:
    """All files as one archive."""
    standing = here.project(slug, "see_deliveries")
    data = deliveries.archive(here.db, here.actor, standing.project.id, milestone)
    return _file(data, f"{slug}-{milestone}.zip", "application/zip")


@get("/p/{slug}/deliveries/{milestone}/files/{name}")
def one_file(here: Here, slug: str, milestone: str, name: str) -> Response:
    """One file, byte for byte."""
    standing = here.project(slug, "see_deliveries")
    data = deliveries.file(here.db, here.actor, standing.project.id, milestone, name)
    return _file(data, name, MEDIA.get(Path(name).suffix, "application/octet-stream"))


def _delivered(here: Here, slug: str, milestone: str) -> Delivered:
    standing = here.project(slug, "see_deliveries")
    return read(deliveries.all_files(here.db, deliveries.get(here.db, here.actor, standing.project.id, milestone).id))


def _records(found: Delivered, orders: str, format_name: str) -> list[Record]:
    """Return a milestone's records: each person's order, or the pairs that the orders of a prompt come to together."""
    comparisons: list[Comparison] = list(found.comparisons)
    if orders in get_args(PairMode):
        comparisons = list(pairs(found.aggregates, orders))  # type: ignore[arg-type]
        if format_name not in ("trivium", "parquet"):
            comparisons = list(map(columned, comparisons))
    return [*found.demonstrations, *comparisons, *found.judgements]


def _orders(here: Here) -> str:
    asked = here.request.query_params.get("orders", "each")
    return asked if asked in ORDERS else "each"


@get("/p/{slug}/deliveries/{milestone}/export")
def export_page(here: Here, slug: str, milestone: str) -> Response:
    """Say what an export in another format would lose, before it is made."""
    found, asked = _delivered(here, slug, milestone), here.request.query_params
    chosen, orders = format_of(asked.get("format", "trivium")), _orders(here)
    records = _records(found, orders, chosen.name)
    ways = [(key, here.say(words)) for key, words in ORDERS.items()] if found.comparisons else []
    return here.page(
        "export.html",
        milestone=milestone,
        chosen=chosen,
        orders=orders,
        ways=ways,
        num_contested=0 if orders == "each" else sum(one.contested is not None for one in found.aggregates),
        losses=losses(chosen.name, records),
        num_records=len(records),
        formats=[(name, one.title) for name, one in FORMATS.items() if one.written],
    )


@get("/p/{slug}/deliveries/{milestone}/export/{name}")
def export_file(here: Here, slug: str, milestone: str, name: str) -> Response:
    """The milestone's records in another format."""
    found, chosen = _delivered(here, slug, milestone), format_of(name)
    records = _records(found, _orders(here), name)
    with tempfile.TemporaryDirectory(prefix="trivium-export-") as folder:
        path = Path(folder) / f"{slug}-{milestone}-{chosen.name}{chosen.suffixes[0]}"
        export(chosen.name, records, path)
        return _file(path.read_bytes(), path.name, "application/octet-stream")


def _file(data: bytes, name: str, media: str) -> Response:
    return Response(data, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})
