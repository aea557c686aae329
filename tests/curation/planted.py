"""A seed to a corpus with known copies, edited copies, personal data and evaluation items planted in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from trivium.records import Document, write_records

SYLLABLES = [a + b for a in "bcdfghjklmnprstvwz" for b in ("a", "e", "i", "o", "u", "ar", "en", "il", "os", "un")]


@dataclass
class Planted:
    """The documents in their order, and what is true of them: ids of copies, edited copies and their originals."""

    documents: list[Document] = field(default_factory=list)
    items: list[Document] = field(default_factory=list)
    copies: int = 0
    edited: list[tuple[Document, Document]] = field(default_factory=list)
    leaked: dict[str, str] = field(default_factory=dict)
    """Document id → the evaluation item it holds."""

    def write(self, folder: Path) -> Path:
        """Write them as the sources stage does."""
        folder.mkdir(parents=True, exist_ok=True)
        write_records(folder / "documents.jsonl", self.documents)
        write_records(folder / "evaluation.jsonl", self.items)
        return folder


def plant(seed: int, num_originals: int = 600) -> Planted:
    """Make originals of 100 to 400 words; copy some, edit 1 % to 12 % of the words of others, hide items in a few."""
    rng = np.random.default_rng(seed)
    words = vocabulary(rng)
    planted = Planted()
    originals = [
        of(text(rng, words, int(rng.integers(100, 400))), f"source-{index % 3}") for index in range(num_originals)
    ]
    planted.items = [
        Document(id=f"eval:{n}", text=text(rng, words, int(rng.integers(13, 30))), source="eval") for n in range(40)
    ]
    planted.documents = list(originals)
    for original in originals[: num_originals // 5]:
        planted.documents.append(of(original.text, "copies"))
        planted.copies += 1
    for index, original in enumerate(originals[num_originals // 5 :]):
        share = (0.01, 0.01, 0.02, 0.04, 0.08, 0.12)[index % 6]
        changed = of(edited(rng, words, original.text, share), "edited")
        planted.edited.append((original, changed))
        planted.documents.append(changed)
    for item in planted.items:
        halves = text(rng, words, 80), text(rng, words, 80)
        hiding = of(f"{halves[0]} {item.text} {halves[1]}", "leaky")
        planted.leaked[hiding.id] = item.id
        planted.documents.append(hiding)
    order = rng.permutation(len(planted.documents))
    planted.documents = [planted.documents[index] for index in order]
    return planted


def of(text: str, source: str) -> Document:
    return Document.of(text, source=source, licence="CC0-1.0")


def vocabulary(rng: np.random.Generator, size: int = 3000) -> list[str]:
    return sorted({"".join(rng.choice(SYLLABLES, int(rng.integers(1, 4)))) for _ in range(size)})


def text(rng: np.random.Generator, words: list[str], length: int) -> str:
    places = np.minimum(rng.zipf(1.3, length), len(words)) - 1
    some = [words[place] for place in places.tolist()]
    return " ".join(some[:1] + [f"{word}." if index % 11 == 10 else word for index, word in enumerate(some[1:])])


def edited(rng: np.random.Generator, words: list[str], text: str, share: float) -> str:
    """Replace a share of the words, at least one."""
    parts = text.split()
    for place in rng.choice(len(parts), max(1, round(share * len(parts))), replace=False).tolist():
        parts[place] = "x" + words[int(rng.integers(len(words)))]
    return " ".join(parts)


def jaccard(a: str, b: str, n: int = 5) -> float:
    """Return the Jaccard similarity of two texts' runs of n words, stripped of full stops."""
    first, second = ({tuple(parts[i : i + n]) for i in range(len(parts) - n + 1)} for parts in (clean(a), clean(b)))
    return len(first & second) / len(first | second)


def clean(text: str) -> list[str]:
    return text.lower().replace(".", "").split()
