"""Files that come in by the pool's page: what is taken, what is said of it, and nothing of it dropped in silence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from studio.visitors import Visitor
from trivium.human.store.database import Database
from trivium.human.store.projects import PoolPrompt, Project
from trivium.human.store.work import Batch, Item, Reply

Visit = Callable[[str | None], Visitor]
SLUG = "everyday-help"


def upload(visitor: Visitor, name: str, rows: list[dict[str, Any]], **form: str) -> str:
    """Send a file to the pool and return the page that answers."""
    page = f"/p/{SLUG}/pool"
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    sent = {"csrf": visitor.token(page), "format": "", "origin": "dataset", "source": "test", **form}
    answer = visitor.client.post(f"{page}/import", data=sent, files={"file": (name, data)})
    assert answer.status_code == 200, answer.text
    return answer.text


def items_of(house: Database) -> list[tuple[str, list[str]]]:
    """Return (prompt, replies) of each item of the newest batch."""
    with house.read() as db:
        project = db.scalars(select(Project.id).where(Project.slug == SLUG)).one()
        newest = select(Batch.id).where(Batch.project_id == project).order_by(Batch.ordinal.desc()).limit(1)
        items = db.execute(
            select(Item.id, PoolPrompt.search_text)
            .join(PoolPrompt, PoolPrompt.id == Item.prompt_id)
            .where(Item.batch_id == newest.scalar_subquery())
            .order_by(Item.id)
        ).all()
        replies = select(Reply.content).order_by(Reply.slot)
        return sorted((text, list(db.scalars(replies.where(Reply.item_id == item)))) for item, text in items)


def test_each_set_of_replies_to_a_prompt_is_an_item_and_several_orders_of_one_are_one(
    visit: Visit, house: Database
) -> None:
    rows = [{"prompt": "Name a tool.", "chosen": better, "rejected": worse}
            for better, worse in (("A saw.", "A song."), ("A song.", "A saw."), ("An adze.", "A saw."))]  # fmt: skip
    page = upload(visit("lark-01"), "pairs.jsonl", rows, **{"as": "batch"})
    assert "1 prompt is new" in page
    assert items_of(house) == [("Name a tool.", ["A saw.", "A song."]), ("Name a tool.", ["An adze.", "A saw."])]


def test_single_replies_come_in_as_a_batch_to_be_judged(visit: Visit, house: Database) -> None:
    lead = visit("lark-01")
    edit = "/p/everyday-help/guideline/edit"
    [after] = re.findall(r'name="after" value="(\d+)"', lead.get(edit).text)
    told = {"after": after, "markdown": "Would you want it?", "rubric": "thumbs", "do": "publish"}
    assert lead.post("/p/everyday-help/guideline", told, page=edit).status_code == 303
    rows = [{"prompt": f"Say {n}.", "completion": f"It is {n}.", "label": n == 1} for n in range(2)]
    upload(lead, "thumbs.jsonl", rows, **{"as": "batch"})
    assert items_of(house) == [("Say 0.", ["It is 0."]), ("Say 1.", ["It is 1."])]


def test_what_a_row_said_of_its_replies_does_not_stay_with_the_prompt(visit: Visit, house: Database) -> None:
    made = [{"response": text, "model": "a-model", "fine-grained_score": score}
            for text, score in (("A saw.", 3), ("A song.", 1))]  # fmt: skip
    row = {"instruction": "Name a loud tool.", "completions": made, "correct_answers": ["A saw."]}
    upload(visit("lark-01"), "uf.jsonl", [row])
    with house.read() as db:
        found = db.scalars(select(PoolPrompt).where(PoolPrompt.search_text == "Name a loud tool.")).one()
        assert found.attrs == {}


def test_an_order_that_came_as_a_bare_list_is_warned_of(visit: Visit) -> None:
    fields = {"prompt": "Name a quiet tool.", "response-1": "A saw.", "response-2": "A file."}
    said = {"ranking": [{"value": ["response-2", "response-1"], "user_id": "u"}]}
    page = upload(visit("lark-01"), "argilla.jsonl", [{"id": "1", "fields": fields, "responses": said}])
    assert "1 order came as a bare list" in page
    ranks = [{"value": "response-1", "rank": 1}, {"value": "response-2", "rank": 1}]
    exact = {"ranking": [{"value": ranks, "user_id": "u"}]}
    assert "bare list" not in upload(
        visit("lark-01"), "argilla.jsonl", [{"id": "1", "fields": fields, "responses": exact}]
    )


def test_more_bad_lines_than_are_listed_are_counted(visit: Visit) -> None:
    rows = [{"instruction": "Name a tool for wood.", "output": "A plane."}, *[{"instruction": 5}] * 250]
    page = upload(visit("lark-01"), "many.jsonl", rows, format="alpaca")
    assert "250 lines were left out" in page
    assert '<td class="n">201</td>' in page
    assert "and 50 more" in page


def test_a_demonstration_brings_its_language_along(visit: Visit, house: Database) -> None:
    node = {"review_result": True, "deleted": False, "synthetic": False, "lang": "de", "labels": {}}
    reply = {**node, "message_id": "r", "parent_id": "q", "text": "Eine Säge.", "role": "assistant", "replies": []}
    root = {**node, "message_id": "q", "text": "Nenne ein Werkzeug.", "role": "prompter", "replies": [reply]}
    tree = {"message_tree_id": "q", "tree_state": "ready_for_export", "prompt": root}
    upload(visit("lark-01"), "trees.jsonl", [tree], format="oasst-demonstrations")
    with house.read() as db:
        found = db.scalars(select(PoolPrompt).where(PoolPrompt.search_text == "Nenne ein Werkzeug.")).one()
        assert found.language == "de"


def test_nothing_is_drawn_into_a_guard_s_queue_and_its_page_says_how_it_fills(visit: Visit) -> None:
    lark, page = visit("lark-01"), "/p/door-watch/batches"
    shown = lark.get(page).text
    assert "POST /api/v1/projects/door-watch/guard-decisions" in shown
    assert "being judged" in shown
    assert lark.post(page, {"size": "1", "model": "x"}, page="/p/door-watch/pool").status_code == 409
