"""What a writer typed to a prompt, a reply and their marks, sent to review."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from trivium.human.coverage import fits
from trivium.human.desk.actor import Actor
from trivium.human.desk.errors import Invalid
from trivium.human.desk.pool import NewPrompt, take_in
from trivium.human.desk.receipts import Receipt, receipt_of
from trivium.human.desk.rounds import move, rest, settle
from trivium.human.desk.sending import begin_submit, end_submit
from trivium.human.desk.specs import cell_key, requirement_of
from trivium.human.store.projects import PoolPrompt, Spec
from trivium.human.store.work import Batch, Item, Judgement, Reply
from trivium.records import Prompt, PromptType, ResponseType, TaskType, prompt_length

MARKS = ("scene_setting", "constraint", "persona")
_CLOSED = {"task_type": TaskType, "prompt_type": PromptType, "response_type": ResponseType}
MAX_TEXT = 100_000


@dataclass(frozen=True)
class Written:
    """What a writer sends in. `attrs` has task_type, prompt_type, response_type, domain, language, and `yes` or `no`
    for scene_setting, constraint and persona.
    """

    reply: str
    attrs: Mapping[str, str]
    prompt: str = ""
    """Ignored where the item came with a prompt."""
    seconds: float = 0.0
    """Active time on the page."""
    paste_share: float | None = None
    """Share of the reply's characters that came by paste: a hint for review, never a bar."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """More for the reviewer, such as a note."""


def submit(db: Session, actor: Actor, assignment_id: str, written: Written) -> Receipt:
    """Send the pair to review. Sent twice, it counts once and gives the same receipt."""
    sent = receipt_of(db, actor, assignment_id)
    if sent is not None:
        return sent
    sending, item = begin_submit(db, actor, assignment_id, "write")
    batch = db.get_one(Batch, item.batch_id)
    prompt = db.get(PoolPrompt, item.prompt_id) if item.prompt_id else None
    own_prompt = prompt is None or prompt.author_id == actor.person_id
    text = written.prompt.strip() if own_prompt else prompt.messages[-1]["content"] if prompt else ""
    attrs = _checked(db, written, text, item, batch)
    if own_prompt:
        fresh = NewPrompt(
            Prompt.of(text, origin="writer", source=actor.pseudonym, kind=attrs["task_type"]),
            language=attrs["language"], author_id=actor.person_id,
        )  # fmt: skip
        item.prompt_id = take_in(db, item.project_id, [fresh]).ids[0]
    before = db.scalar(select(Reply.id).where(Reply.item_id == item.id).order_by(Reply.round.desc()).limit(1))
    reply = written.reply.strip()
    db.add(Reply(
        item_id=item.id, slot=0, round=item.round, author_id=actor.person_id, content=reply, parent_id=before,
        sha256=hashlib.sha256(reply.encode("utf-8", "surrogatepass")).hexdigest(),
    ))  # fmt: skip
    judgement = Judgement(
        project_id=item.project_id, assignment_id=sending.hold_id, item_id=item.id, person_id=actor.person_id,
        step="write", round=item.round, guideline_id=sending.guideline_id,
        seconds=max(written.seconds, sending.active_seconds),
        body={"attrs": attrs, "paste_share": written.paste_share, **({"extra": dict(written.extra)} if written.extra
              else {})},
    )  # fmt: skip
    db.add(judgement)
    end_submit(db, sending, item, written.seconds)
    item.attrs, item.author_id = attrs, actor.person_id
    move(db, item, "submit", "writer")
    rest(item)
    db.flush()
    settle(db, item.batch_id)
    return Receipt(judgement.id, item.id, judgement.created_at)


def _checked(db: Session, written: Written, text: str, item: Item, batch: Batch) -> dict[str, str]:
    """Return the marks with the prompt's length bucket, or say field by field what is missing."""
    wrong: dict[str, str] = {}
    for name, value in (("prompt", text), ("reply", written.reply)):
        if not value.strip():
            wrong[name] = f"write the {name}"
        elif len(value) > MAX_TEXT:
            wrong[name] = f"at most {MAX_TEXT:,} characters, found {len(value):,}"
    attrs = {name: str(value).strip() for name, value in written.attrs.items() if str(value).strip()}
    for name, literal in _CLOSED.items():
        if attrs.get(name) not in get_args(literal):
            wrong[name] = f"choose one of {', '.join(get_args(literal))}"
    for name in ("domain", "language"):
        if name not in attrs:
            wrong[name] = f"choose a {name}"
    for name in MARKS:
        if attrs.setdefault(name, "no") not in ("yes", "no"):
            wrong[name] = "wanted yes or no"
    attrs["prompt_length"] = prompt_length(text)
    if not wrong and item.cell is not None and batch.spec_id is not None:
        requirement = requirement_of(db.get_one(Spec, batch.spec_id))
        where = next((cell.where for cell in requirement.cells if cell_key(cell.where) == item.cell), {})
        wrong = {name: f"this cell asks for {value.replace('_', ' ')}, found {attrs.get(name, 'nothing')}"
                 for name, value in where.items() if not fits({name: value}, attrs)}  # fmt: skip
    if wrong:
        raise Invalid(wrong)
    return attrs


