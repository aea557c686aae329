"""A lead's program that fills a pool, opens batches, has them ranked and reviewed, seals them and says each time that it
is done; killed in the middle of anything: run by test_killed.py.

    python killed_lead.py URL PROJECT FIRST [PERSON PSEUDONYM]…    (lead, labeller, reviewer)
"""

from __future__ import annotations

import sys
from itertools import count

from human.desk.desk_sentences import order_of
from trivium.human.desk import assignment, batches, deliveries, guidelines, pool, ranking, review
from trivium.human.desk.actor import Actor
from trivium.human.desk.batches import NewReply
from trivium.human.desk.milestone import Contents
from trivium.human.desk.pool import NewPrompt
from trivium.human.desk.review import Review
from trivium.human.rubrics import RUBRICS
from trivium.human.store.database import Database
from trivium.records import Prompt

NUM_PROMPTS = 2


def main() -> None:
    """Do one whole milestone after the other until somebody kills the program."""
    url, project_id, first, *people = sys.argv[1:]
    lead, labeller, reviewer = (Actor(*pair) for pair in zip(people[::2], people[1::2], strict=True))
    database = Database(url)
    print("ready", flush=True)
    for number in count(int(first)):
        prompts = [Prompt.of(f"What is {number}.{n}?", origin="dataset", source="t") for n in range(NUM_PROMPTS)]
        rows = [NewPrompt(one, cluster_id=f"own {number}.{n}") for n, one in enumerate(prompts)]
        ids = database.run(lambda db, rows=rows: pool.add(db, lead, project_id, rows).ids)  # type: ignore[misc]
        print("pool", *ids, flush=True)
        with database.write() as db:
            rubric = RUBRICS["general"].model_dump(mode="json")
            text = guidelines.draft(db, lead, project_id, f"# Version {number}", rubric=rubric)
            guidelines.publish(db, lead, project_id, text.id)
            for one in (lead, labeller, reviewer):
                guidelines.acknowledge(db, one, project_id, text.id)
        print("guideline", text.id, flush=True)
        with database.write() as db:
            batch = batches.open_batch(db, lead, project_id)
            items = batches.add_prompts(db, lead, batch.id, ids)
            two = [NewReply("reply.0", model_ref="m"), NewReply("reply.1", model_ref="m")]
            batches.add_replies(db, lead, batch.id, dict.fromkeys(items, two))
            batches.start(db, lead, batch.id)
        print("batch", batch.id, flush=True)
        work_off(database, project_id, labeller, reviewer)
        with database.write() as db:
            row = deliveries.seal(db, lead, project_id, f"m{number}", Contents())
        print("sealed", row.id, row.manifest["whole"], flush=True)


def work_off(database: Database, project_id: str, labeller: Actor, reviewer: Actor) -> None:
    """Rank what waits for ranking, and accept what waits for review."""
    for actor in (labeller, reviewer):
        while True:
            with database.write() as db:
                work = assignment.lease(db, actor, project_id)
                if work is None:
                    break
                if work.step == "label":
                    ranking.submit(db, actor, work.assignment_id, order_of(work.replies))
                else:
                    review.submit(db, actor, work.assignment_id, Review("accept"))
            print("sent" if work.step == "label" else "reviewed", work.assignment_id, flush=True)


if __name__ == "__main__":
    main()
