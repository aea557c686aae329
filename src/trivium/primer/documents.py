"""Page functions to the raw corpus: families drawn by weight, a few documents made dirty on purpose, a clean
held-out part."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from trivium.core.seed import stream
from trivium.primer import pages, papers
from trivium.primer.config import PrimerConfig
from trivium.primer.dirt import Dirt, foreign, planted, scrambled
from trivium.records import Document

LICENCE = "CC0-1.0"

FAMILIES: dict[str, tuple[Callable[[np.random.Generator], str], float]] = {
    "country": (pages.country_page, 9.0),
    "country_pair": (pages.country_pair_page, 6.0),
    "relation": (pages.relation_page, 6.0),
    "animal": (pages.animal_page, 9.0),
    "food": (pages.food_page, 5.0),
    "tool": (pages.tool_page, 2.0),
    "person": (pages.person_page, 4.0),
    "phrase": (pages.phrase_page, 4.0),
    "short_list": (pages.short_list_page, 2.0),
    "category": (pages.category_page, 7.0),
    "how_to": (pages.how_to_page, 18.0),
    "headings": (pages.headings_page, 2.0),
    "sums": (pages.sums_page, 5.0),
    "news": (pages.news_page, 3.0),
    "classes": (pages.classes_page, 5.0),
    "beliefs": (pages.beliefs_page, 2.5),
    "questions": (papers.questions_page, 7.0),
    "exercises": (papers.exercises_page, 2.5),
    "almanac": (papers.almanac_page, 0.0),
    "story": (papers.story_page, 3.5),
    "dialogue": (papers.dialogue_page, 3.0),
    "review": (papers.review_page, 2.0),
    "notice": (papers.notice_page, 2.0),
    "losses": (papers.losses_page, 2.0),
    "extracts": (papers.extracts_page, 3.0),
    "owners": (papers.owners_page, 4.0),
    "roster": (papers.roster_page, 9.0),
    "refrain": (papers.refrain_page, 4.0),
    "past": (papers.past_page, 1.5),
    "topics": (papers.topics_page, 2.0),
    "counting": (papers.counting_page, 5.0),
}
"""Family → page function and weight; the almanac's share is the config's."""


def page(rng: np.random.Generator, family: str) -> Document:
    """Write one clean page of a family; its source names the family."""
    return Document.of(FAMILIES[family][0](rng), source=f"primer/{family}", licence=LICENCE)


def _family_draws(rng: np.random.Generator, num: int, almanac_share: float) -> list[str]:
    """Draw families by weight; almanacs have a share of their own."""
    names = list(FAMILIES)
    weights = np.array([FAMILIES[name][1] for name in names])
    shares = weights / weights.sum() * (1 - almanac_share)
    shares[names.index("almanac")] = almanac_share
    return [names[int(i)] for i in rng.choice(len(names), size=num, p=shares / shares.sum())]


def write_documents(config: PrimerConfig, seed: int) -> tuple[Document, ...]:
    """Write the training corpus; a dirty document's source says what was done to it (`primer/duplicate` …)."""
    rng = stream(seed, "primer", "documents")
    clean: list[Document] = []
    found: list[Document] = []
    shares = {
        "duplicate": config.duplicate_share,
        "foreign": config.foreign_share,
        "broken": config.broken_share,
        "pii": config.pii_share,
    }
    marks: list[Dirt] = list(shares)  # type: ignore[arg-type]
    limits = np.cumsum(list(shares.values()))
    seen: set[str] = set()
    for family in _family_draws(rng, config.num_documents, config.almanac_share):
        k = int(np.searchsorted(limits, rng.random(), side="right"))
        document = _fresh(rng, family, seen)
        if k >= len(marks):
            clean.append(document)
            found.append(document)
        elif marks[k] == "duplicate" and clean:
            found.append(
                Document.of(clean[int(rng.integers(len(clean)))].text, source="primer/duplicate", licence=LICENCE)
            )
        else:
            make = {"foreign": foreign, "broken": scrambled, "pii": planted, "duplicate": scrambled}[marks[k]]
            found.append(Document.of(make(rng, document.text), source=f"primer/{marks[k]}", licence=LICENCE))
    return tuple(found)


def _fresh(rng: np.random.Generator, family: str, seen: set[str]) -> Document:
    """Write a page that was not written before (a family that keeps repeating itself gives way after ten tries)."""
    for _ in range(10):
        document = page(rng, family)
        if document.id not in seen:
            break
    seen.add(document.id)
    return document


def write_heldout_documents(config: PrimerConfig, seed: int, training: tuple[Document, ...]) -> tuple[Document, ...]:
    """Write clean documents of the same families, none of which is in the training corpus."""
    rng = stream(seed, "primer", "heldout_documents")
    seen = {document.id for document in training}
    found: list[Document] = []
    while len(found) < config.num_heldout_documents:
        document = page(rng, _family_draws(rng, 1, config.almanac_share)[0])
        if document.id not in seen:
            seen.add(document.id)
            found.append(document)
    return tuple(found)
