"""Prompt texts to near-duplicates among many others, within a pause of typing; and to clusters for the split.

Likeness is the Jaccard index of the sets of five-character pieces (case, width and spacing levelled), so it works in
any language and survives typing errors. Long texts are stood for by the 512 pieces with the lowest hashes, whose
overlap estimates the same index (Broder 1997, "On the resemblance and containment of documents").
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PIECE, SKETCH = 5, 512
LEAST = 0.7
"""From this likeness on two prompts are near-duplicates."""
MAX_COMPARED = 400
"""So many of the likeliest texts are compared; only a pool of thousands of near-equal texts has more."""
Sketch = NDArray[np.uint32]
_BETWEEN = re.compile(r"[\W_]+")


class Near(NamedTuple):
    """A known text that is much like another: its id and the likeness in [0, 1]."""

    id: str
    likeness: float


def levelled(text: str) -> str:
    """Return the text in one case, one width and with single spaces; punctuation is no difference.

    >>> levelled("  What IS\\nthe Capital?")
    'what is the capital'
    """
    return _BETWEEN.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def sketch(text: str) -> Sketch:
    """Return the sorted hashes that stand for a text: all of its pieces, or of a long text those with the lowest."""
    letters = np.frombuffer(levelled(text).ljust(PIECE).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    number = len(letters) - PIECE + 1
    hashes = np.zeros(number, dtype=np.uint64)
    for place in range(PIECE):
        hashes = (hashes + letters[place : place + number]) * np.uint64(0x9E3779B97F4A7C15)
        hashes ^= hashes >> np.uint64(32)  # spreads each letter over all bits, so that the lowest are a fair draw
    return np.unique((hashes >> np.uint64(16)).astype(np.uint32))[:SKETCH]


def likeness(one: Sketch, other: Sketch) -> float:
    """Return the Jaccard index of two sketches; an estimate where either text is long."""
    both = np.concatenate([one, other])
    both.sort(kind="stable")  # merges two sorted runs
    twice = np.flatnonzero(both[1:] == both[:-1])
    num_shared, num_either = len(twice), len(both) - len(twice)
    if max(len(one), len(other)) < SKETCH or num_either <= SKETCH:
        return num_shared / num_either
    # The lowest of the union are a fair sample of it; the lowest of one text are not.
    bound = np.unique(both)[SKETCH - 1]
    return int((both[twice] <= bound).sum()) / SKETCH


class PromptIndex:
    """Texts that can be asked for near-duplicates; grows as texts come. Memory about 4 kB a text."""

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        """Start with these texts, by id."""
        self._ids: list[str] = []
        self._sketches: list[Sketch] = []
        self._by_hash: dict[int, array[int]] = {}
        self._place: dict[str, int] = {}
        for name, text in (texts or {}).items():
            self.add(name, text)

    def __len__(self) -> int:
        """How many texts can be found."""
        return len(self._place)

    def __contains__(self, name: str) -> bool:
        """Whether a text of that id can be found."""
        return name in self._place

    def add(self, name: str, text: str) -> None:
        """Add a text, or put a new text in place of the one of that id."""
        self.remove(name)
        place = len(self._ids)
        made = sketch(text)
        self._ids.append(name)
        self._sketches.append(made)
        self._place[name] = place
        for one in made.tolist():
            self._by_hash.setdefault(one, array("I")).append(place)

    def remove(self, name: str) -> None:
        """Forget a text; nothing happens where it is not known."""
        place = self._place.pop(name, None)
        if place is not None:
            for one in self._sketches[place].tolist():
                self._by_hash[one].remove(place)

    def nearest(self, text: str, least: float = LEAST, limit: int = 3, but: str | None = None) -> list[Near]:
        """Return the known texts that are at least so much like this one, most alike first; `but` is never among
        them.
        """
        near = list(self.alike(text, least, lambda name: name != but))
        return sorted(near, key=lambda one: (-one.likeness, one.id))[:limit]

    def alike(self, text: str, least: float, wanted: Callable[[str], bool]) -> Iterator[Near]:
        """Yield the known texts that are at least so much like this one; only wanted ids are compared."""
        made = sketch(text)
        for place in self._candidates(made, least):
            if wanted(self._ids[place]) and (likely := likeness(made, self._sketches[place])) >= least:
                yield Near(self._ids[place], likely)

    def _candidates(self, made: Sketch, least: float) -> list[int]:
        """Return the places of all texts that can be so much alike, the likeliest first.

        A text that is lacks at most the share 1 − least of the pieces, so it has one of any larger number of them: the
        rarest are looked up, whose lists are short (prefix filtering; Chaudhuri, Ganti and Kaushik 2006).
        """
        lists = sorted((self._by_hash.get(one, array("I")) for one in made.tolist()), key=len)
        rarest = [one for one in lists[: int((1 - least) * len(made) + 1e-9) + 1] if one]
        if not rarest:
            return []
        counts = np.bincount(np.concatenate([np.frombuffer(one, dtype=np.uint32) for one in rarest]))
        places = np.flatnonzero(counts)
        return [int(one) for one in places[np.argsort(-counts[places], kind="stable")][:MAX_COMPARED]]


def clusters(texts: Mapping[str, str], least: float = LEAST) -> dict[str, str]:
    """Return id → the id that names its cluster: the first of all that hang together by near-duplicates."""
    index = PromptIndex()
    leader: dict[str, str] = {}

    def root(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    def apart(name: str, near: str) -> bool:
        return root(name) != root(near)

    order = {name: place for place, name in enumerate(texts)}
    for name, text in texts.items():
        leader[name] = name
        for other in index.alike(text, least, partial(apart, name)):
            first, second = sorted((root(name), root(other.id)), key=order.__getitem__)
            leader[second] = first
        index.add(name, text)
    return {name: root(name) for name in texts}
