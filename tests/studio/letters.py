"""A project of the demo's house whose work is all accepted, and a passage of which may be personal data."""

from __future__ import annotations

from sqlalchemy import select

from human.desk.people_of_the_house import house as project_of
from trivium.human.desk import assignment, batches, pool, projects, ranking
from trivium.human.desk.batches import NewReply
from trivium.human.desk.pool import NewPrompt
from trivium.human.desk.ranking import Order
from trivium.human.desk.settings import ProjectSettings, SamplingPlan
from trivium.human.store.database import Database
from trivium.human.store.people import Person
from trivium.records import Prompt

SLUG = "letters"
UNSEEN = SamplingPlan(share=0)
MARKS = {axis: [3.0, 3.0] for axis in ("helpful", "honest", "harmless")}


def letters(house: Database) -> None:
    """Make a project of ten accepted items, one of which names an address; the demo's lead leads it too."""
    with house.write() as db:
        h = project_of(
            db, "comparison", settings=ProjectSettings(overlap=1, internal_qa=UNSEEN, client_qa=UNSEEN), slug=SLUG,
            prefix="letters-",
        )  # fmt: skip
        lark = db.scalars(select(Person.id).where(Person.pseudonym == "lark-01")).one()
        projects.add_member(db, h.lead.person_id, h.id, lark, party="internal", role="lead")
        asked = [f"What is {n} times {7919 * n}?" for n in range(9)] + ["Who reads letters to <ada@example.com>?"]
        prompts = [
            NewPrompt(Prompt.of(text, origin="dataset", source="test", licence="CC0", attrs={"group": text}))
            for text in asked
        ]
        batch = batches.open_batch(db, h.lead, h.id)
        items = batches.add_prompts(db, h.lead, batch.id, pool.add(db, h.lead, h.id, prompts).ids)
        batches.add_replies(db, h.lead, batch.id, {item: [NewReply("Ada."), NewReply("Nobody.")] for item in items})
        batches.start(db, h.lead, batch.id)
        while (work := assignment.lease(db, h.labeller1, h.id)) is not None:
            ranking.submit(db, h.labeller1, work.assignment_id, Order([1, 2], marks=MARKS))
