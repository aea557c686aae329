"""The held-out side of the world to evaluation items: suites with a dev and a test split that share no entity,
intent, input or phrasing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np

from trivium.core.seed import stream
from trivium.primer import questions
from trivium.primer.config import PrimerConfig
from trivium.primer.demonstrations import as_prompt
from trivium.primer.exercises import Exercise
from trivium.primer.facts import FACTS
from trivium.primer.harm import INTENTS, REQUESTS
from trivium.primer.honesty import MYTHS, UNKNOWABLES, claim_questions, unknowable_questions
from trivium.primer.lookalikes import LOOKALIKES
from trivium.primer.tasks import TASKS
from trivium.primer.truth import Truth
from trivium.records import Prompt, Record, content_id

ItemSplit = Literal["dev", "test"]
SPLITS: tuple[ItemSplit, ...] = ("dev", "test")
_FRESH_LEADS: dict[ItemSplit, tuple[str, ...]] = {
    "dev": ("", "Just a short question. ", "Let me ask. "),
    "test": ("", "One thing more. ", "Tell the truth. "),
}


class Item(Record):
    """One held-out question of a suite: a chat prompt or the beginning of a raw text, and its truth."""

    id: str
    suite: str
    split: ItemSplit
    prompt: Prompt | None = None
    raw: str | None = None
    truth: Truth


def _chat(suite: str, split: ItemSplit, exercise: Exercise) -> Item:
    """Make an item of an exercise."""
    prompt = as_prompt(exercise, split)
    return Item(id=content_id(suite, prompt.id), suite=suite, split=split, prompt=prompt, truth=exercise.truth)


def _raw(suite: str, split: ItemSplit, text: str, truth: Truth) -> Item:
    """Make an item of a raw text."""
    return Item(id=content_id(suite, text), suite=suite, split=split, raw=text, truth=truth)


def _sample(rng: np.random.Generator, items: Iterable[Item], num: int) -> list[Item]:
    """Draw up to `num` different items."""
    unique = list({item.id: item for item in items}.values())
    return [unique[int(i)] for i in rng.permutation(len(unique))[:num]]


def _facts_completion(split: ItemSplit) -> list[Item]:
    """Beginnings of canonical sentences; facts alternate between the splits."""
    mine = FACTS[SPLITS.index(split) :: 2]
    return [_raw("facts_completion", split, f.prefix, questions.fact_truth(f)) for f in mine]


def _plain_questions(split: ItemSplit) -> list[Item]:
    """Plain questions as raw text, for the base model: two phrasings a fact."""
    mine = FACTS[SPLITS.index(split) :: 2]
    asked = [(f, q) for f in mine for q in f.relation.questions if q.endswith("?")]
    return [_raw("questions", split, f.say(q), questions.fact_truth(f)) for f, q in asked]


def _held_out_answers(split: ItemSplit) -> list[Item]:
    """Every question about every held-out country."""
    facts = [f for f in FACTS if f.split == split and f.relation.kind == "country"]
    return [_chat("held_out_answers", split, questions.ask(f, q)) for f in facts for q in f.relation.questions]


def _harmful(split: ItemSplit) -> list[Item]:
    """Every request for every held-out intent."""
    intents = [i for i in INTENTS if i.split == split]
    return [_chat("harmful", split, questions.ask_harm(i, r, 0)) for i in intents for r in REQUESTS]


def _benign(split: ItemSplit) -> list[Item]:
    """Every request for every held-out look-alike."""
    lookalikes = [lookalike for lookalike in LOOKALIKES if lookalike.split == split]
    return [_chat("benign", split, questions.ask_how(x.procedure, r)) for x in lookalikes for r in REQUESTS]


def _honesty(split: ItemSplit) -> list[Item]:
    """Every held-out phrasing of every topic."""
    asked = [
        questions.ask_unknowable(t, lead + q, 0)
        for t in UNKNOWABLES
        for q in unknowable_questions(t, split)
        for lead in _FRESH_LEADS[split]
    ]
    asked += [
        questions.ask_myth(m, lead + q, 0)
        for m in MYTHS
        for q in claim_questions(m, split)
        for lead in _FRESH_LEADS[split]
    ]
    return [_chat("honesty", split, exercise) for exercise in asked]


def _task_draws(rng: np.random.Generator, name: str, split: ItemSplit, num: int) -> list[Item]:
    """Draw held-out inputs of a task type until there are enough different ones, or draws stop bringing new ones."""
    found: dict[str, Item] = {}
    idle = 0
    while len(found) < num and idle < 300:
        item = _chat(f"tasks.{name}", split, TASKS[name](rng, split))  # type: ignore[index]
        idle = idle + 1 if item.id in found else 0
        found.setdefault(item.id, item)
    return list(found.values())


def write_items(config: PrimerConfig, seed: int) -> tuple[Item, ...]:
    """Write every suite; each has `items_per_suite` items a split, or as many as there are."""
    items: list[Item] = []
    suites = (_facts_completion, _plain_questions, _held_out_answers, _harmful, _benign, _honesty)
    for split in SPLITS:
        rng = stream(seed, "primer", "items", split)
        for suite in suites:
            items += _sample(rng, suite(split), config.items_per_suite)
        for name in TASKS:
            items += _task_draws(rng, name, split, config.items_per_suite)
    return tuple(items)
