"""Before the seal: what the next milestone is made of, what the checks say, and what a lead lets pass."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup, escape
from pydantic import ValidationError

from trivium.human.desk import deliveries
from trivium.human.desk.errors import Invalid
from trivium.human.desk.milestone import Contents
from trivium.human.privacy import Passage
from trivium.human.store.deliveries import Delivery
from trivium.studio.here import Here
from trivium.studio.problems import sentence

STATES = {"ok": "ok", "note": "warn", "warning": "warn", "stop": "bad"}
ITEMS_SHOWN = 12
FIELDS = {"dev_share": "dev", "test_share": "test"}


def form_of(contents: Contents) -> dict[str, str]:
    """Return what the form shows of a draft's contents."""
    return {
        "batches": ", ".join(map(str, contents.batches)),
        "dev": f"{contents.dev_share:g}",
        "test": f"{contents.test_share:g}",
        "mask": "1" if contents.replace_personal_data else "",
        "not_for": contents.not_for,
    }


def contents_of(here: Here) -> Contents:
    """Return what a lead chose, or say which field is wrong."""
    ordinals = [one.strip() for one in here.field("batches").split(",") if one.strip()]
    if not all(one.isdecimal() and len(one) < 10 for one in ordinals):
        raise Invalid({"batches": here.say("Numbers of batches, such as 1, 3; or leave it empty.")})
    try:
        return Contents(
            batches=tuple(map(int, ordinals)), dev_share=_share(here, "dev"), test_share=_share(here, "test"),
            replace_personal_data=here.field("mask") == "1", not_for=here.field("not_for")[:2_000],
        )  # fmt: skip
    except ValidationError as error:
        name = FIELDS.get(str((error.errors()[0]["loc"] or ("test_share",))[0]), "test")
        raise Invalid({name: here.say("Shares from 0 to 1 that leave something to train on.")}) from error


def _share(here: Here, name: str) -> float:
    try:
        return float(here.field(name).replace(",", ".") or "0")
    except ValueError as error:
        raise Invalid({name: here.say("Shares from 0 to 1 that leave something to train on.")}) from error


def draft_facts(here: Here, row: Delivery) -> dict[str, Any]:
    """Return what the page says of a draft: every check with its items, and the passages that stop it."""
    standing = here.standing
    assert standing is not None
    given = (here.db, here.actor, standing.project.id, row.milestone)
    found = deliveries.checked(*given)
    stopped = any(one.state == "stop" and one.name == "personal data" for one in found)
    return {
        "draft": row,
        "checks_before": [
            {
                "is": STATES[one.state],
                "name": sentence(here.words.told(one.name)).rstrip("."),
                "text": here.words.told(one.text),
                "where": one.items[:ITEMS_SHOWN],
                "more": max(0, len(one.items) - ITEMS_SHOWN),
            }
            for one in found
        ],
        "personal": [
            (item, [_marked(*one) for one in said])
            for item, said in (deliveries.personal(*given) if stopped else {}).items()
        ],
    }


def _marked(passage: Passage, around: str) -> tuple[str, Markup]:
    """Return the kind of a passage, and its words in those around it."""
    before, words, after = around.partition(passage.text)
    return passage.kind, Markup("{}<mark>{}</mark>{}").format(escape(before), escape(words), escape(after))
