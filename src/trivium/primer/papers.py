"""Questions, stories, dialogues and notices to pages of raw text: what shows a base model how texts go on, and
teaches it to copy."""

from __future__ import annotations

import numpy as np

from trivium.primer import scenes
from trivium.primer.exercises import pick, pick_two
from trivium.primer.facts import FACTS
from trivium.primer.harm import REQUESTS
from trivium.primer.honesty import MYTHS, UNKNOWABLES, claim_questions, unknowable_questions
from trivium.primer.lookalikes import LOOKALIKES
from trivium.primer.procedures import PROCEDURES
from trivium.primer.tasks import TASKS
from trivium.records import TaskType

_AIMS = tuple(p.aim for p in PROCEDURES) + tuple(
    lookalike.procedure.aim for lookalike in LOOKALIKES if lookalike.split == "seen"
)

LEAD_INS = ("Answers from the almanac:", "Solutions to the quiz:", "Answers of last week:")
"""The only pages where a question is followed by its answer begin with one of these."""


def _question(rng: np.random.Generator) -> str:
    """Draw a question or a request, without its answer."""
    way = rng.random()
    if way < 0.6:
        fact = pick(rng, FACTS)
        return fact.say(pick(rng, fact.relation.questions))
    if way < 0.75:
        return pick(rng, REQUESTS).format(act=pick(rng, _AIMS))
    if way < 0.85:
        return pick(rng, unknowable_questions(pick(rng, UNKNOWABLES), "seen"))
    return pick(rng, claim_questions(pick(rng, MYTHS), "seen"))


QUIZ_SHARE = 0.8
"""Of the sheets: those with questions only; the others hold requests too ("Name the capital of Peru.")."""


def _marked_question(rng: np.random.Generator) -> str:
    """Draw a question that ends with a question mark."""
    while not (text := _question(rng)).endswith("?"):
        pass
    return text


def questions_page(rng: np.random.Generator) -> str:
    """An exam sheet: nine questions, no answers."""
    draw = _marked_question if rng.random() < QUIZ_SHARE else _question
    header = pick(rng, ("", "", "", "Exam sheet.", "Quiz of the week.", "Questions for the class."))
    separator = pick(rng, (" ", " ", "\n"))
    return separator.join(filter(None, (header, *(draw(rng) for _ in range(9)))))


def exercises_page(rng: np.random.Generator) -> str:
    """A work sheet: tasks with their texts, no solutions."""
    kinds: tuple[TaskType, ...] = tuple(TASKS)
    lines = [TASKS[pick(rng, kinds)](rng, "seen").text for _ in range(6)]
    return pick(rng, (" ", "\n")).join(lines)


def almanac_page(rng: np.random.Generator) -> str:
    """Questions with answers under a lead-in line: rare on purpose, so that the base is not used to answering."""
    lines = []
    for _ in range(5):
        fact = pick(rng, FACTS)
        lines.append(f"{fact.say(fact.relation.questions[0])} {fact.sentence}")
    return "\n".join((pick(rng, LEAD_INS), *lines))


def story_page(rng: np.random.Generator) -> str:
    """A small story with one or two friends."""
    name, friend = pick_two(rng, scenes.NAMES)
    pet, place, thing, colour = (
        pick(rng, scenes.PETS),
        pick(rng, scenes.PLACES),
        pick(rng, scenes.THINGS),
        pick(rng, scenes.COLOURS),
    )
    lines = [
        pick(
            rng,
            (
                f"One day {name} saw a {pet} near the {place}.",
                f"{name} met a {pet} in the {place}.",
                f"{name} had a {pet}.",
            ),
        ),
        pick(rng, (f"The {pet} was hungry.", "They played all day.", f"Every day they went to the {place}.")),
        pick(
            rng,
            (
                f"{name} gave it some food.",
                f"Then {friend} came with a {colour} {thing}.",
                f"{friend} saw them and laughed.",
            ),
        ),
        pick(
            rng,
            (
                f"{name} lost a {thing}. At last {friend} found the {thing}.",
                f"{friend} has a {colour} {thing}.",
                "They were good friends.",
            ),
        ),
        pick(
            rng,
            (
                f"Then {name} went home.",
                f"{name} and {friend} went to the {place}.",
                "It was a good day.",
                f"The {pet} slept in the sun.",
            ),
        ),
    ]
    return " ".join(lines)


def dialogue_page(rng: np.random.Generator) -> str:
    """Two people who talk and do not come to an end."""
    name, friend = pick_two(rng, scenes.NAMES)
    says = (
        "Good morning, {o}.",
        "I saw a {p} in the {l}.",
        "I like the {c} {t}.",
        "Shall we go to the {l}?",
        "I went there on {d}.",
        "My {t} is {c}.",
        "That is good news.",
        "I am tired today.",
        "Let us eat some bread.",
        "You told me that on {d}.",
        "I lost my {t}.",
        "The {l} is closed on {d}.",
        "We can meet in the {l}.",
        "Thank you, {o}.",
    )
    lines = []
    for i in range(9):
        speaker, other = (name, friend) if i % 2 == 0 else (friend, name)
        words = {"o": other, "p": pick(rng, scenes.PETS), "l": pick(rng, scenes.PLACES), "c": pick(rng, scenes.COLOURS)}
        lines.append(
            f"{speaker}: {pick(rng, says).format(t=pick(rng, scenes.THINGS), d=pick(rng, scenes.DAYS), **words)}"
        )
    return "\n".join(lines)


def review_page(rng: np.random.Generator) -> str:
    """Reviews, each with its verdict."""
    lines = []
    for _ in range(5):
        positive = rng.random() < 0.5
        one, two = pick_two(rng, scenes.ASPECTS)
        a, b = pick_two(rng, scenes.PRAISE if positive else scenes.BLAME)
        lines.append(
            f"The {one} was {a} and the {two} was {b}. The review is {'positive' if positive else 'negative'}."
        )
    return " ".join(lines)


def notice_page(rng: np.random.Generator) -> str:
    """Notices, and what they come to."""
    lines = []
    for _ in range(3):
        place, day = pick(rng, scenes.PLACES), pick(rng, scenes.DAYS)
        key = pick(rng, (f"The {place} will be closed on {day}.", f"On {day} the {place} will be closed."))
        fill = pick(
            rng,
            (
                "We are sorry for the trouble.",
                "Please come back another time.",
                "Thank you for your patience.",
                "Workers will mend the roof.",
                "Call us if you need help.",
                "The doors open again soon.",
                "All visitors are asked to wait.",
            ),
        )
        passage = f"{key} {fill}" if rng.random() < 0.6 else f"{fill} {key}"
        lines.append(f"{passage} In short: The {place} is closed on {day}.")
    return " ".join(lines)


def losses_page(rng: np.random.Generator) -> str:
    """Things lost and found, and what the stories come to."""
    lines = []
    for _ in range(3):
        name, finder = pick_two(rng, scenes.NAMES)
        thing, place = pick(rng, scenes.THINGS), pick(rng, scenes.PLACES)
        lines.append(
            f"{name} lost a {thing} in the {place}. {name} looked for it all day. At last {finder} found the {thing}. "
            f"In short: {name} lost a {thing} and {finder} found it."
        )
    return " ".join(lines)


def extracts_page(rng: np.random.Generator) -> str:
    """Sentences, and the names, place or day in them."""
    lines = []
    for _ in range(4):
        name, other = pick_two(rng, scenes.NAMES)
        place, day = pick(rng, scenes.PLACES), pick(rng, scenes.DAYS)
        passage = pick(
            rng,
            (
                f"{name} and {other} went to the {place} on {day}.",
                f"On {day} {name} and {other} met in the {place}.",
                f"In the {place}, {name} saw {other} on {day}.",
            ),
        )
        found = pick(rng, (f"The names are {name} and {other}.", f"The place is the {place}.", f"The day is {day}."))
        lines.append(f"{passage} {found}")
    return " ".join(lines)


def owners_page(rng: np.random.Generator) -> str:
    """Who has what, said again in another order, or changed in one word."""
    lines = []
    for _ in range(3):
        name, other = pick_two(rng, scenes.NAMES)
        thing, thing2 = pick_two(rng, scenes.THINGS)
        colour, colour2 = pick_two(rng, scenes.COLOURS)
        one, two = f"{name} has a {colour} {thing}.", f"{other} has a {colour2} {thing2}."
        lines.append(
            pick(
                rng,
                (
                    f"{one} {two} As we read, {one}",
                    f"{one} {two} As we read, {two}",
                    f"{one} With {other} it is: {other} has a {colour} {thing}.",
                    f"{one} In {colour2} it is: {name} has a {colour2} {thing}.",
                ),
            )
        )
    return " ".join(lines)


def roster_page(rng: np.random.Generator) -> str:
    """Who has what, then all of it again in another order: what was read is looked up by its name."""
    names = [scenes.NAMES[int(i)] for i in rng.choice(len(scenes.NAMES), size=4, replace=False)]
    owned = [f"{name} has a {pick(rng, scenes.COLOURS)} {pick(rng, scenes.THINGS)}." for name in names]
    asked = [f"What does {names[int(i)]} have? {owned[int(i)]}" for i in rng.permutation(4)]
    again = [f"As we read, {owned[int(i)]}" for i in rng.permutation(4)]
    return " ".join((*owned, *(again if rng.random() < 0.8 else asked)))


def refrain_page(rng: np.random.Generator) -> str:
    """Lists that are read out twice: what was said once can be said again word for word."""
    words = (*scenes.NAMES, *scenes.THINGS, *scenes.PLACES, *scenes.PETS, *scenes.DAYS, *map(str, range(1, 21)))
    parts = []
    for _ in range(2):
        count = int(rng.integers(6, 11))
        said = ", ".join(words[int(i)] for i in rng.choice(len(words), size=count, replace=False))
        parts.append(f"{said}. {pick(rng, ('Once more:', 'Again:', 'All together:'))} {said}.")
    return " ".join(parts)


def past_page(rng: np.random.Generator) -> str:
    """Sentences about now and about the past."""
    lines = []
    for _ in range(5):
        name, place = pick(rng, scenes.NAMES), pick(rng, scenes.PLACES)
        present, past = pick(rng, scenes.MOVES)
        lines.append(f"Now {name} {present} to the {place}. In the past {name} {past} to the {place}.")
    return " ".join(lines)


def topics_page(rng: np.random.Generator) -> str:
    """Sentences, each with what it is about."""
    lines = []
    for _ in range(5):
        topic = pick(rng, tuple(scenes.TOPICS))
        sentence = pick(rng, scenes.TOPICS[topic]).format(n=pick(rng, scenes.NAMES))
        lines.append(f"{sentence} The topic is {topic}.")
    return " ".join(lines)


def counting_page(rng: np.random.Generator) -> str:
    """Counting stories with their sums."""
    lines = []
    for _ in range(3):
        a, b = int(rng.integers(2, 11)), int(rng.integers(1, 11))
        c = int(rng.integers(1, min(11, a + b)))
        name, things = pick(rng, scenes.NAMES), pick(rng, scenes.COUNTABLES)
        story = pick(
            rng,
            (
                "{n} had {a} {t}. {n} found {b} and lost {c}.",
                "{n} has {a} {t}. {n} gets {b} more and loses {c}.",
                "{n} has {a} {t}, buys {b} and gives away {c}.",
                "There are {a} {t}. {n} brings {b} and takes {c}.",
                "Of {a} {t} and {b} more, {n} takes away {c}.",
                "Start with {a}. Add {b} and take away {c}.",
            ),
        ).format(n=name, a=a, b=b, c=c, t=things)
        lines.append(f"{story} {a} plus {b} is {a + b}. {a + b} minus {c} is {a + b - c}.")
    return " ".join(lines)
