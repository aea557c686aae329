"""Simulated labellers to batches of rankings under two versions of a guideline, and a milestone of the first."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from trivium.core.seed import stream
from trivium.human.desk import adjudication, assignment, batches, deliveries, pool, ranking
from trivium.human.desk.batches import NewReply
from trivium.human.desk.pool import NewPrompt
from trivium.human.desk.work import latest_replies
from trivium.human.rubrics import RUBRICS
from trivium.primer.demonstrations import as_prompt
from trivium.primer.exercises import Exercise
from trivium.primer.rankers import PANEL, Ranker
from trivium.studio import demo_texts
from trivium.studio.demo_house import SEED, House, days_ago, in_turns, review_all, tell

NUM_GOLD = 3  # a batch
PADDING = "I hope that this helps. Do tell me if you would like to hear more, because there is much more to say."
LABELLERS = ("heron-12", "finch-07", "plover-02", "swift-28", "crane-15")


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


def rank(db: Session, house: House) -> None:
    """Go the whole way with one batch under the first guideline, to a sealed milestone that the client accepted; under
    the second leave one ready for the next seal, one to be decided, and one to be ranked.
    """
    lead, slug = house.actors["lark-01"], "everyday-help"
    general = RUBRICS["general"].model_dump(mode="json")
    _rank_batch(db, house, size=36, noise=1.5, days=(13, 8.5))
    with days_ago(db, 8):
        _decide(db, house)
        _review_ranked(db, house)
        deliveries.seal(db, lead, house.projects[slug].id, "m1")
    with days_ago(db, 7):
        client = house.actors["stork-09"]
        deliveries.answer(db, client, house.projects[slug].id, "m1", accept=True, signature=client.pseudonym)
        tell(db, house, slug, demo_texts.RANKING_2, general, demo_texts.CHANGED)
    _rank_batch(db, house, size=24, noise=0.8, days=(6, 3))
    with days_ago(db, 2):
        _decide(db, house)
        _review_ranked(db, house)
    _rank_batch(db, house, size=16, noise=2.6, days=(1.5, 0.5))
    _rank_batch(db, house, size=20, noise=0.8, days=(0.2, 0.05), begun=True)


def _rank_batch(
    db: Session, house: House, *, size: int, noise: float, days: tuple[float, float], begun: bool = False
) -> None:
    """Open a batch and rank it through; or, where it is only begun, leave much of it to visitors."""
    chosen, house.exercises = house.exercises[:size], house.exercises[size:]
    with days_ago(db, days[0]):
        _open_ranked(db, house, chosen)
    left = {name: 10_000 if not begun else 0 if name == "heron-12" else 8 for name in LABELLERS}
    felt = {
        name: Ranker(name, ranker.noise * noise, ranker.length_bias, ranker.position_bias)
        for name, ranker in zip(LABELLERS, PANEL, strict=True)
    }

    def act(name: str) -> bool:
        left[name] -= 1
        return left[name] >= 0 and _rank_one(db, house, name, felt[name])

    in_turns(db, LABELLERS, days, size * len(LABELLERS) if not begun else 8 * (len(LABELLERS) - 1), act)


def _open_ranked(db: Session, house: House, chosen: Sequence[Exercise]) -> None:
    """Open a batch with four replies to each prompt, some of which are gold."""
    lead, project = house.actors["lark-01"], house.projects["everyday-help"]
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


def _review_ranked(db: Session, house: House) -> None:
    review_all(db, house, "everyday-help", "qa_internal")
    review_all(db, house, "everyday-help", "qa_client")


def _make_gold(db: Session, house: House, item_id: str, one: Exercise) -> None:
    """Mark an item whose best reply is known, the others being as bad; nobody who ranks it can tell."""
    golds = [house.golds[one.text, row.content] for row in latest_replies(db, item_id)]
    ranks = [1 if gold == max(golds) else 2 for gold in golds]
    batches.set_gold(db, house.actors["lark-01"], item_id, ranks)


def _rank_one(db: Session, house: House, name: str, ranker: Ranker) -> bool:
    """Let somebody rank one item as they feel about its replies; say whether there was one."""
    actor, project_id = house.actors[name], house.projects["everyday-help"].id
    work = assignment.lease(db, actor, project_id, step="label")
    if work is None:
        return False
    prompt = work.messages[-1].content
    golds = [house.golds[prompt, text] for text in work.replies]
    ordered = sorted(work.replies)  # ids and places on the page are of chance, what is felt is not
    ranks = ranker.rank(prompt, ordered, [house.golds[prompt, text] for text in ordered], SEED)
    felt = dict(zip(ordered, ranks, strict=True))
    digits = tuple(felt[text] for text in work.replies)
    draw = stream(SEED, "demo marks", name, prompt)
    marks: dict[str, list[float | None]] = {}
    for axis in RUBRICS["general"].axes:
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
    return True


def _decide(db: Session, house: House) -> None:
    """Let the lead settle what is contested."""
    lead, project_id = house.actors["lark-01"], house.projects["everyday-help"].id
    while work := assignment.lease(db, lead, project_id, step="adjudicate"):
        adjudication.decide(
            db, lead, work.assignment_id, "no_pair", note="Both are as good; no pair is better than a wrong one."
        )
