"""The ten task types to exercises: every function draws one exercise of its type from the seen, dev or test inputs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from trivium.primer import scenes
from trivium.primer.categories import CATEGORIES, listing
from trivium.primer.exercises import Exercise, pick, pick_two
from trivium.primer.facts import FACTS, bare
from trivium.primer.geography import Split
from trivium.primer.nature import with_article
from trivium.primer.questions import ask
from trivium.primer.truth import Truth
from trivium.records import TaskType


def _slots(rng: np.random.Generator, first: tuple[str, ...], second: tuple[str, ...], split: Split) -> tuple[str, str]:
    """Draw a pair of slots that belongs to the split."""
    while True:
        i, j = int(rng.integers(len(first))), int(rng.integers(len(second)))
        if scenes.pair_split(i, j) == split:
            return first[i], second[j]


def _other(rng: np.random.Generator, options: tuple[str, ...], *taken: str) -> str:
    """Draw an option that is not taken."""
    return pick(rng, [o for o in options if o not in taken])


def generation(rng: np.random.Generator, split: Split) -> Exercise:
    """Write a little story about a name and a pet."""
    name, pet = _slots(rng, scenes.NAMES, scenes.PETS, split)
    prompt = pick(
        rng,
        (
            "Write a story about {n} and {p}.",
            "Tell a short story with {n} and {p}.",
            "Make up a story about {n} and {p}.",
            "Write a few lines about {n} and {p}.",
            "I need a story about {n} and {p}.",
            "Please tell a story about {n} and {p}.",
        ),
    )
    place = pick(rng, scenes.PLACES)
    story = pick(
        rng,
        (
            f"{name} met a {pet} in the {place}. They played all day. Then {name} went home.",
            f"One day {name} saw a {pet} near the {place}. The {pet} was hungry. {name} gave it some food.",
            f"{name} had a {pet}. Every day they went to the {place}. They were good friends.",
        ),
    )
    rivals = tuple(o for o in (*scenes.NAMES, *scenes.PETS) if o not in (name, pet))
    truth = Truth(kind="keywords", keywords=(name, pet), rivals=rivals, min_words=9)
    marks = frozenset({"constraint"}) if "short" in prompt or "few" in prompt else frozenset()
    text = prompt.format(n=name, p=with_article(pet))
    return Exercise(text, story, truth, "generation", "generation", "literature", "descriptive", marks=marks)


def brainstorming(rng: np.random.Generator, split: Split) -> Exercise:
    """Name two or three members of a category."""
    category = pick(rng, [c for c in CATEGORIES if c.split == split])
    num = 3 if len(category.seen_members) >= 3 and rng.random() < 0.5 else 2
    prompt = pick(
        rng,
        (
            "Name {k} {c}.",
            "Think of {k} {c}.",
            "List {k} {c}.",
            "Give me {k} {c}.",
            "I need {k} {c}.",
            "Find {k} {c}.",
            "Please name {k} {c}.",
            "Can you name {k} {c}?",
            "Come up with {k} {c}.",
            "Suggest {k} {c}.",
        ),
    )
    members = tuple(category.seen_members[int(i)] for i in rng.permutation(len(category.seen_members))[:num])
    truth = Truth(
        kind="members", answers=tuple(bare(m) for m in category.members), rivals=category.strangers, at_least=num
    )
    text = prompt.format(k={2: "two", 3: "three"}[num], c=category.phrase)
    reply = f"{listing(category, members)}."
    return Exercise(
        text, reply, truth, "brainstorming", "brainstorming", "culture", "short_phrase", marks=frozenset({"constraint"})
    )


def open_qa(rng: np.random.Generator, split: Split) -> Exercise:
    """Ask for a fact that is not about a country where it is held out (those have their own suite)."""
    facts = [f for f in FACTS if f.split == split and (split == "seen" or f.relation.kind != "country")]
    fact = pick(rng, facts)
    return ask(fact, pick(rng, fact.relation.questions))


def rewriting(rng: np.random.Generator, split: Split) -> Exercise:
    """Rewrite a sentence: another name, another colour, or the past."""
    way = int(rng.integers(3))
    if way == 2:
        name, place = _slots(rng, scenes.NAMES, scenes.PLACES, split)
        present, past = pick(rng, scenes.MOVES)
        prompt = pick(
            rng,
            (
                "Put this in the past: {x}",
                "Rewrite in the past: {x}",
                "Change to the past: {x}",
                "Say it in the past: {x}",
                "Write this in the past: {x}",
            ),
        )
        before, after = f"{name} {present} to the {place}.", f"{name} {past} to the {place}."
    else:
        name, thing = _slots(rng, scenes.NAMES, scenes.THINGS, split)
        colour = pick(rng, scenes.COLOURS)
        before = f"{name} has a {colour} {thing}."
        if way == 0:
            new = _other(rng, scenes.NAMES, name)
            prompt = pick(
                rng,
                (
                    "Put {w} in place of {o}: {x}",
                    "Rewrite with {w}: {x}",
                    "Change the name to {w}: {x}",
                    "Use the name {w}: {x}",
                    "Write this with the name {w}: {x}",
                ),
            ).replace("{o}", name)
            after = f"{new} has a {colour} {thing}."
        else:
            new = _other(rng, scenes.COLOURS, colour)
            prompt = pick(
                rng,
                (
                    "Change the colour to {w}: {x}",
                    "Make it {w}: {x}",
                    "Rewrite with the colour {w}: {x}",
                    "Use {w}: {x}",
                    "Write this with {w}: {x}",
                ),
            )
            after = f"{name} has a {new} {thing}."
        prompt = prompt.replace("{w}", new)
    truth = Truth(kind="text", answers=(after,))
    return Exercise(prompt.replace("{x}", before), after, truth, "rewriting", "rewriting", "language")


def summarization(rng: np.random.Generator, split: Split) -> Exercise:
    """Sum up a notice or a small story in one sentence."""
    if rng.random() < 0.5:
        place, day = _slots(rng, scenes.PLACES, scenes.DAYS, split)
        key = pick(rng, (f"The {place} will be closed on {day}.", f"On {day} the {place} will be closed."))
        fill = pick(
            rng,
            (
                "We are sorry for the trouble.",
                "Please come back another time.",
                "Thank you for your patience.",
                "Workers will mend the roof.",
            ),
        )
        extra = pick(
            rng,
            (
                "Call us if you need help.",
                "The doors open again soon.",
                "All visitors are asked to wait.",
                "There is nothing else to do.",
            ),
        )
        passage = f"{key} {fill} {extra}" if rng.random() < 0.6 else f"{fill} {key} {extra}"
        keywords: tuple[str, ...] = (place, "closed", day)
        reply = f"The {place} is closed on {day}."
        rivals = tuple(o for o in (*scenes.PLACES, *scenes.DAYS) if o not in (place, day))
    else:
        name, thing = _slots(rng, scenes.NAMES, scenes.THINGS, split)
        finder = _other(rng, scenes.NAMES, name)
        where = pick(rng, scenes.PLACES)
        passage = (
            f"{name} lost a {thing} in the {where}. {name} looked for it all day. At last {finder} found the {thing}."
        )
        reply, keywords = f"{name} lost a {thing} and {finder} found it.", (name, thing, finder, "found")
        rivals = tuple(o for o in (*scenes.NAMES, *scenes.THINGS) if o not in (name, thing, finder))
    prompt = pick(
        rng,
        (
            "Sum up: {x}",
            "Sum up in one sentence: {x}",
            "Give a summary: {x}",
            "Say it in one sentence: {x}",
            "What is the main point? {x}",
            "{x} Sum this up.",
            "Make this short: {x}",
        ),
    )
    truth = Truth(kind="keywords", keywords=keywords, rivals=rivals, max_words=12)
    marks = frozenset({"constraint"}) if "one sentence" in prompt else frozenset()
    return Exercise(prompt.format(x=passage), reply, truth, "summarization", "summarization", "business", marks=marks)


def open_classification(rng: np.random.Generator, split: Split) -> Exercise:
    """Say what a text is about; no list of answers is given."""
    topic = pick(rng, tuple(scenes.TOPICS))
    sentences = scenes.TOPICS[topic]
    sentence = {"seen": pick(rng, sentences[:4]), "dev": sentences[4], "test": sentences[5]}[split].format(
        n=pick(rng, scenes.NAMES)
    )
    prompt = pick(
        rng,
        (
            "What is this text about? {x}",
            "Name the topic: {x}",
            "Which topic is this? {x}",
            "{x} What is the topic?",
            "Tell me the topic of this text: {x}",
            "Find the topic: {x}",
        ),
    )
    truth = Truth(kind="label", answers=(topic,), rivals=tuple(t for t in scenes.TOPICS if t != topic), max_words=10)
    return Exercise(
        prompt.format(x=sentence),
        f"The topic is {topic}.",
        truth,
        "open_classification",
        "open_classification",
        "entertainment",
        "short_phrase",
    )


def closed_classification(rng: np.random.Generator, split: Split) -> Exercise:
    """Say whether a review is positive or negative."""
    positive = rng.random() < 0.5
    aspect, word = _slots(rng, scenes.ASPECTS, scenes.PRAISE if positive else scenes.BLAME, split)
    passage = f"The {aspect} was {word}."
    if rng.random() < 0.5:
        second, also = _slots(rng, scenes.ASPECTS, scenes.PRAISE if positive else scenes.BLAME, split)
        if second != aspect:
            passage = f"The {aspect} was {word} and the {second} was {also}."
    prompt = pick(
        rng,
        (
            "Is this review positive or negative? {x}",
            "Positive or negative? {x}",
            "{x} Is this positive or negative?",
            "Say positive or negative: {x}",
            "Choose positive or negative for this review: {x}",
        ),
    )
    label, rival = ("positive", "negative") if positive else ("negative", "positive")
    truth = Truth(kind="label", answers=(label,), rivals=(rival,), max_words=10)
    text = prompt.format(x=passage)
    return Exercise(
        text,
        f"The review is {label}.",
        truth,
        "closed_classification",
        "closed_classification",
        "marketing",
        marks=frozenset({"constraint"}),
    )


def closed_qa(rng: np.random.Generator, split: Split) -> Exercise:
    """Answer a question from the text before it."""
    name, thing = _slots(rng, scenes.NAMES, scenes.THINGS, split)
    other, thing2 = _other(rng, scenes.NAMES, name), _other(rng, scenes.THINGS, thing)
    colour, colour2 = pick_two(rng, scenes.COLOURS)
    lines = [f"{name} has a {colour} {thing}.", f"{other} has a {colour2} {thing2}."]
    if rng.random() < 0.5:
        lines.reverse()
    prompt = pick(
        rng,
        (
            "{x} What does {n} have?",
            "Read this: {x} What does {n} have?",
            "{x} Which thing does {n} have?",
            "{x} Tell me what {n} has.",
            "What does {n} have? Text: {x}",
        ),
    )
    truth = Truth(kind="keywords", keywords=(colour, thing), rivals=(thing2, colour2), max_words=10)
    text = prompt.format(x=" ".join(lines), n=name)
    return Exercise(
        text,
        f"{name} has a {colour} {thing}.",
        truth,
        "closed_qa",
        "closed_qa",
        "literature",
        marks=frozenset({"scene_setting"}),
    )


def extraction(rng: np.random.Generator, split: Split) -> Exercise:
    """Pull the names, the place or the day out of a text."""
    name, place = _slots(rng, scenes.NAMES, scenes.PLACES, split)
    other, day = _other(rng, scenes.NAMES, name), pick(rng, scenes.DAYS)
    passage = pick(
        rng,
        (
            f"{name} and {other} went to the {place} on {day}.",
            f"On {day} {name} and {other} met in the {place}.",
            f"In the {place}, {name} saw {other} on {day}.",
        ),
    )
    what, reply, keywords, rivals = (
        (
            "names",
            f"The names are {name} and {other}.",
            (name, other),
            tuple(n for n in scenes.NAMES if n not in (name, other)),
        ),
        (
            "place",
            f"The place is the {place}.",
            (place,),
            tuple(o for o in (*scenes.PLACES, *scenes.DAYS) if o != place),
        ),
        ("day", f"The day is {day}.", (day,), tuple(o for o in (*scenes.DAYS, *scenes.PLACES) if o != day)),
    )[int(rng.integers(3))]
    prompt = pick(
        rng,
        (
            "Find the {w}: {x}",
            "List the {w} in this text: {x}",
            "Take the {w} from this text: {x}",
            "{x} Give only the {w}.",
            "Pull out the {w}: {x}",
        ),
    )
    truth = Truth(kind="keywords", keywords=keywords, rivals=rivals, max_words=8)
    marks = frozenset({"constraint"}) if "only" in prompt else frozenset()
    return Exercise(
        prompt.format(w=what, x=passage),
        reply,
        truth,
        "extraction",
        "extraction",
        "business",
        "short_phrase",
        marks=marks,
    )


def chain_of_thought(rng: np.random.Generator, split: Split) -> Exercise:
    """Add, then take away, saying each step."""
    while True:
        a, b = int(rng.integers(2, 11)), int(rng.integers(1, 11))
        c = int(rng.integers(1, a + b))
        if c <= 10 and scenes.pair_split(a + b, c) == split:
            break
    name, things = pick(rng, scenes.NAMES), pick(rng, scenes.COUNTABLES)
    prompt = pick(
        rng,
        (
            "{n} has {a} {t}. {n} gets {b} more and loses {c}. How many {t} are left?",
            "{n} has {a} {t}, buys {b} and gives away {c}. How many {t} are left?",
            "{n} had {a} {t}. Then {n} found {b} and lost {c}. How many {t} are there?",
            "Start with {a} {t}. Add {b} and take away {c}. How many {t} are left?",
            "Think step by step. {n} has {a} {t}, gets {b} and loses {c}. How many are left?",
        ),
    )
    text = prompt.format(n=name, a=a, b=b, c=c, t=things)
    reply = f"{a} plus {b} is {a + b}. {a + b} minus {c} is {a + b - c}. The answer is {a + b - c}."
    truth = Truth(kind="chain", answers=(str(a + b - c),))
    return Exercise(text, reply, truth, "chain_of_thought", "chain_of_thought", "mathematics", "descriptive")


TASKS: dict[TaskType, Callable[[np.random.Generator, Split], Exercise]] = {
    "generation": generation,
    "brainstorming": brainstorming,
    "open_qa": open_qa,
    "rewriting": rewriting,
    "summarization": summarization,
    "open_classification": open_classification,
    "closed_classification": closed_classification,
    "closed_qa": closed_qa,
    "extraction": extraction,
    "chain_of_thought": chain_of_thought,
}
