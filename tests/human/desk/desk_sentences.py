"""What tests of the desk do again and again: fill a batch, write all of it, label all of it, count its states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from human.desk.people_of_the_house import House, written
from trivium.human.desk import assignment, batches, pool, ranking, writing
from trivium.human.desk.batches import NewReply
from trivium.human.desk.pool import NewPrompt
from trivium.human.desk.ranking import Order
from trivium.human.store.database import Database
from trivium.human.store.work import Batch, Item
from trivium.records import Prompt

SCALES = ("helpful", "honest", "harmless")


def batch_of(db: Session, h: House, *, num_items: int, num_replies: int) -> Batch:
    """Open a batch of prompts with imported replies `reply i.0` … of falling worth."""
    prompts = [Prompt.of(f"What is thing {n}?", origin="dataset", source="test") for n in range(num_items)]
    ids = pool.add(db, h.lead, h.id, [NewPrompt(one) for one in prompts]).ids
    batch = batches.open_batch(db, h.lead, h.id)
    items = batches.add_prompts(db, h.lead, batch.id, ids)
    batches.add_replies(
        db, h.lead, batch.id,
        {item: [NewReply(f"reply {n}.{k}", model_ref="secret-model-7") for k in range(num_replies)]
         for n, item in enumerate(items)},
    )  # fmt: skip
    return batch


def all_of(db: Session, batch_id: str) -> dict[str, int]:
    """Return how many items are in which state."""
    return dict(Counter(db.scalars(select(Item.state).where(Item.batch_id == batch_id))))


def digits_of(replies: Sequence[str]) -> list[int]:
    """Return the order of a labeller who knows: `reply n.0` is best."""
    return [int(text.rpartition(".")[2]) + 1 for text in replies]


def order_of(replies: Sequence[str]) -> Order:
    """Return a complete answer under the general rubric."""
    return Order(digits_of(replies), marks={axis: [3.0] * len(replies) for axis in SCALES}, seconds=20.0)


def label_everything(database: Database, h: House, names: Sequence[str]) -> int:
    """Let the labellers rank until nothing is left for any of them; return how many rankings were given."""
    given = 0
    busy = list(names)
    while busy:
        for name in list(busy):
            with database.write() as db:
                work = assignment.lease(db, h.actors[name], h.id)
                if work is None:
                    busy.remove(name)
                    continue
                ranking.submit(db, h.actors[name], work.assignment_id, order_of(work.replies))
                given += 1
    return given


def write_everything(database: Database, h: House, names: Sequence[str]) -> int:
    """Let the writers write until nothing is left; return how many pairs were written."""
    number = 0
    busy = list(names)
    while busy:
        for name in list(busy):
            with database.write() as db:
                work = assignment.lease(db, h.actors[name], h.id)
                if work is None:
                    busy.remove(name)
                    continue
                number += 1
                pair = written(number, str(work.attrs["task_type"]))
                writing.submit(db, h.actors[name], work.assignment_id, pair)
    return number
