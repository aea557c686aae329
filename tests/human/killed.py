"""A labeller's program that says what was acknowledged and is killed in the middle of anything: run by test_killed.py.

    python killed.py URL PROJECT PERSON PSEUDONYM
"""

from __future__ import annotations

import sys

from human.desk.desk_sentences import order_of
from trivium.human.desk import assignment, ranking
from trivium.human.desk.actor import Actor
from trivium.human.store.database import Database


def main() -> None:
    """Rank until nothing is left or somebody kills the program; print each hold that was acknowledged."""
    url, project_id, person_id, pseudonym = sys.argv[1:]
    database, actor = Database(url), Actor(person_id, pseudonym)
    print("ready", flush=True)
    number = 0
    while True:
        with database.write() as db:
            work = assignment.lease(db, actor, project_id)
        if work is None:
            return
        number += 1
        with database.write() as db:
            assignment.save_draft(db, actor, work.assignment_id, {"note": f"draft {number}"}, rev=work.draft_rev)
        print(f"draft {work.assignment_id} draft {number}", flush=True)
        with database.write() as db:
            ranking.submit(db, actor, work.assignment_id, order_of(work.replies))
        print(f"sent {work.assignment_id}", flush=True)


if __name__ == "__main__":
    main()
