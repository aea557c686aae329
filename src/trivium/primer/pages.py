"""Facts and procedures to pages of raw text: each function writes one page about drawn entities in drawn words."""

from __future__ import annotations

import numpy as np

from trivium.primer.categories import CATEGORIES, listing
from trivium.primer.exercises import pick
from trivium.primer.facts import FACTS, RELATIONS, SUBJECTS, Fact, facts_about
from trivium.primer.harm import INTENTS, OBJECT_CLASSES, capital_first
from trivium.primer.honesty import MYTHS, TRUE_CLAIMS, UNKNOWABLES
from trivium.primer.lookalikes import LOOKALIKES
from trivium.primer.procedures import PROCEDURES, Procedure

_SUBJECTS: dict[str, tuple[str, ...]] = {kind: tuple(sorted(subjects)) for kind, subjects in SUBJECTS.items()}
_BY_RELATION: dict[str, tuple[Fact, ...]] = {
    name: tuple(f for f in FACTS if f.relation.name == name) for name in RELATIONS
}
_ALL_PROCEDURES: tuple[Procedure, ...] = (*PROCEDURES, *(lookalike.procedure for lookalike in LOOKALIKES))
_OPENINGS = {
    "country": (
        "Here are some facts about {s}.",
        "This page is about {s}.",
        "Notes on {s}.",
        "A short guide to {s}.",
        "",
    ),
    "animal": ("This page is about {s}.", "Notes on {s}.", "Let us look at {s}.", ""),
    "food": ("This page is about {s}.", "Notes on {s} for cooks.", ""),
    "tool": ("From the list of tools.", "Notes from the workshop.", ""),
    "person": ("A page about {s}.", "Notes on {s}.", ""),
    "phrase": ("From the book of phrases.", "Words for travellers.", ""),
}
_CLOSINGS = (
    "Many people like to read about this.",
    "This is known to everyone.",
    "More can be found in the library.",
    "",
    "",
    "",
)
_CANONICAL_SHARE = 0.45


def state(rng: np.random.Generator, fact: Fact) -> str:
    """State a fact: in its canonical sentence, or in one of the other ways."""
    if rng.random() < _CANONICAL_SHARE:
        return fact.sentence
    return fact.say(pick(rng, fact.relation.statements[1:]))


def _entity_page(rng: np.random.Generator, kind: str, num_subjects: int, rounds: int) -> str:
    """Write about a few entities of a kind, every fact of each `rounds` times in random order and words."""
    subjects = [_SUBJECTS[kind][int(i)] for i in rng.choice(len(_SUBJECTS[kind]), size=num_subjects, replace=False)]
    parts = []
    for subject in subjects:
        opening = pick(rng, _OPENINGS[kind]).format(s=subject)
        told: list[str] = []
        facts = facts_about(subject)
        for _ in range(rounds):
            told += [state(rng, facts[int(i)]) for i in rng.permutation(len(facts))]
        parts.append(" ".join(filter(None, (opening, *told))))
    closing = pick(rng, _CLOSINGS)
    return " ".join(filter(None, (*parts, closing)))


def country_page(rng: np.random.Generator) -> str:
    """One country, each fact twice."""
    return _entity_page(rng, "country", 1, 2)


def country_pair_page(rng: np.random.Generator) -> str:
    """Two countries side by side."""
    return _entity_page(rng, "country", 2, 1)


def animal_page(rng: np.random.Generator) -> str:
    """Three animals."""
    return _entity_page(rng, "animal", 3, 1)


def food_page(rng: np.random.Generator) -> str:
    """Three foods."""
    return _entity_page(rng, "food", 3, 1)


def tool_page(rng: np.random.Generator) -> str:
    """Seven tools."""
    return _entity_page(rng, "tool", 7, 1)


def person_page(rng: np.random.Generator) -> str:
    """Four people."""
    return _entity_page(rng, "person", 4, 1)


def phrase_page(rng: np.random.Generator) -> str:
    """Seven phrases."""
    return _entity_page(rng, "phrase", 7, 1)


def relation_page(rng: np.random.Generator) -> str:
    """One relation of countries, eight times in the same words: what lists look like."""
    facts = _BY_RELATION[pick(rng, ("capital", "language", "currency", "continent"))]
    template = pick(rng, facts[0].relation.statements)
    chosen = [facts[int(i)] for i in rng.choice(len(facts), size=7, replace=False)]
    return " ".join(f.say(template) for f in chosen)


def short_list_page(rng: np.random.Generator) -> str:
    """A list as a table of a relation, `subject: value.`"""
    name = pick(rng, tuple(RELATIONS))
    chosen = [_BY_RELATION[name][int(i)] for i in rng.choice(len(_BY_RELATION[name]), size=10, replace=False)]
    rows = " ".join(f"{f.subject.removeprefix('a ').removeprefix('an ')}: {f.value}." for f in chosen).replace(
        "?.", "?"
    )
    return f"{name[:1].upper()}{name[1:]} list. {rows}"


def category_page(rng: np.random.Generator) -> str:
    """Five lists of members."""
    lines = []
    for i in rng.choice(len(CATEGORIES), size=5, replace=False):
        category = CATEGORIES[int(i)]
        num = min(len(category.members), int(rng.integers(2, 5)))
        members = tuple(category.members[int(j)] for j in rng.permutation(len(category.members))[:num])
        ways = ("{l}.", "{l}.", "{l}.", "Some {c} are {m}.", "Think of {c}, such as {m}.", "Among the {c} are {m}.")
        joined = listing(category, members)
        lines.append(pick(rng, ways).format(l=joined, c=category.phrase, m=joined.split(": ")[1]))
    return " ".join(lines)


_HEADINGS = (
    "How to {a}:",
    "How to {a}:",
    "To {a}:",
    "Steps to {a}:",
    "A guide: how to {a}.",
    "The best way to {a}:",
    "If you want to {a}:",
    "Who would like to {a} does this.",
    "This is how people {a}:",
    "A plan to {a}:",
    "Learn to {a}.",
)


def how_to_page(rng: np.random.Generator) -> str:
    """Three headings, each with its steps."""
    parts = []
    for i in rng.choice(len(_ALL_PROCEDURES), size=3, replace=False):
        procedure = _ALL_PROCEDURES[int(i)]
        heading = pick(rng, _HEADINGS)
        parts.append(f"{heading.format(a=procedure.aim)} {procedure.reply}")
    return "\n".join(parts)


def headings_page(rng: np.random.Generator) -> str:
    """Many headings and no steps: the contents of a book of guides."""
    chosen = [_ALL_PROCEDURES[int(i)].aim for i in rng.choice(len(_ALL_PROCEDURES), size=10, replace=False)]
    separator = pick(rng, ("\n", " "))
    return separator.join(f"How to {aim}" for aim in chosen)


def sums_page(rng: np.random.Generator) -> str:
    """Lines of sums up to twenty."""
    lines = []
    for _ in range(10):
        b = int(rng.integers(1, 11))
        if rng.random() < 0.5:
            a = int(rng.integers(1, 11))
            lines.append(f"{a} plus {b} is {a + b}.")
        else:
            a = int(rng.integers(b + 1, 21))
            lines.append(f"{a} minus {b} is {a - b}.")
    return " ".join(lines)


def news_page(rng: np.random.Generator) -> str:
    """News of crimes (only those the demonstrations may show), with what they do to people and what things are."""
    seen = [i for i in INTENTS if i.split == "seen"]
    lines = []
    for i in rng.choice(len(seen), size=4, replace=False):
        intent = seen[int(i)]
        lines.append(
            pick(
                rng,
                (
                    f"{capital_first(intent.acting)} is a crime and hurts people.",
                    f"A man went to prison for {intent.acting}. {OBJECT_CLASSES[intent.noun]}",
                    f"The police say that {intent.acting} is wrong and hurts others.",
                    f"{capital_first(intent.acting)} would hurt people. {OBJECT_CLASSES[intent.noun]}",
                ),
            )
        )
    return " ".join((pick(rng, ("News of the day.", "From the court.", "In the news.")), *lines))


def classes_page(rng: np.random.Generator) -> str:
    """What objects are: what belongs to others or feels pain, what is harmless, and what may be done with it."""
    classes = list(OBJECT_CLASSES.values())
    lines = []
    for _ in range(7):
        if rng.random() < 0.35:
            lines.append(pick(rng, classes))
            continue
        harmless = pick(rng, LOOKALIKES)
        said = (f"{capital_first(harmless.acting)} hurts nobody.", f"{capital_first(harmless.acting)} is harmless.")
        lines.append(f"{harmless.reason} {pick(rng, said)}" if rng.random() < 0.7 else harmless.reason)
    return " ".join(dict.fromkeys(lines))


def beliefs_page(rng: np.random.Generator) -> str:
    """What is a myth, what is true, and what nobody can know."""
    lines = []
    for _ in range(6):
        way = int(rng.integers(4))
        if way == 0:
            claim = pick(rng, TRUE_CLAIMS)
            lines.append(f"{capital_first(claim.claim)}.")
        elif way == 3:
            lines.append(f"One who is not there cannot say {pick(rng, UNKNOWABLES).indirect}.")
        else:
            myth = pick(rng, MYTHS)
            lines.append(pick(rng, (f"Some say that {myth.claim}. That is a myth. {myth.denial}", myth.denial)))
    return " ".join(lines)
