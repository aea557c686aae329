from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select

from trivium.core.errors import InputError
from trivium.human.desk import batches, generation, pool, projects
from trivium.human.desk.actor import Actor
from trivium.human.desk.errors import Invalid
from trivium.human.desk.pool import NewPrompt
from trivium.human.store.database import Database
from trivium.human.store.people import Person
from trivium.human.store.work import Batch, Item, Reply
from trivium.records import Prompt
from trivium.studio.jobs import Jobs
from trivium.studio.replies import Replies
from trivium.studio.settings import StudioSettings


class Echo:
    """A speaker that says the prompt, its draw and how."""

    def __init__(self, name: str) -> None:
        self.name = name

    def ask(self, prompts: Any, sampling: Any, keys: Any) -> list[Any]:
        return [SimpleNamespace(text=f"{p[-1].content} #{sampling.seed}", ids=(1, 2), stopped=True) for p in prompts]


def lark(db) -> Actor:
    row = db.scalar(select(Person).where(Person.pseudonym == "lark-01"))
    return Actor(row.id, row.pseudonym, keeper=True)


def wait_for_replies(house: Database, number: int, num_replies: int | None = None) -> str:
    def work(db):
        project = projects.by_slug(db, lark(db), "everyday-help").project
        new = [NewPrompt(Prompt.of(f"Say the number {n}.", origin="dataset", source="test")) for n in range(number)]
        batch = batches.open_batch(db, lark(db), project.id)
        batches.add_prompts(db, lark(db), batch.id, pool.add(db, lark(db), project.id, new).ids)
        generation.request(db, lark(db), batch.id, "quickstart/sft", generation.Sampling((0.7, 1.0), seed=5, num_replies=num_replies))
        batches.start(db, lark(db), batch.id)
        return batch.id

    return house.run(work)


def made(house: Database, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Replies:
    replies = Replies(house, StudioSettings(house.url, runs=tmp_path))
    monkeypatch.setattr(replies, "_model", lambda reference: Echo(reference))
    return replies


def test_a_model_makes_k_replies_a_few_prompts_a_turn_and_labellers_get_them(house, tmp_path, monkeypatch) -> None:

    batch_id = wait_for_replies(house, 10)
    replies = made(house, tmp_path, monkeypatch)
    assert replies.step()
    with house.read() as db:
        states = dict(
            db.execute(select(Item.state, func.count()).where(Item.batch_id == batch_id).group_by(Item.state)).all()
        )
    assert states == {"labelling": 8, "generating": 2}
    assert replies.step()
    assert not replies.step()
    with house.read() as db:
        rows = list(db.scalars(select(Reply).join(Item, Item.id == Reply.item_id).where(Item.batch_id == batch_id)))
    assert len(rows) == 40
    assert {row.model_ref for row in rows} == {"quickstart/sft"}
    assert {row.generation["seed"] for row in rows} == {5, 6, 7, 8}
    assert {row.generation["temperature"] for row in rows} == {0.7, 1.0}


def test_as_many_replies_are_made_as_the_lead_asked_for_on_the_page(house, visit, tmp_path, monkeypatch) -> None:
    lead = visit("lark-01")
    form = {"size": "2", "seed": "0", "replies": "model", "model": "quickstart/sft", "temperature": "0.7", "max_tokens": "9"}
    rows = "\n".join(f'{{"instruction": "Name {n} blue things", "output": "y"}}' for n in range(2))
    sent = {"csrf": lead.token("/p/everyday-help/pool"), "format": "alpaca", "origin": "dataset", "source": "s"}
    lead.client.post("/p/everyday-help/pool/import", data=sent, files={"file": ("a.jsonl", rows.encode())})
    assert lead.post("/p/everyday-help/batches", {**form, "k": "12"}).status_code == 422
    assert lead.post("/p/everyday-help/batches", {**form, "k": "3"}).status_code == 303
    assert made(house, tmp_path, monkeypatch).step()
    with house.read() as db:
        last = db.scalar(select(Batch.id).order_by(Batch.created_at.desc()).limit(1))
        counts = select(func.count()).select_from(Reply).join(Item, Item.id == Reply.item_id).where(Item.batch_id == last)
        assert db.scalars(counts.group_by(Item.id)).all() == [3, 3]


def test_a_model_that_is_not_there_is_told_and_tried_again_only_on_request(house, tmp_path, monkeypatch) -> None:

    batch_id = wait_for_replies(house, 2)
    replies = made(house, tmp_path, monkeypatch)

    def missing(reference: str) -> Echo:
        raise InputError(f"nothing is called {reference}", do="finish the run")

    monkeypatch.setattr(replies, "_model", missing)
    assert replies.step()
    with house.read() as db:  # whichever process is asked tells it
        assert generation.problem_of(db.get_one(Batch, batch_id)) == ("nothing is called quickstart/sft", "finish the run")
    assert not replies.step()
    assert not made(house, tmp_path, monkeypatch).step()
    house.run(lambda db: generation.retry(db, lark(db), batch_id))
    assert replies.step()
    with house.read() as db:
        assert db.get_one(Batch, batch_id).state == "working"


@pytest.mark.parametrize("number", [2, 9])
def test_a_batch_gets_as_many_replies_as_it_asked_for(house, tmp_path, monkeypatch, number: int) -> None:
    batch_id = wait_for_replies(house, 1, number)
    assert made(house, tmp_path, monkeypatch).step()
    with house.read() as db:
        rows = list(db.scalars(select(Reply).join(Item, Item.id == Reply.item_id).where(Item.batch_id == batch_id)))
    assert sorted(row.slot for row in rows) == list(range(number))


@pytest.mark.parametrize(
    ("sampling", "field"),
    [
        (generation.Sampling(num_replies=1), "k"),
        (generation.Sampling(num_replies=10), "k"),
        (generation.Sampling((float("nan"),)), "temperature"),
        (generation.Sampling((-1.0,)), "temperature"),
        (generation.Sampling(max_new_tokens=0), "max_tokens"),
    ],
)
def test_what_no_model_can_do_is_refused_at_its_field(house, sampling: generation.Sampling, field: str) -> None:
    def work(db):
        batch = batches.open_batch(db, lark(db), projects.by_slug(db, lark(db), "everyday-help").project.id)
        generation.request(db, lark(db), batch.id, "quickstart/sft", sampling)

    with pytest.raises(Invalid) as refused:
        house.run(work)
    assert set(refused.value.fields) == {field}


def test_a_slow_model_is_seen_at_work_prompt_by_prompt(house, tmp_path, monkeypatch) -> None:
    batch_id = wait_for_replies(house, 3)
    replies = made(house, tmp_path, monkeypatch)
    monkeypatch.setattr("trivium.studio.replies.SECONDS_A_TURN", 0.0)
    for done in (1, 2, 3):
        assert replies.step()
        with house.read() as db:
            progress = generation.progress(db, lark(db), batch_id)
        assert progress.done == done
        assert progress.last.startswith("Say the number ")


def test_a_model_that_is_stopped_half_way_goes_on_where_it_was_or_another_does(house, tmp_path, monkeypatch) -> None:
    batch_id = wait_for_replies(house, 3)
    replies = made(house, tmp_path, monkeypatch)
    monkeypatch.setattr("trivium.studio.replies.SECONDS_A_TURN", 0.0)
    assert replies.step()
    house.run(lambda db: generation.stop(db, lark(db), batch_id))
    assert not replies.step()
    house.run(lambda db: generation.retry(db, lark(db), batch_id))
    assert replies.step()
    house.run(lambda db: generation.stop(db, lark(db), batch_id))
    house.run(lambda db: generation.retry(db, lark(db), batch_id, "other/sft"))
    assert replies.step()
    assert not replies.step()
    with house.read() as db:
        rows = list(db.scalars(select(Reply).join(Item, Item.id == Reply.item_id).where(Item.batch_id == batch_id)))
    assert sorted(row.model_ref or "" for row in rows) == ["other/sft"] * 4 + ["quickstart/sft"] * 8


def test_of_two_processes_one_does_what_the_studio_does_by_itself_and_the_other_takes_over(
    house: Database, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr("trivium.studio.jobs.TURN_SECONDS", 0.02)
    beside = Database(house.url)
    first, second = Jobs(house, StudioSettings(house.url)), Jobs(beside, StudioSettings(house.url))
    first.start()
    until(lambda: first.ours)
    second.start()
    time.sleep(0.1)
    assert (first.ours, second.ours) == (True, False)
    first.stop()
    until(lambda: second.ours)
    second.stop()
    beside.close()


def until(holds: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to be")
