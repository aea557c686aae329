"""An empty database to a house that a visitor can walk through: simulated people of the primer, three projects, one
milestone. Everything goes through the desk, as real people's work would.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from trivium.core.seed import stream
from trivium.human.coverage import fits
from trivium.human.desk import (
    adjudication,
    assignment,
    batches,
    deliveries,
    guards,
    guidelines,
    home,
    people,
    pool,
    projects,
    ranking,
    review,
    specs,
    writing,
)
from trivium.human.desk.actor import Actor
from trivium.human.desk.batches import NewReply
from trivium.human.desk.pool import NewPrompt
from trivium.human.desk.settings import ProjectSettings, SamplingPlan
from trivium.human.desk.work import Work, latest_replies
from trivium.human.ranking import AggregateRules
from trivium.human.rubrics import RUBRICS
from trivium.human.states import Step
from trivium.human.store.database import Database
from trivium.human.store.people import Person
from trivium.human.store.projects import Project
from trivium.primer.config import PrimerConfig
from trivium.primer.demonstrations import as_prompt, write_demonstrations
from trivium.primer.exercises import Exercise
from trivium.primer.rankers import PANEL, Ranker
from trivium.records import prompt_length
from trivium.studio import demo_texts
from trivium.studio.demo_guard import decisions
from trivium.studio.demo_people import CAST

SEED = 1
WRITERS = ("tern-04", "wren-19", "dunlin-30")
NUM_GOLD = 3  # a batch
BATCHES = {"accepted": 1.0, "client_qa": 0.12, "rework": 0.12, "internal_qa": 0.12, "working": 0.25}
"""How far each batch of pairs has come, and its part of each cell."""
FILLED = (1.0, 0.25, 0.6, 0.17, 0.75, 0.4)
"""How much of a cell the first batch fills, cell after cell, so that the map has every strength to show."""
ALSO_REPLIES = {"one_word": 4, "short_phrase": 60, "single_sentence": 50, "descriptive": 20}
ALSO_MARKS = {"scene_setting": 10, "constraint": 40, "persona": 4}
"""Wanted over all cells."""
PADDING = "I hope that this helps. Do tell me if you would like to hear more, because there is much more to say."
LABELLERS = ("heron-12", "finch-07", "plover-02", "swift-28", "crane-15")
TITLES = {"plain-words": "Plain words", "everyday-help": "Everyday help", "door-watch": "Door watch"}


@dataclass
class House:
    """The demo while it is filled: its people, projects, and what there is to write and to rank."""

    actors: dict[str, Actor] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    exercises: list[Exercise] = field(default_factory=list)
    golds: dict[tuple[str, str], float] = field(default_factory=dict)
    """(prompt, reply) → how good it is, in [-1, 1]."""


def fill(database: Database) -> bool:
    """Fill an empty database; return False, and change nothing, where somebody is there already."""
    with database.read() as db:
        if not people.nobody_yet(db):
            return False
    house = House(exercises=_exercises())
    for step in (_open_house, _write, _rank, _judge, _deliver):
        database.run(lambda db, step=step: step(db, house))  # type: ignore[misc]
    return True


def _exercises() -> list[Exercise]:
    """Return what simulated writers write: the primer's good demonstrations, each prompt once, shuffled by a seed."""
    found: dict[str, Exercise] = {}
    for one in write_demonstrations(PrimerConfig.small(), SEED):
        if "bad" not in one.marks and one.kind != "harmful":
            found.setdefault(one.text, one)
    return list(found.values())


def _open_house(db: Session, house: House) -> None:
    for name in CAST:
        row = Person(pseudonym=name, keeper=name == "lark-01")
        db.add(row)
        db.flush()
        house.actors[name] = people.actor_of(db, row.id)
    lead = house.actors["lark-01"]
    plan = SamplingPlan(share=0.5)
    kinds: tuple[tuple[str, Any, ProjectSettings], ...] = (
        ("plain-words", "demonstration", ProjectSettings(internal_qa=plan, client_qa=plan, seed=SEED)),
        (
            "everyday-help",
            "comparison",
            ProjectSettings(
                overlap=5,
                num_replies=4,
                internal_qa=plan,
                client_qa=plan,
                seed=SEED,
                rules=AggregateRules(min_kendall_w=0.3),
            ),
        ),
        ("door-watch", "guard_review", ProjectSettings(overlap=1, seed=SEED)),
    )
    for slug, kind, settings in kinds:
        house.projects[slug] = projects.create(db, lead, slug, TITLES[slug], kind, settings)
    for name, places in CAST.items():
        for slug, party, role in places:
            if name != "lark-01":
                projects.add_member(
                    db, lead.person_id, house.projects[slug].id, house.actors[name].person_id, party=party, role=role
                )
    general = RUBRICS["general"].model_dump(mode="json")
    _tell(db, house, "plain-words", demo_texts.WRITING, {})
    _tell(db, house, "everyday-help", demo_texts.RANKING_1, general)
    _tell(db, house, "door-watch", demo_texts.JUDGING, {})


def _tell(db: Session, house: House, slug: str, text: str, rubric: dict[str, Any], changed: str = "") -> None:
    """Publish a guideline, and let everybody in the project read it."""
    lead, project = house.actors["lark-01"], house.projects[slug]
    row = guidelines.draft(db, lead, project.id, text, rubric=rubric, changelog=changed)
    guidelines.publish(db, lead, project.id, row.id)
    for name, places in CAST.items():
        if any(place[0] == slug for place in places):
            guidelines.acknowledge(db, house.actors[name], project.id, row.id)


def _attrs(one: Exercise) -> dict[str, str]:
    return {
        "task_type": one.task_type,
        "prompt_type": one.prompt_type,
        "response_type": one.response_type,
        "domain": one.domain,
        "language": "en",
        "prompt_length": prompt_length(one.text),
        **{mark: "yes" if mark in one.marks else "no" for mark in ("scene_setting", "constraint", "persona")},
    }


def _write(db: Session, house: House) -> None:
    """Freeze a requirement, send one batch through both reviews with one return, leave one in each state."""
    lead, project = house.actors["lark-01"], house.projects["plain-words"]
    counts = Counter((one.task_type, one.prompt_type, prompt_length(one.text)) for one in house.exercises)
    marks = ("task_type", "prompt_type", "prompt_length")
    cells = {key: min(16, count) for key, count in sorted(counts.items()) if count >= 3}
    where = {key: dict(zip(marks, key, strict=True)) for key in cells}
    body: dict[str, Any] = {
        "dimensions": {mark: sorted({named[mark] for named in where.values()}) for mark in marks},
        "cells": [{"where": where[key], "target": target} for key, target in cells.items()],
        "also": [],
    }
    body["dimensions"] |= {"response_type": list(ALSO_REPLIES), **{mark: ["yes", "no"] for mark in ALSO_MARKS}}
    body["also"] = [{"where": {"response_type": name}, "target": target} for name, target in ALSO_REPLIES.items()]
    body["also"] += [{"where": {mark: "yes"}, "target": target} for mark, target in ALSO_MARKS.items()]
    spec = specs.draft(db, lead, project.id, body)
    specs.freeze(db, lead, project.id, spec.id)
    for until, share in BATCHES.items():
        batch = batches.open_batch(db, lead, project.id)
        taken = batches.planned(db, project.id)
        wanted = {}
        for place, (key, target) in enumerate(cells.items()):
            left = target - taken.get(specs.cell_key(where[key]), 0)
            part = FILLED[place % len(FILLED)] if until == "accepted" else 1.0
            wanted[specs.cell_key(where[key])] = min(left, max(2, round(target * share * part)))
        batches.plan_cells(db, lead, batch.id, wanted)
        batches.start(db, lead, batch.id)
        if until != "working":
            _write_all(db, house, project.id)
        if until == "accepted":
            _review_all(db, house, project.slug, "qa_internal", returns=1)
            _write_all(db, house, project.id, again=True)
            _review_all(db, house, project.slug, "qa_internal")
            _review_all(db, house, project.slug, "qa_client")
        elif until in ("client_qa", "rework"):
            _review_all(db, house, project.slug, "qa_internal", returns=int(until == "rework"))
        elif until == "internal_qa":
            _review_all(db, house, project.slug, "qa_internal", returns=1, most=2)


def _write_all(db: Session, house: House, project_id: str, *, again: bool = False) -> None:
    """Let the writers take turns until nothing is left for them; who has something back writes only where it is to be
    written again.
    """
    written, idle = 0, 0
    writers = [name for name in WRITERS if again or not home.returned(db, house.actors[name])]
    while idle < len(writers):
        name = writers[(written + idle) % len(writers)]
        work = assignment.lease(db, house.actors[name], project_id, step="write")
        if work is None:
            idle += 1
            continue
        idle = 0
        writing.submit(db, house.actors[name], work.assignment_id, _written(house, work))
        written += 1


def _written(house: House, work: Work) -> writing.Written:
    """Return the first exercise that fits the cell and was not written yet; returned work gets a better ending."""
    if work.returned:
        reply = work.replies[0].rstrip(".") + ". If you are not sure, ask somebody you trust."
        return writing.Written(reply, {**work.attrs}, work.messages[-1].content, seconds=240, paste_share=0.0)
    place = next(i for i, one in enumerate(house.exercises) if fits(work.attrs, _attrs(one)))
    one = house.exercises.pop(place)
    draw = stream(SEED, "demo", one.text)
    return writing.Written(
        one.reply,
        _attrs(one),
        one.text,
        seconds=float(draw.integers(120, 600)),
        paste_share=float(draw.random() < 0.1) * 0.7,
    )


def _review_all(db: Session, house: House, slug: str, step: Step, *, returns: int = 0, most: int = 10_000) -> None:
    """Let a reviewer go through the sample; so many of the last writer's texts are returned."""
    actor = house.actors["owl-31" if step == "qa_internal" else "stork-09"]
    for _ in range(most):
        work = assignment.lease(db, actor, house.projects[slug].id, step=step)
        if work is None:
            return
        verdict = review.Review("accept", seconds=45)
        if returns and review.dossier(db, actor, work.item_id).past[0].by == WRITERS[-1]:
            returns -= 1
            note = "True and clear. One thing is missing: what should a person do who is not sure?"
            verdict = review.Review("reject", ["too_vague"], note, seconds=90)
        review.submit(db, actor, work.assignment_id, verdict)


def _replies(house: House, one: Exercise, others: Sequence[Exercise]) -> list[str]:
    """Return four replies of known worth: the good one, one that goes on too long, one that breaks off, a wrong one."""
    words = one.reply.split()
    made = {
        one.reply: 1.0,
        f"{one.reply} {PADDING}": 0.55,
        " ".join(words[: max(1, len(words) // 2)]): 0.0 if len(words) > 3 else 0.4,
        "I am sorry, but I cannot help with that.": -0.45,
        others[0].reply: -0.9,
    }
    for text, gold in made.items():
        house.golds.setdefault((one.text, text), gold)
    draw = stream(SEED, "demo replies", one.text)
    names = list(made)
    return [names[int(place)] for place in draw.permutation(len(names))[:4]]


def _rank(db: Session, house: House) -> None:
    """Go the whole way with one batch under the first guideline, to a sealed milestone that the client accepted; under
    the second leave one ready for the next seal, one to be decided, and one to be ranked.
    """
    lead, slug = house.actors["lark-01"], "everyday-help"
    general = RUBRICS["general"].model_dump(mode="json")
    _rank_batch(db, house, size=36, noise=1.5)
    _decide(db, house)
    _review_ranked(db, house)
    deliveries.seal(db, lead, house.projects[slug].id, "m1")
    client = house.actors["stork-09"]
    deliveries.answer(db, client, house.projects[slug].id, "m1", accept=True, signature=client.pseudonym)
    _tell(db, house, slug, demo_texts.RANKING_2, general, demo_texts.CHANGED)
    _rank_batch(db, house, size=24, noise=0.8)
    _decide(db, house)
    _review_ranked(db, house)
    _rank_batch(db, house, size=16, noise=2.6)
    _rank_batch(db, house, size=20, noise=0.8, begun=True)


def _rank_batch(db: Session, house: House, *, size: int, noise: float, begun: bool = False) -> None:
    """Open a batch and rank it through; or, where it is only begun, leave much of it to visitors."""
    lead, project = house.actors["lark-01"], house.projects["everyday-help"]
    chosen, house.exercises = house.exercises[:size], house.exercises[size:]
    ids = pool.add(db, lead, project.id, [NewPrompt(as_prompt(one)) for one in chosen]).ids
    batch = batches.open_batch(db, lead, project.id)
    items: list[str] = []
    for prompt_id, one in zip(ids, chosen, strict=True):
        kind = {"task_type": one.task_type, "prompt_type": one.prompt_type}
        items += batches.add_prompts(db, lead, batch.id, [prompt_id], cell=kind)
    replies = {
        item: [NewReply(text, "demo/policy") for text in _replies(house, one, [*chosen[place + 1 :], *house.exercises])]
        for place, (item, one) in enumerate(zip(items, chosen, strict=True))
    }
    batches.add_replies(db, lead, batch.id, replies)
    for item, one in list(zip(items, chosen, strict=True))[:NUM_GOLD]:
        _make_gold(db, house, item, one)
    batches.start(db, lead, batch.id)
    for name, ranker in zip(LABELLERS, PANEL, strict=True):
        most = 10_000 if not begun else 0 if name == "heron-12" else 8
        felt = Ranker(name, ranker.noise * noise, ranker.length_bias, ranker.position_bias)
        _rank_all(db, house, name, felt, most)


def _review_ranked(db: Session, house: House) -> None:
    _review_all(db, house, "everyday-help", "qa_internal")
    _review_all(db, house, "everyday-help", "qa_client")


def _make_gold(db: Session, house: House, item_id: str, one: Exercise) -> None:
    """Mark an item whose best reply is known, the others being as bad; nobody who ranks it can tell."""
    golds = [house.golds[one.text, row.content] for row in latest_replies(db, item_id)]
    ranks = [1 if gold == max(golds) else 2 for gold in golds]
    batches.set_gold(db, house.actors["lark-01"], item_id, ranks)


def _rank_all(db: Session, house: House, name: str, ranker: Ranker, most: int) -> None:
    actor, project_id = house.actors[name], house.projects["everyday-help"].id
    rubric = RUBRICS["general"]
    for _ in range(most):
        work = assignment.lease(db, actor, project_id, step="label")
        if work is None:
            return
        prompt = work.messages[-1].content
        golds = [house.golds[prompt, text] for text in work.replies]
        ordered = sorted(work.replies)  # ids and places on the page are of chance, what is felt is not
        ranks = ranker.rank(prompt, ordered, [house.golds[prompt, text] for text in ordered], SEED)
        felt = dict(zip(ordered, ranks, strict=True))
        digits = tuple(felt[text] for text in work.replies)
        draw = stream(SEED, "demo marks", name, prompt)
        marks: dict[str, list[float | None]] = {}
        for axis in rubric.axes:
            if axis.kind == "likert":
                middle = (axis.low + axis.high) / 2
                half = (axis.high - axis.low) / 2
                marks[axis.key] = [
                    float(min(axis.high, max(axis.low, round(middle + half * (gold + 0.3 * draw.standard_normal())))))
                    for gold in golds
                ]
            elif axis.kind == "flag":
                marks[axis.key] = [
                    float(axis.key == "misses_task" and gold < -0.6 and draw.random() < 0.8) for gold in golds
                ]
        order = ranking.Order(digits, marks, seconds=float(draw.integers(35, 150)))
        ranking.submit(db, actor, work.assignment_id, order)


def _decide(db: Session, house: House) -> None:
    """Let the lead settle what is contested."""
    lead, project_id = house.actors["lark-01"], house.projects["everyday-help"].id
    while work := assignment.lease(db, lead, project_id, step="adjudicate"):
        adjudication.decide(
            db, lead, work.assignment_id, "no_pair", note="Both are as good; no pair is better than a wrong one."
        )


def _judge(db: Session, house: House) -> None:
    """Queue what a guard did, and let one person judge a part of it."""
    lead, project = house.actors["lark-01"], house.projects["door-watch"]
    queued = decisions()
    guards.enqueue(db, lead, project.id, queued)
    gull = house.actors["gull-20"]
    right = {(one.prompt.text, one.reply): verdict for one, verdict in zip(queued, _truths(queued), strict=True)}
    for _ in range(len(queued) // 3):
        work = assignment.lease(db, gull, project.id, step="label")
        if work is None:
            return
        verdict = right[work.messages[-1].content, work.replies[0]]
        guards.submit(db, gull, work.assignment_id, guards.Verdict(verdict, seconds=30))


def _truths(queued: Sequence[guards.GuardDecision]) -> list[guards.GuardVerdict]:
    return [
        "confirmed"
        if one.blocked == (one.prompt.kind == "harmful")
        else "false_positive"
        if one.blocked
        else "false_negative"
        for one in queued
    ]


def _deliver(db: Session, house: House) -> None:
    """Seal the pairs that are accepted, and let the client find the milestone waiting."""
    deliveries.seal(db, house.actors["lark-01"], house.projects["plain-words"].id, "m1")
