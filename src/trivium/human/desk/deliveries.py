"""A milestone from draft over its checks to sealed bytes, and to the client's answer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

from sqlalchemy import exists, insert, select, update
from sqlalchemy.orm import Session

from trivium.human.delivery import seal as sealing
from trivium.human.delivery.checks import Check, checks, without_personal_data
from trivium.human.delivery.content import Milestone
from trivium.human.delivery.difference import Difference, difference
from trivium.human.desk.actor import Actor, Standing, stand
from trivium.human.desk.errors import Conflict, Invalid, Unknown
from trivium.human.desk.milestone import Contents, erased, gold_of, items_of, milestone_of
from trivium.human.privacy import Passage, passages
from trivium.human.states import DELIVERY, transition
from trivium.human.store.columns import now
from trivium.human.store.deliveries import Delivery, DeliveryFile, DeliveryItem
from trivium.human.store.journal_write import note_in
from trivium.human.store.projects import PoolPrompt, Project
from trivium.human.store.work import Batch, Item

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def listed(db: Session, actor: Actor, project_id: str) -> list[Delivery]:
    """Return a project's milestones, newest first; the client does not see drafts."""
    standing = stand(db, actor, project_id, "see_deliveries")
    query = select(Delivery).where(Delivery.project_id == project_id).order_by(Delivery.created_at.desc())
    if not standing.can("manage"):
        query = query.where(Delivery.state != "draft")
    return list(db.scalars(query))


def get(db: Session, actor: Actor, project_id: str, milestone: str) -> Delivery:
    """Return a milestone by its name."""
    standing = stand(db, actor, project_id, "see_deliveries")
    row = _find(db, project_id, milestone)
    if row is None or (row.state == "draft" and not standing.can("manage")):
        raise Unknown("there is no such milestone")
    return row


def known(db: Session, project_id: str, milestone: str) -> bool:
    """Say whether a milestone of that name was begun; whoever calls has checked who asks."""
    return _find(db, project_id, milestone) is not None


def draft(db: Session, actor: Actor, project_id: str, milestone: str, contents: Contents | None = None) -> Delivery:
    """Begin a milestone, or change what a draft is made of."""
    stand(db, actor, project_id, "manage")
    if not _NAME.fullmatch(milestone):
        raise Invalid({"milestone": "wanted letters, digits, dots, hyphens or underscores, beginning with one of the "
                       "first two"})  # fmt: skip
    row = _find(db, project_id, milestone)
    if row is None:
        row = Delivery(project_id=project_id, milestone=milestone, manifest={}, filter={})
        db.add(row)
    elif row.state != "draft":
        raise Conflict(f"milestone {milestone} is {row.state} already", do="begin another milestone")
    chosen = contents or Contents()
    known = db.scalars(select(Batch.ordinal).where(Batch.project_id == project_id, Batch.ordinal.in_(chosen.batches)))
    if missing := sorted(set(chosen.batches) - set(known)):
        raise Invalid({"batches": f"there is no batch {missing[0]}"})
    before = Contents.model_validate(row.filter or {})
    cleared = tuple(sorted({*before.cleared, *chosen.cleared}))  # what somebody looked at stays looked at
    row.filter = chosen.model_copy(
        update={"items": (), "without_words_of": (), "cleared": cleared}
    ).model_dump(mode="json")  # fmt: skip
    db.flush()
    return row


def clear(db: Session, actor: Actor, project_id: str, milestone: str, item_ids: Sequence[str]) -> None:
    """Keep a lead's word that they looked at these items and that what looks like personal data is none."""
    row = _draft(db, actor, project_id, milestone)
    contents = Contents.model_validate(row.filter)
    cleared = tuple(sorted({*contents.cleared, *item_ids}))
    row.filter = contents.model_copy(update={"cleared": cleared}).model_dump(mode="json")
    note_in(db, project_id, actor.person_id, "delivery.cleared", f"delivery:{row.id}", items=sorted(item_ids))


def checked(db: Session, actor: Actor, project_id: str, milestone: str) -> list[Check]:
    """Return what would be said if the milestone were sealed now."""
    row = _draft(db, actor, project_id, milestone)
    project = db.get_one(Project, project_id)
    contents = Contents.model_validate(row.filter)
    return _checks(db, project, _milestone(db, project, milestone, contents), contents)


def personal(
    db: Session, actor: Actor, project_id: str, milestone: str, limit: int = 50
) -> dict[str, list[tuple[Passage, str]]]:
    """Return item → passages of a draft that may be personal, each with the words around it, of the first items that
    were neither cleared nor are to be masked.
    """
    row = _draft(db, actor, project_id, milestone)
    contents = Contents.model_validate(row.filter)
    found: dict[str, list[tuple[Passage, str]]] = {}
    for item, text in _milestone(db, db.get_one(Project, project_id), milestone, contents).texts():
        here = passages(text) if item not in contents.cleared else []
        if here and (item in found or len(found) < limit):
            around = [(one, text[max(0, one.start - 60) : one.end + 60]) for one in here]
            found.setdefault(item, []).extend(around)
    return found


def seal(db: Session, actor: Actor, project_id: str, milestone: str, contents: Contents | None = None) -> Delivery:
    """Seal a milestone: its bytes never change, its items are delivered. RefusedError where a check says stop.

    A milestone that was not drafted is made of all accepted work.
    """
    standing = stand(db, actor, project_id, "manage")
    row = _find(db, project_id, milestone)
    if row is None or contents is not None:
        row = draft(db, actor, project_id, milestone, contents)
    state = transition(DELIVERY, row.state, "seal", standing.hand)
    chosen = Contents.model_validate(row.filter)
    items = items_of(db, standing.project, chosen)
    chosen = chosen.model_copy(
        update={"items": tuple(item.id for item in items), "without_words_of": erased(db)}
    )  # fmt: skip
    before = _previous(db, row)
    sealed = sealed_bytes(db, standing.project, milestone, chosen, before)
    row.filter = chosen.model_dump(mode="json")
    row.manifest = {**sealed.manifest.model_dump(mode="json"), "whole": sealed.whole}
    row.datasheet = sealed.files[sealing.DATASHEET].decode()
    row.sealed_by, row.sealed_at, row.previous_id = actor.person_id, now(), before.id if before else None
    row.state = state  # type: ignore[assignment]
    _keep(db, row, sealed)
    _deliver(db, standing, items)
    note_in(db, project_id, actor.person_id, "delivery.sealed", f"delivery:{row.id}", milestone=milestone,
            sha256=sealed.whole, items=len(items))  # fmt: skip
    db.flush()
    return row


def sealed_bytes(
    db: Session, project: Project, milestone: str, contents: Contents, before: Delivery | None
) -> sealing.Sealed:
    """Return a milestone's files; the same contents give the same bytes (I12)."""
    records = _milestone(db, project, milestone, contents)
    previous = sealing.Manifest.model_validate(_plain(before.manifest)) if before else None
    whole = str(before.manifest["whole"]) if before else ""
    return sealing.seal(records, _checks(db, project, records, contents), previous, whole)


def answer(
    db: Session, actor: Actor, project_id: str, milestone: str, *, accept: bool, signature: str, remark: str = ""
) -> Delivery:
    """Keep the client's answer, signed with their pseudonym. What is rejected goes back to accepted work."""
    standing = stand(db, actor, project_id, "answer_delivery")
    row = get(db, actor, project_id, milestone)
    if signature.strip() != actor.pseudonym:
        raise Invalid({"signature": f"type {actor.pseudonym}, your pseudonym"})
    if not accept and not remark.strip():
        raise Invalid({"remark": "say what is wrong, the lead acts on it"})
    state = transition(DELIVERY, row.state, "accept" if accept else "reject", standing.hand)
    row.state = state  # type: ignore[assignment]
    row.answered_by, row.answered_at, row.remark = actor.person_id, now(), remark.strip()[:10_000]
    db.flush()
    if not accept:
        _take_back(db, row)
    note_in(db, project_id, actor.person_id, f"delivery.{row.state}", f"delivery:{row.id}", milestone=milestone,
            remark=row.remark)  # fmt: skip
    return row


def files(db: Session, actor: Actor, project_id: str, milestone: str) -> list[DeliveryFile]:
    """Return the files of a sealed milestone by name, without their contents."""
    row = get(db, actor, project_id, milestone)
    return list(db.scalars(select(DeliveryFile).where(DeliveryFile.delivery_id == row.id).order_by(DeliveryFile.name)))


def file(db: Session, actor: Actor, project_id: str, milestone: str, name: str) -> bytes:
    """Return one file of a sealed milestone."""
    row = get(db, actor, project_id, milestone)
    content = db.scalar(
        select(DeliveryFile.content).where(DeliveryFile.delivery_id == row.id, DeliveryFile.name == name)
    )
    if content is None:
        raise Unknown("there is no such file in this milestone")
    return content


def archive(db: Session, actor: Actor, project_id: str, milestone: str) -> bytes:
    """Return all files of a sealed milestone as one zip; the same milestone gives the same bytes."""
    row = get(db, actor, project_id, milestone)
    project = db.get_one(Project, project_id)
    return sealing.archive(all_files(db, row.id), f"{project.slug}-{milestone}")


def all_files(db: Session, delivery_id: str) -> dict[str, bytes]:
    """Return name → content of a milestone's files."""
    query = select(DeliveryFile.name, DeliveryFile.content).where(DeliveryFile.delivery_id == delivery_id)
    return {row.name: row.content for row in db.execute(query.order_by(DeliveryFile.name))}


def changes(db: Session, actor: Actor, project_id: str, milestone: str) -> Difference | None:
    """Return what changed since the milestone before; None for the first."""
    row = get(db, actor, project_id, milestone)
    before = db.get(Delivery, row.previous_id) if row.previous_id else None
    if before is None or row.state == "draft":
        return None
    return difference(before.manifest["items"], row.manifest["items"])


def sealed_again(db: Session, actor: Actor, project_id: str, milestone: str) -> bool:
    """Seal the milestone once more from the rows and say whether it gives the same checksum."""
    stand(db, actor, project_id, "manage")
    row = get(db, actor, project_id, milestone)
    before = db.get(Delivery, row.previous_id) if row.previous_id else None
    contents = Contents.model_validate(row.filter)
    again = sealed_bytes(db, db.get_one(Project, project_id), milestone, contents, before)
    return again.whole == str(row.manifest["whole"])


def _find(db: Session, project_id: str, milestone: str) -> Delivery | None:
    return db.scalar(select(Delivery).where(Delivery.project_id == project_id, Delivery.milestone == milestone))


def _draft(db: Session, actor: Actor, project_id: str, milestone: str) -> Delivery:
    stand(db, actor, project_id, "manage")
    row = _find(db, project_id, milestone)
    if row is None:
        raise Unknown("there is no such milestone")
    if row.state != "draft":
        raise Conflict(f"milestone {milestone} is {row.state} already")
    return row


def _previous(db: Session, row: Delivery) -> Delivery | None:
    """Return the milestone sealed last that the client did not reject."""
    return db.scalar(
        select(Delivery)
        .where(Delivery.project_id == row.project_id, Delivery.state.in_(("sealed", "accepted")), Delivery.id != row.id)
        .order_by(Delivery.sealed_at.desc())
        .limit(1)
    )


def _milestone(db: Session, project: Project, milestone: str, contents: Contents) -> Milestone:
    found = milestone_of(db, project, milestone, contents)
    return without_personal_data(found, contents.cleared) if contents.replace_personal_data else found


def _checks(db: Session, project: Project, records: Milestone, contents: Contents) -> list[Check]:
    ids = [item for item, _ in records.prompts()]
    lacking: list[str] = []
    for start in range(0, len(ids), 500):
        lacking += db.scalars(
            select(Item.id)
            .join(PoolPrompt, PoolPrompt.id == Item.prompt_id)
            .where(Item.id.in_(ids[start : start + 500]), PoolPrompt.origin == "user", PoolPrompt.consent.is_(None))
        )
    cleared = [item for item in contents.cleared if item in set(ids)]
    return checks(records, cleared=cleared, without_consent=lacking, gold=gold_of(db, project.id))


def _keep(db: Session, row: Delivery, sealed: sealing.Sealed) -> None:
    db.execute(insert(DeliveryFile), [
        {"delivery_id": row.id, "name": name, "sha256": hashlib.sha256(data).hexdigest(), "num_bytes": len(data),
         "content": data} for name, data in sealed.files.items()
    ])  # fmt: skip
    db.execute(insert(DeliveryItem), [
        {"delivery_id": row.id, "item_id": item, "item_sha256": sha} for item, sha in sealed.manifest.items.items()
    ])  # fmt: skip


def _deliver(db: Session, standing: Standing, items: Sequence[Item]) -> None:
    """Mark the items as delivered, and batches of which nothing is left behind."""
    ids = [item.id for item in items if item.state == "accepted"]
    for start in range(0, len(ids), 500):
        db.execute(update(Item).where(Item.id.in_(ids[start : start + 500])).values(state="delivered"))
    left = exists().where(Item.batch_id == Batch.id, Item.state == "accepted", ~Item.is_gold)
    done = (Batch.project_id == standing.project.id, Batch.state == "accepted", ~left)
    db.execute(update(Batch).where(*done).values(state="delivered"))


def _take_back(db: Session, row: Delivery) -> None:
    """Let the items of a rejected milestone be accepted work again, but those that another one holds."""
    other = (
        select(DeliveryItem.item_id)
        .join(Delivery, Delivery.id == DeliveryItem.delivery_id)
        .where(Delivery.project_id == row.project_id, Delivery.state.in_(("sealed", "accepted")))
    )
    mine = select(DeliveryItem.item_id).where(DeliveryItem.delivery_id == row.id)
    back = (Item.id.in_(mine), Item.id.not_in(other), Item.state == "delivered")
    db.execute(update(Item).where(*back).values(state="accepted"))
    waiting = exists().where(Item.batch_id == Batch.id, Item.state == "accepted")
    db.execute(
        update(Batch).where(Batch.project_id == row.project_id, Batch.state == "delivered", waiting)
        .values(state="accepted")
    )  # fmt: skip


def _plain(manifest: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in manifest.items() if name != "whole"}
