"""A project's accepted items to the records of a milestone and all its datasheet says; gold stays behind (I8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from trivium.human.delivery.content import Annotator, Aside, GuidelineText, Milestone, ReviewCount
from trivium.human.desk.adjudicated import orders_of
from trivium.human.desk.aggregates import comparisons_of
from trivium.human.desk.guidelines import rubric_of
from trivium.human.desk.pool import record_of
from trivium.human.desk.settings import settings_of
from trivium.human.desk.specs import requirement_of
from trivium.human.desk.submissions import of_items
from trivium.human.store.people import Membership, Person
from trivium.human.store.projects import Guideline, PoolPrompt, Project, Spec, Withdrawal
from trivium.human.store.work import Batch, Item, Judgement, Reply
from trivium.human.submission import Submission
from trivium.records import Demonstration, Prompt
from trivium.records import Judgement as Judged

CHUNK = 500
READY = ("accepted", "delivered")


class Contents(BaseModel):
    """What a lead chose for a milestone; kept with it, so that it can be sealed again to the same bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batches: tuple[int, ...] = ()
    """Ordinals of the batches it is made of; empty: all."""
    dev_share: float = Field(default=0.0, ge=0, lt=1)
    test_share: float = Field(default=0.0, ge=0, lt=1)
    """Shares of the clusters of near-duplicates that nothing is to be trained on."""
    cleared: tuple[str, ...] = ()
    """Items whose possible personal data somebody looked at and let pass."""
    replace_personal_data: bool = False
    """Whether other passages are replaced by their kind instead of stopping the milestone."""
    not_for: str = ""
    """What the data must not be used for."""
    items: tuple[str, ...] = ()
    """Written when it is sealed: exactly these."""
    without_words_of: tuple[str, ...] = ()
    """Written when it is sealed: pseudonyms of people who had been erased by then; their notes are not passed on."""

    @model_validator(mode="after")
    def _something_is_left_to_train_on(self) -> Contents:
        if self.dev_share + self.test_share >= 1:
            raise ValueError("the shares for development and for tests leave nothing to train on")
        return self


def milestone_of(db: Session, project: Project, name: str, contents: Contents) -> Milestone:
    """Return the records of a milestone: all accepted work of the chosen batches, or exactly the items it was sealed
    with.
    """
    items = items_of(db, project, contents)
    ids = [item.id for item in items]
    prompts = _prompts(db, items, contents)
    versions = _versions(db, ids)
    spec_id = next((batch.spec_id for batch in _batches(db, items).values() if batch.spec_id), None)
    spec = db.get(Spec, spec_id) if spec_id else None
    settings = settings_of(project)
    silent = contents.without_words_of if contents.items else erased(db)
    found: dict[str, Any] = {"demonstrations": {}, "comparisons": {}, "judgements": {}}
    if project.kind in ("demonstration", "redteam"):
        found["demonstrations"] = _demonstrations(db, items, prompts, versions)
    elif project.kind == "guard_review":
        found["judgements"] = _verdicts(db, items, prompts)
    else:
        rankings = _by_item([one.ordered() for one in of_items(db, ids)])
        found["asides"] = _whole_marks(rankings)
        decided = orders_of(db, ids)
        for item in items:
            ordered = [one for one in rankings.get(item.id, []) if one.ranks is not None]
            ordered += [decided[item.id]] if ordered and item.id in decided else []
            if ordered:
                found["comparisons"][item.id] = tuple(comparisons_of(prompts[item.id], ordered))
            elif thumbs := _thumbs(db, prompts[item.id], rankings.get(item.id, []), silent):
                found["judgements"][item.id] = thumbs
    if project.kind not in ("demonstration", "redteam"):
        _add_words(db, ids, found.setdefault("asides", {}), silent)
        found["num_judged_under"] = _judged_under(db, list(found["judgements"]))
    return Milestone(
        project=project.slug, milestone=name, title=project.title, purpose=project.purpose, not_for=contents.not_for,
        annotators=_annotators(db, project.id, ids), requirement=requirement_of(spec) if spec else None,
        requirement_version=str(spec.version) if spec else "", guidelines=_guidelines(db, ids),
        reviews=_reviews(db, items, project), method=settings.method, rules=settings.rules,
        num_gold=db.scalar(select(func.count()).where(Item.project_id == project.id, Item.is_gold)) or 0, **found,
    )  # fmt: skip


def items_of(db: Session, project: Project, contents: Contents) -> list[Item]:
    """Return the items of a milestone by id: accepted, not gold, not withdrawn."""
    query = select(Item).where(Item.project_id == project.id, ~Item.is_gold, Item.prompt_id.is_not(None))
    if contents.items:
        rows: list[Item] = []
        for start in range(0, len(contents.items), CHUNK):
            rows += db.scalars(query.where(Item.id.in_(contents.items[start : start + CHUNK])))
        return sorted(rows, key=lambda item: item.id)
    query = query.where(Item.state.in_(READY))
    query = query.where(~exists().where(Withdrawal.prompt_id == Item.prompt_id))
    if contents.batches:
        query = query.join(Batch, Batch.id == Item.batch_id).where(Batch.ordinal.in_(contents.batches))
    return list(db.scalars(query.order_by(Item.id)))


def gold_of(db: Session, project_id: str) -> list[str]:
    """Return the ids of the project's gold items."""
    return list(db.scalars(select(Item.id).where(Item.project_id == project_id, Item.is_gold)))


def _prompts(db: Session, items: Sequence[Item], contents: Contents) -> dict[str, Prompt]:
    wanted = {str(item.prompt_id) for item in items}
    rows: dict[str, PoolPrompt] = {}
    for part in _parts(sorted(wanted)):
        rows.update((row.id, row) for row in db.scalars(select(PoolPrompt).where(PoolPrompt.id.in_(part))))
    shares = {"dev_share": contents.dev_share, "test_share": contents.test_share}
    return {item.id: record_of(rows[str(item.prompt_id)], **shares) for item in items}


def _demonstrations(
    db: Session, items: Sequence[Item], prompts: Mapping[str, Prompt], versions: Mapping[str, str]
) -> dict[str, Demonstration]:
    texts: dict[str, str] = {}
    for part in _parts([item.id for item in items]):
        query = select(Reply.item_id, Reply.content).where(Reply.item_id.in_(part))
        texts.update((row.item_id, row.content) for row in db.execute(query.order_by(Reply.round, Reply.revision)))
    names = _pseudonyms(db)
    return {
        item.id: Demonstration(
            prompt=prompts[item.id], reply=texts[item.id], language=item.attrs.get("language", "en"),
            **{name: item.attrs.get(name) for name in ("task_type", "prompt_type", "domain", "response_type")},
            **{name: item.attrs.get(name) == "yes" for name in ("scene_setting", "constraint", "persona")},
            writer=names.get(item.author_id or ""), guideline=versions.get(item.id),
        )
        for item in items if item.id in texts
    }  # fmt: skip


def _verdicts(db: Session, items: Sequence[Item], prompts: Mapping[str, Prompt]) -> dict[str, tuple[Judged, ...]]:
    """Return what people said of guard decisions. A reply is desirable where the guard should let it pass: it did and
    was confirmed, or it did not and that was a false positive.
    """
    attrs = {item.id: item.attrs for item in items}
    found: dict[str, list[Judged]] = defaultdict(list)
    for part in _parts([item.id for item in items]):
        query = (
            select(Judgement, Person.pseudonym, Reply.content)
            .join(Person, Person.id == Judgement.person_id)
            .join(Reply, Reply.item_id == Judgement.item_id)
            .where(Judgement.item_id.in_(part), Judgement.step.in_(("label", "adjudicate")))
            .order_by(Judgement.created_at, Judgement.id)
        )
        for row, name, text in db.execute(query):
            verdict, about = row.body.get("guard_verdict", "unsure"), attrs[row.item_id]
            if verdict == "unsure":
                continue
            passes = (verdict == "false_positive") if about.get("blocked") else (verdict == "confirmed")
            reason = f"{about.get('guard')}: {about.get('category')}, {verdict}"
            found[row.item_id].append(
                Judged(prompt=prompts[row.item_id], reply=text, desirable=passes, judge=name, reason=reason)
            )
    return {item: tuple(rows) for item, rows in found.items()}


def _thumbs(
    db: Session, prompt: Prompt, said: Sequence[Submission], silent: Collection[str]
) -> tuple[Judged, ...]:
    """Return the thumbs that people gave to single replies."""
    notes: dict[str, str] = {
        row.pseudonym: row.note
        for row in db.execute(
            select(Person.pseudonym, Judgement.note)
            .join(Person, Person.id == Judgement.person_id)
            .where(Judgement.item_id.in_({one.item for one in said}), Judgement.step == "label")
            .where(Person.pseudonym.not_in(silent))
        )
    }
    return tuple(
        Judged(prompt=prompt, reply=reply, desirable=value > 0, judge=one.person, reason=notes.get(one.person, ""))
        for one in said
        for reply, value in zip(one.replies, one.scores.get("desirable", ()), strict=False)
        if value is not None
    )


def _whole_marks(rankings: Mapping[str, Sequence[Submission]]) -> dict[str, tuple[Aside, ...]]:
    """Return the marks that people gave to items as a whole."""
    found = {
        item: tuple(
            Aside(person=one.person, axis=axis, value=value, guideline=one.guideline)
            for one in rows for axis, value in one.whole.items()
        )
        for item, rows in rankings.items()
    }  # fmt: skip
    return {item: said for item, said in found.items() if said}


def erased(db: Session) -> tuple[str, ...]:
    """Return the pseudonyms of the people who were erased."""
    return tuple(db.scalars(select(Person.pseudonym).where(Person.status == "erased").order_by(Person.pseudonym)))


def _add_words(
    db: Session, ids: Sequence[str], asides: dict[str, tuple[Aside, ...]], silent: Collection[str]
) -> None:
    """Add what people wrote beside their marks, and leads beside their decisions; nothing of those who are silent."""
    for part in _parts(ids):
        query = (
            select(Judgement, Person.pseudonym, Guideline.version)
            .join(Person, Person.id == Judgement.person_id)
            .join(Item, Item.id == Judgement.item_id)
            .join(Guideline, Guideline.id == Judgement.guideline_id)
            .where(Judgement.item_id.in_(part), Judgement.step.in_(("label", "adjudicate")))
            .where(Judgement.round == Item.round)
            .order_by(Judgement.created_at, Judgement.id)
        )
        for row, name, version in db.execute(query):
            words = {"note": row.note, **row.body.get("words", {})} if name not in silent else {}
            said = tuple(
                Aside(person=name, axis=axis, text=text, guideline=str(version))
                for axis, text in words.items() if text.strip()
            )  # fmt: skip
            if said:
                asides[row.item_id] = (*asides.get(row.item_id, ()), *said)


def _judged_under(db: Session, ids: Sequence[str]) -> dict[str, int]:
    """Return guideline version → judgements of these items made under it."""
    counts: dict[str, int] = defaultdict(int)
    for part in _parts(ids):
        query = (
            select(Guideline.version, func.count())
            .join(Judgement, Judgement.guideline_id == Guideline.id)
            .join(Item, Item.id == Judgement.item_id)
            .where(Judgement.item_id.in_(part), Judgement.step.in_(("label", "adjudicate")))
            .where(Judgement.round == Item.round)
            .group_by(Guideline.version)
        )
        for version, number in db.execute(query):
            counts[str(version)] += number
    return dict(sorted(counts.items()))


def _by_item(rows: Sequence[Submission]) -> dict[str, list[Submission]]:
    found: dict[str, list[Submission]] = defaultdict(list)
    for row in rows:
        found[row.item].append(row)
    return found


def _parts(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]


def _pseudonyms(db: Session) -> dict[str, str]:
    return {row.id: row.pseudonym for row in db.execute(select(Person.id, Person.pseudonym))}


def _batches(db: Session, items: Sequence[Item]) -> dict[str, Batch]:
    ids = {item.batch_id for item in items}
    return {row.id: row for row in db.scalars(select(Batch).where(Batch.id.in_(ids)).order_by(Batch.ordinal.desc()))}


def _versions(db: Session, ids: Sequence[str]) -> dict[str, str]:
    """Return item → version of the guideline its newest text was written under."""
    found: dict[str, str] = {}
    for part in _parts(ids):
        query = (
            select(Judgement.item_id, Guideline.version)
            .join(Guideline, Guideline.id == Judgement.guideline_id)
            .where(Judgement.item_id.in_(part), Judgement.step == "write")
            .order_by(Judgement.round)
        )
        found.update((row.item_id, str(row.version)) for row in db.execute(query))
    return found


def _guidelines(db: Session, ids: Sequence[str]) -> tuple[GuidelineText, ...]:
    used: set[str] = set()
    for part in _parts(ids):
        query = select(Judgement.guideline_id).where(Judgement.item_id.in_(part)).distinct()
        used.update(db.scalars(query))
    rows = db.scalars(select(Guideline).where(Guideline.id.in_(used)).order_by(Guideline.version))
    return tuple(GuidelineText(version=str(row.version), markdown=row.markdown, rubric=rubric_of(row)) for row in rows)


def _annotators(db: Session, project_id: str, ids: Sequence[str]) -> tuple[Annotator, ...]:
    """Return who worked on the items; profiles are not passed on."""
    people: set[str] = set()
    for part in _parts(ids):
        people.update(db.scalars(select(Judgement.person_id).where(Judgement.item_id.in_(part)).distinct()))
    rows = db.execute(
        select(Person.pseudonym, Membership.party, Membership.role)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.project_id == project_id, Person.id.in_(people))
        .order_by(Person.pseudonym)
    )
    return tuple(Annotator(pseudonym=row[0], party=row[1], roles=(row[2],)) for row in rows)


def _reviews(db: Session, items: Sequence[Item], project: Project) -> tuple[ReviewCount, ...]:
    batches = sorted({item.batch_id for item in items})
    settings = settings_of(project)
    found = []
    for step, stage, plan in (("qa_internal", "internal QA", settings.internal_qa),
                              ("qa_client", "client QA", settings.client_qa)):  # fmt: skip
        counts = dict.fromkeys(("accept", "fix", "reject"), 0)
        query = (
            select(Judgement.verdict, func.count())
            .join(Item, Item.id == Judgement.item_id)
            .where(Item.batch_id.in_(batches), Judgement.step == step)
            .group_by(Judgement.verdict)
        )
        counts.update((str(verdict), count) for verdict, count in db.execute(query))
        if sum(counts.values()):
            found.append(ReviewCount(stage=stage, share=plan.share, num_reviewed=sum(counts.values()),
                                     num_returned=counts["reject"]))  # fmt: skip
    return tuple(found)
