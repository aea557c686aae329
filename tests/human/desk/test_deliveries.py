"""Accepted work is checked, sealed to the same bytes every time, answered by the client, and read by the road."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import pytest
from sqlalchemy import select

from human.desk.desk_sentences import all_of, batch_of, digits_of, label_everything, write_everything
from human.desk.people_of_the_house import House, house, written
from trivium.core.errors import RefusedError, SourceError
from trivium.human.delivery.read import files_in, read, verify
from trivium.human.desk import assignment, batches, deliveries, guidelines, profiles, ranking, writing
from trivium.human.desk.errors import Conflict, Invalid, NotAllowed, Unknown
from trivium.human.desk.milestone import Contents
from trivium.human.desk.milestone_files import fetch
from trivium.human.desk.ranking import Order
from trivium.human.desk.settings import ProjectSettings, SamplingPlan
from trivium.human.rubrics import RUBRICS
from trivium.human.store.database import Database
from trivium.human.store.work import Batch, Item

NONE = SamplingPlan(share=0)
UNSEEN = ProjectSettings(overlap=3, internal_qa=NONE, client_qa=NONE)


def ranked_house(database: Database, *, num_items: int = 4, gold: bool = False) -> tuple[House, Batch]:
    """Return a house whose labellers have ranked everything, and all of it is accepted."""
    with database.write() as db:
        h = house(db, "comparison", settings=UNSEEN, slug="everyday-help")
        batch = batch_of(db, h, num_items=num_items, num_replies=4)
        if gold:
            first = db.scalars(select(Item.id).where(Item.batch_id == batch.id).order_by(Item.id)).first()
            batches.set_gold(db, h.lead, str(first), ranks=[1, 2, 3, 4])
        batches.start(db, h.lead, batch.id)
    label_everything(database, h, ["labeller1", "labeller2", "labeller3"])
    return h, batch


def written_house(database: Database) -> tuple[House, Batch]:
    """Return a house whose writers have written everything, and all of it is accepted."""
    with database.write() as db:
        h = house(db, "demonstration", settings=UNSEEN)
        batch = batches.open_batch(db, h.lead, h.id)
        batches.plan_cells(db, h.lead, batch.id)
        batches.start(db, h.lead, batch.id)
    write_everything(database, h, ["writer1", "writer2", "writer3"])
    return h, batch


def test_sealing_twice_gives_the_same_bytes_also_after_delivery(database: Database) -> None:
    h, batch = written_house(database)
    with database.write() as db:
        deliveries.draft(db, h.lead, h.id, "m1", Contents(dev_share=0.2))
        states = {check.name: check.state for check in deliveries.checked(db, h.lead, h.id, "m1")}
        assert states["personal data"] == states["gold"] == states["splits"] == "ok"
        row = deliveries.seal(db, h.lead, h.id, "m1")
        assert all_of(db, batch.id) == {"delivered": 8}
        assert db.get_one(Batch, batch.id).state == "delivered"
    with database.read() as db:
        assert deliveries.sealed_again(db, h.lead, h.id, "m1")
        found = read(deliveries.all_files(db, row.id))
        assert len(found.demonstrations) == 8
        assert {one.writer for one in found.demonstrations} == {"writer1-00", "writer2-00", "writer3-00"}
        assert deliveries.archive(db, h.client_lead, h.id, "m1") == deliveries.archive(db, h.lead, h.id, "m1")
    with pytest.raises(Conflict), database.write() as db:
        deliveries.draft(db, h.lead, h.id, "m1")


def test_gold_items_never_leave(database: Database) -> None:
    h, _ = ranked_house(database, gold=True)
    with database.write() as db:
        row = deliveries.seal(db, h.lead, h.id, "m1")
        found = read(deliveries.all_files(db, row.id))
        assert len(found.consensus) == 3
        assert len(found.comparisons) == 9
        assert "1 kept back" in row.datasheet or "1" in row.datasheet


def test_rankings_are_delivered_with_mean_ranks_winner_and_loser_by_pseudonym(database: Database) -> None:
    h, _ = ranked_house(database)
    with database.write() as db:
        row = deliveries.seal(db, h.lead, h.id, "m1")
        files = deliveries.all_files(db, row.id)
        found = read(files)
        for one in found.consensus.values():
            aggregate = one.aggregate
            assert aggregate.winner is not None
            assert aggregate.replies[aggregate.winner].endswith(".0")
            assert aggregate.mean_ranks[aggregate.winner] == 1
        assert {one.ranker for one in found.comparisons} == {"labeller1-00", "labeller2-00", "labeller3-00"}
        assert all(b"example.org" not in data for data in files.values())


def test_personal_data_stops_a_milestone_until_a_lead_clears_or_replaces_it(database: Database) -> None:
    with database.write() as db:
        h = house(db, "demonstration", settings=UNSEEN)
        batch = batches.open_batch(db, h.lead, h.id)
        batches.plan_cells(db, h.lead, batch.id)
        batches.start(db, h.lead, batch.id)
        work = assignment.lease(db, h.writer1, h.id)
        assert work is not None
        pair = written(0, str(work.attrs["task_type"]), reply="Write to Ada Lind at ada.lind@example.com about it.")
        writing.submit(db, h.writer1, work.assignment_id, pair)
    write_everything(database, h, ["writer2"])
    with pytest.raises(RefusedError, match="personal data"), database.write() as db:
        deliveries.seal(db, h.lead, h.id, "m1")
    with database.write() as db:
        deliveries.draft(db, h.lead, h.id, "m1")
        stop = next(c for c in deliveries.checked(db, h.lead, h.id, "m1") if c.name == "personal data")
        deliveries.clear(db, h.lead, h.id, "m1", stop.items)
        row = deliveries.seal(db, h.lead, h.id, "m1")
        replies = [one.reply for one in read(deliveries.all_files(db, row.id)).demonstrations]
        assert any("ada.lind@example.com" in reply for reply in replies)
        row = deliveries.seal(db, h.lead, h.id, "m2", Contents(replace_personal_data=True))
        replies = [one.reply for one in read(deliveries.all_files(db, row.id)).demonstrations]
        assert not any("ada.lind@example.com" in reply for reply in replies)


def test_the_client_signs_with_their_pseudonym_and_a_rejected_milestone_is_work_again(database: Database) -> None:
    h, batch = ranked_house(database)
    with database.write() as db:
        deliveries.seal(db, h.lead, h.id, "m1")
        with pytest.raises(NotAllowed):
            deliveries.answer(db, h.lead, h.id, "m1", accept=True, signature=h.lead.pseudonym)
        with pytest.raises(Invalid, match="your pseudonym"):
            deliveries.answer(db, h.client_lead, h.id, "m1", accept=True, signature="somebody")
        name = h.client_lead.pseudonym
        with pytest.raises(Invalid, match="say what is wrong"):
            deliveries.answer(db, h.client_lead, h.id, "m1", accept=False, signature=name)
        deliveries.answer(db, h.client_lead, h.id, "m1", accept=False, signature=name, remark="too few")
        assert all_of(db, batch.id) == {"accepted": 4}
        row = deliveries.seal(db, h.lead, h.id, "m2")
        assert row.previous_id is None
        answered = deliveries.answer(db, h.client_lead, h.id, "m2", accept=True, signature=name)
        assert answered.state == "accepted"
        with pytest.raises(NotAllowed):
            deliveries.get(db, h.labeller1, h.id, "m1")


def test_what_an_erased_person_withdraws_is_missing_and_listed_in_the_next_milestone(database: Database) -> None:
    h, _ = written_house(database)
    with database.write() as db:
        deliveries.seal(db, h.lead, h.id, "m1")
        gone = list(db.scalars(select(Item.id).where(Item.author_id == h.writer1.person_id)))
        assert gone
        profiles.erase(db, h.writer1, with_texts=True)
        deliveries.seal(db, h.lead, h.id, "m2")
        found = deliveries.changes(db, h.lead, h.id, "m2")
        assert found is not None
        assert sorted(found.withdrawn) == sorted(gone)
        assert deliveries.sealed_again(db, h.lead, h.id, "m1")


def test_thumbs_become_judgements(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison", settings=UNSEEN)
        thumbs = guidelines.draft(db, h.lead, h.id, "# Thumbs", rubric=RUBRICS["thumbs"].model_dump(mode="json"))
        guidelines.publish(db, h.lead, h.id, thumbs.id)
        batches.start(db, h.lead, batch_of(db, h, num_items=1, num_replies=1).id)
        for number, actor in enumerate((h.labeller1, h.labeller2, h.labeller3)):
            guidelines.acknowledge(db, actor, h.id, thumbs.id)
            work = assignment.lease(db, actor, h.id)
            assert work is not None
            order = Order(None, {"desirable": [float(number > 0)]}, note=f"note {number}")
            ranking.submit(db, actor, work.assignment_id, order)
        row = deliveries.seal(db, h.lead, h.id, "m1")
        found = read(deliveries.all_files(db, row.id)).judgements
        assert [(one.judge, one.desirable, one.reason) for one in found] == [
            (f"labeller{n + 1}-00", n > 0, f"note {n}") for n in range(3)
        ]


def test_the_road_gets_a_sealed_milestone_as_a_folder_whose_hashes_hold(database: Database, tmp_path) -> None:  # type: ignore[no-untyped-def]
    h, _ = ranked_house(database)
    with database.write() as db:
        row = deliveries.seal(db, h.lead, h.id, "m1")
    folder = fetch(database.url, "everyday-help", "m1", tmp_path)
    assert verify(files_in(folder)) == row.manifest["whole"]
    (folder / "comparisons.jsonl.gz").write_bytes(b"other")
    again = fetch(database.url, "everyday-help", "m1", tmp_path)
    assert verify(files_in(again)) == row.manifest["whole"]
    with pytest.raises(SourceError, match="sealed there: m1"):
        fetch(database.url, "everyday-help", "m9", tmp_path)


def test_a_stranger_hears_of_no_milestone(database: Database) -> None:
    h, _ = ranked_house(database, num_items=1)
    with database.write() as db:
        deliveries.draft(db, h.lead, h.id, "m1")
        with pytest.raises(Unknown):
            deliveries.get(db, h.client_lead, h.id, "m1")
        with pytest.raises(Unknown):
            deliveries.file(db, h.lead, h.id, "m1", "../manifest.json")


def marked_house(database: Database, rubric: str, num_replies: int, answer: Callable[[list[str], int], Order]) -> House:
    """Return a house where two people marked three items under a rubric, and all of it is accepted."""
    with database.write() as db:
        h = house(db, "comparison", settings=UNSEEN.model_copy(update={"overlap": 2}), slug="marks")
        drafted = guidelines.draft(db, h.lead, h.id, "# Mark", rubric=RUBRICS[rubric].model_dump(mode="json"))
        guidelines.publish(db, h.lead, h.id, drafted.id)
        for actor in h.actors.values():
            guidelines.acknowledge(db, actor, h.id, drafted.id)
        batch = batch_of(db, h, num_items=3, num_replies=num_replies)
        batches.start(db, h.lead, batch.id)
    for person, name in enumerate(("labeller1", "labeller2")):
        for _ in range(3):
            with database.write() as db:
                work = assignment.lease(db, h.actors[name], h.id)
                assert work is not None
                ranking.submit(db, h.actors[name], work.assignment_id, answer(list(work.replies), person))
    return h


@pytest.mark.parametrize(
    ("rubric", "by"),
    [("helpsteer2", {"helpfulness"}), ("prism", {"score"}),
     ("ultrafeedback", {"instruction_following", "truthfulness", "honesty", "helpfulness"})],
)  # fmt: skip
def test_scores_alone_are_delivered_with_the_order_they_stand_for(database: Database, rubric: str, by: set[str]) -> None:
    axes = [axis.key for axis in RUBRICS[rubric].axes]

    def answer(replies: list[str], _: int) -> Order:
        better = [float(4 - digit) for digit in digits_of(replies)]  # reply n.0 is the best: 3
        worse = [float(digit) for digit in digits_of(replies)]
        return Order(None, marks={axis: better if axis in by else worse for axis in axes})

    h = marked_house(database, rubric, 3, answer)
    with database.write() as db:
        files = deliveries.all_files(db, deliveries.seal(db, h.lead, h.id, "m1").id)
        found = read(files)
    assert len(found.comparisons) == 6
    for one in found.comparisons:
        assert digits_of(one.replies) == list(one.ranks)
        assert set(one.scores) == set(axes)
    assert {one.replies[one.winner or 0].rpartition(".")[2] for one in found.aggregates} == {"0"}
    marks = [json.loads(line) for line in gzip.decompress(files["marks.jsonl.gz"]).splitlines()]
    assert {row["axis"] for row in marks} == set(axes)  # nobody gave an order
    with database.read() as db:
        assert deliveries.sealed_again(db, h.lead, h.id, "m1")


def test_how_much_better_and_the_words_beside_an_order_are_delivered(database: Database) -> None:
    def answer(replies: list[str], person: int) -> Order:
        return Order(digits_of(replies), marks={"strength": [2.0 + person]},
                     words={"reason": "It answers at once."}, note="Quick.")  # fmt: skip

    h = marked_house(database, "helpsteer3", 2, answer)
    with database.write() as db:
        found = read(deliveries.all_files(db, deliveries.seal(db, h.lead, h.id, "m1").id))
    for one in found.comparisons:
        ahead = 2.0 + (one.ranker == "labeller2-00")
        assert one.scores["strength"] == tuple(ahead if rank == 1 else -ahead for rank in one.ranks)
    assert len(found.notes) == 3
    assert {(one.axis, one.text) for said in found.notes.values() for one in said} == {
        ("note", "Quick."), ("reason", "It answers at once.")
    }  # fmt: skip


def test_the_words_of_who_was_erased_are_in_no_later_milestone(database: Database) -> None:
    h = marked_house(
        database, "hh", 2,
        lambda replies, person: Order(digits_of(replies), marks={"strength": [1.0]}, note=f"I am {person}."),
    )  # fmt: skip
    with database.write() as db:
        deliveries.seal(db, h.lead, h.id, "m1")
    with database.write() as db:
        profiles.erase(db, h.labeller1)
    with database.write() as db:
        row = deliveries.seal(db, h.lead, h.id, "m2")
        found = read(deliveries.all_files(db, row.id))
    assert {one.text for said in found.notes.values() for one in said} == {"I am 1."}
    assert len(found.comparisons) == 6  # marks stay, under the pseudonym
    with database.read() as db:
        assert deliveries.sealed_again(db, h.lead, h.id, "m1")
        assert deliveries.sealed_again(db, h.lead, h.id, "m2")


def test_a_mark_of_the_whole_of_several_replies_is_delivered_beside_them(database: Database) -> None:
    h = marked_house(
        database, "hh", 3, lambda replies, person: Order(digits_of(replies), marks={"strength": [float(person)]})
    )
    with database.write() as db:
        files = deliveries.all_files(db, deliveries.seal(db, h.lead, h.id, "m1").id)
    rows = [json.loads(line) for line in gzip.decompress(files["marks.jsonl.gz"]).splitlines()]
    whole = {(row["person"], row["value"]) for row in rows if row["reply"] is None and row["axis"] == "strength"}
    assert whole == {("labeller1-00", 0.0), ("labeller2-00", 1.0)}


def test_personal_data_in_a_note_stops_a_milestone_too(database: Database) -> None:
    h = marked_house(
        database, "thumbs", 1,
        lambda replies, person: Order(None, marks={"desirable": [float(person)]}, words={},
                                      note="as ada.lind@example.com says"),
    )  # fmt: skip
    with pytest.raises(RefusedError, match="personal data"), database.write() as db:
        deliveries.seal(db, h.lead, h.id, "m1")
    with database.write() as db:
        row = deliveries.seal(db, h.lead, h.id, "m1", Contents(replace_personal_data=True))
        found = read(deliveries.all_files(db, row.id))
    assert {one.text for said in found.notes.values() for one in said} == {"as [e-mail] says"}
    assert "6 rows made under it" in row.datasheet
    assert "Same judgement: 0.0 %" in row.datasheet
