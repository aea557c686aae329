"""Facts to categories that can be listed: animals that live in the sea, red foods, countries in Africa."""

from __future__ import annotations

from dataclasses import dataclass

from trivium.primer.facts import FACTS, Fact, bare
from trivium.primer.geography import Split
from trivium.primer.nature import plural

_PHRASES: dict[str, str] = {
    "home": "animals that live {v}",
    "group": "animals that are {vs}",
    "diet": "animals that eat {v}",
    "kind": "sorts of {v}",
    "taste": "foods that taste {v}",
    "colour": "{v} foods",
    "continent": "countries in {v}",
    "currency": "countries that use the {v}",
    "language": "countries where people speak {v}",
}


@dataclass(frozen=True)
class Category:
    """A list that can be asked for: its plural phrase, its members, those the demonstrations may show, what is no
    member."""

    phrase: str
    members: tuple[str, ...]
    seen_members: tuple[str, ...]
    strangers: tuple[str, ...]
    split: Split


def _categories() -> tuple[Category, ...]:
    """Group the facts by relation and value; a fifth of the groups is held out for dev, a fifth for test."""
    groups: dict[tuple[str, str], list[Fact]] = {}
    for fact in FACTS:
        if fact.relation.name in _PHRASES:
            groups.setdefault((fact.relation.name, fact.value), []).append(fact)
    found: list[Category] = []
    for (relation, value), facts in groups.items():
        seen = tuple(f.subject for f in facts if f.split == "seen")
        if len(seen) < 2:
            continue
        split: Split = {3: "dev", 4: "test"}.get(len(found) % 5, "seen")  # type: ignore[assignment]
        members = tuple(f.subject for f in facts)
        strangers = tuple(bare(f.subject) for f in FACTS if f.relation.name == relation and f.value != value)
        found.append(Category(_PHRASES[relation].format(v=value, vs=plural(value)), members, seen, strangers, split))
    return tuple(found)


CATEGORIES: tuple[Category, ...] = _categories()


def listing(category: Category, members: tuple[str, ...]) -> str:
    """Write a list of members the way documents and replies do.

    >>> listing(CATEGORIES[0], ("Peru", "Chile"))[-16:]
    ': Peru and Chile'
    """
    joined = f"{', '.join(members[:-1])} and {members[-1]}" if len(members) > 1 else members[0]
    return f"{category.phrase[:1].upper()}{category.phrase[1:]}: {joined}"
