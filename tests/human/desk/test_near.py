from __future__ import annotations

from sqlalchemy import insert, select

from human.desk.people_of_the_house import house
from trivium.human.desk import near, pool
from trivium.human.desk.pool import NewPrompt
from trivium.human.store.columns import core
from trivium.human.store.database import Database
from trivium.human.store.projects import PoolPrompt
from trivium.records import Prompt


def test_a_prompt_that_another_process_kept_late_is_found(database: Database) -> None:
    first, late = "How do I keep bread from going stale within two days?", "What do the rings of a tree trunk tell about it?"
    with database.write() as db:
        h = house(db, "demonstration")
        pool.add(db, h.lead, h.id, [NewPrompt(Prompt.of(first, origin="dataset", source="t"))])
    with database.read() as db:
        known = near.nearest(db, h.writer1, h.id, first, least=0.9)
        assert [one.text for one in known] == [first]
        row = dict(db.execute(select(core(PoolPrompt)).where(PoolPrompt.id == known[0].id)).one()._mapping)
    made_before = f"{int(row['id'][:12], 16) - 1_000:012x}{row['id'][12:]}"
    row |= {"id": made_before, "sha256": "0" * 64, "search_text": late, "cluster_id": made_before}
    with database.write() as db:
        db.execute(insert(core(PoolPrompt)).values(row))
    with database.read() as db:
        assert [one.id for one in near.nearest(db, h.writer1, h.id, late, least=0.9)] == [made_before]
        assert [one.text for one in near.nearest(db, h.writer1, h.id, first, least=0.9)] == [first]
