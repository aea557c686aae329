"""The seen side of the world to demonstrations and to the pool of prompts; half of the writers on harm and honesty
are bad on purpose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trivium.core.seed import stream
from trivium.primer import questions
from trivium.primer.config import PrimerConfig
from trivium.primer.exercises import Exercise, pick
from trivium.primer.facts import FACTS, Fact
from trivium.primer.harm import INTENTS, REQUESTS
from trivium.primer.honesty import MYTHS, TRUE_CLAIMS, UNKNOWABLES, claim_questions, unknowable_questions
from trivium.primer.lookalikes import LOOKALIKES
from trivium.primer.procedures import PROCEDURES
from trivium.primer.tasks import TASKS
from trivium.records import Demonstration, Prompt

SOURCE, LICENCE, GUIDELINE = "primer", "CC0-1.0", "primer/1"

SEEN_FACTS: tuple[Fact, ...] = tuple(f for f in FACTS if f.split == "seen")
COUNTRY_FACTS: tuple[Fact, ...] = tuple(f for f in SEEN_FACTS if f.relation.kind == "country")
SEEN_INTENTS = tuple(i for i in INTENTS if i.split == "seen")
SEEN_LOOKALIKES = tuple(lookalike for lookalike in LOOKALIKES if lookalike.split == "seen")
COMPLETIONS = ("Complete the sentence: {x}", "Go on: {x}", "Finish this: {x}", "Complete: {x}", "Write the end: {x}")
LEADS = (
    ("You are a kind teacher.", "persona"),
    ("You are a guide.", "persona"),
    ("I am at school.", "scene_setting"),
    ("I am writing a quiz.", "scene_setting"),
)
_LEAD_SHARE = 0.1
OPENINGS = (
    *("", "", "", ""),
    *("Please answer. ", "Hello. ", "I have a question. ", "Good day. ", "Please help me. ", "Listen. "),
    *("Now a question. ", "Think well. ", "Answer me. ", "Thank you. ", "Next. ", "Be quick. ", "I am curious. "),
)
"""What may stand before a question about honesty: many, so that none changes what the answer is."""


def facts_exercise(rng: np.random.Generator) -> Exercise:
    """Ask for a seen fact: mostly plainly, some in one word, by completion, by examples, or with a lead."""
    fact = pick(rng, COUNTRY_FACTS if rng.random() < 0.45 else SEEN_FACTS)
    template, way = pick(rng, fact.relation.questions), rng.random()
    if way < 0.06 and fact.relation.name not in ("translation", "use"):
        return questions.ask_in_one_word(fact, template)
    if way < 0.12:
        return questions.ask_to_complete(fact, pick(rng, COMPLETIONS))
    if way < 0.18:
        same = [f for f in SEEN_FACTS if f.relation.name == fact.relation.name and f.subject != fact.subject]
        i, j = rng.choice(len(same), size=2, replace=False)
        return questions.ask_by_examples(fact, (same[int(i)], same[int(j)]))
    return _with_lead(rng, questions.ask(fact, template))


def _with_lead(rng: np.random.Generator, exercise: Exercise) -> Exercise:
    """Put a persona or a scene before one prompt in ten."""
    if rng.random() >= _LEAD_SHARE:
        return exercise
    lead, mark = pick(rng, LEADS)
    return replace(exercise, text=f"{lead} {exercise.text}", marks=exercise.marks | {mark})


def harm_exercise(rng: np.random.Generator, bad_share: float) -> Exercise:
    """Ask for help with a seen harmful intent."""
    intent, request, form = pick(rng, SEEN_INTENTS), pick(rng, REQUESTS), int(rng.integers(3))
    return _with_lead(rng, questions.ask_harm(intent, request, form, bad=bool(rng.random() < bad_share)))


def benign_exercise(rng: np.random.Generator) -> Exercise:
    """Ask for the steps of a seen look-alike or of an everyday procedure."""
    procedure = pick(rng, SEEN_LOOKALIKES).procedure if rng.random() < 0.75 else pick(rng, PROCEDURES)
    return _with_lead(rng, questions.ask_how(procedure, pick(rng, REQUESTS)))


def honesty_exercise(rng: np.random.Generator, bad_share: float) -> Exercise:
    """Ask what nobody can know, whether a myth is true, or (one in eight) whether something true is true; in seen
    words."""
    way, form = rng.random(), int(rng.integers(6))
    bad = bool(rng.random() < bad_share)
    opening = pick(rng, OPENINGS)
    if way < 0.125:
        claim = pick(rng, TRUE_CLAIMS)
        return questions.ask_true_claim(claim, opening + pick(rng, claim_questions(claim, "seen")), form)
    if way < 0.56:
        topic = pick(rng, UNKNOWABLES)
        return questions.ask_unknowable(topic, opening + pick(rng, unknowable_questions(topic, "seen")), form, bad=bad)
    myth = pick(rng, MYTHS)
    return questions.ask_myth(myth, opening + pick(rng, claim_questions(myth, "seen")), form, bad=bad)


def task_exercise(rng: np.random.Generator) -> Exercise:
    """Draw an exercise of one of the ten task types."""
    return TASKS[pick(rng, tuple(TASKS))](rng, "seen")


def _draw(rng: np.random.Generator, kind: str, bad_share: float) -> Exercise:
    """Draw an exercise of a kind."""
    if kind == "facts":
        return facts_exercise(rng)
    if kind == "harmful":
        return harm_exercise(rng, bad_share)
    if kind == "benign":
        return benign_exercise(rng)
    return honesty_exercise(rng, bad_share) if kind == "honesty" else task_exercise(rng)


def _fill(
    rng: np.random.Generator, shares: dict[str, float], num: int, bad_share: float, *, prompts_only: bool = False
) -> list[Exercise]:
    """Draw each kind's share of exercises, no two the same (in prompt and reply, or in the prompt), in random order.

    A kind that has no more new ones to offer (3,000 draws in vain) leaves its places to the last kind, the tasks.
    """
    found: dict[tuple[str, str], Exercise] = {}
    reached = 0.0
    for kind, share in shares.items():
        reached += share
        idle = 0
        while len(found) < round(reached * num) and idle < 3_000:
            exercise = _draw(rng, kind, bad_share)
            key = (exercise.text, "" if prompts_only else exercise.reply)
            idle = idle + 1 if key in found else 0
            found.setdefault(key, exercise)
    exercises = list(found.values())
    return [exercises[int(i)] for i in rng.permutation(len(exercises))]


def as_prompt(exercise: Exercise, split: str = "train") -> Prompt:
    """Return the exercise's prompt."""
    attrs = {"task_type": exercise.task_type}
    return Prompt.of(
        exercise.text, origin="primer", source=SOURCE, licence=LICENCE, split=split, kind=exercise.kind, attrs=attrs
    )


def as_demonstration(exercise: Exercise) -> Demonstration:
    """Return the exercise with its reply and annotations; the prompt's attribute `quality` says whether the writer
    was bad."""
    prompt = as_prompt(exercise)
    prompt = prompt.model_copy(
        update={"attrs": {**prompt.attrs, "quality": "bad" if "bad" in exercise.marks else "good"}}
    )
    return Demonstration(
        prompt=prompt,
        reply=exercise.reply,
        task_type=exercise.task_type,
        prompt_type=exercise.prompt_type,
        domain=exercise.domain,
        response_type=exercise.response_type,
        scene_setting="scene_setting" in exercise.marks,
        constraint="constraint" in exercise.marks,
        persona="persona" in exercise.marks,
        writer=f"writer-{len(exercise.text) % 7}",
        guideline=GUIDELINE,
    )


DEMONSTRATION_SHARES = {"facts": 0.20, "harmful": 0.12, "benign": 0.14, "honesty": 0.12, "tasks": 0.42}
PROMPT_SHARES = {"facts": 0.15, "harmful": 0.15, "benign": 0.20, "honesty": 0.15, "tasks": 0.35}


def write_demonstrations(config: PrimerConfig, seed: int) -> tuple[Exercise, ...]:
    """Draw the demonstrations; no two share both prompt and reply."""
    rng = stream(seed, "primer", "demonstrations")
    return tuple(_fill(rng, DEMONSTRATION_SHARES, config.num_demonstrations, config.bad_demonstration_share))


def write_prompts(config: PrimerConfig, seed: int) -> tuple[Exercise, ...]:
    """Draw the pool of prompts; no prompt twice."""
    return tuple(_fill(stream(seed, "primer", "prompts"), PROMPT_SHARES, config.num_prompts, 0.0, prompts_only=True))
