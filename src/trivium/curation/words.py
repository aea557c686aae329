"""A batch of texts to the 64-bit hashes of its words: one tokenisation, used by rules, MinHash, decontamination, the
lexicon and the classifier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True)
class Words:
    """The hashes of all words of a batch, document after document.

    Document i has `hashes[offsets[i] : offsets[i + 1]]`; len(offsets) is the number of documents + 1. Words are what
    blanks part, lower-cased (ASCII), without ASCII punctuation and typographic quotes and dashes; what is left empty is no
    word.
    """

    hashes: NDArray[np.uint64]
    offsets: NDArray[np.int64]


def words(texts: pa.LargeStringArray) -> Words:
    """Return the word hashes of a batch. The same word has the same hash everywhere, in every batch and on every
    machine.
    """
    raise NotImplementedError


def hashes_of(some: Sequence[str]) -> NDArray[np.uint64]:
    """Return the hash of each single word, the one that `words` gives it in a text.

    ValueError where a string is not exactly one word.
    """
    raise NotImplementedError


def ngrams(of: Words, n: int) -> Words:
    """Return the hashes of all runs of n words within each document (none where a document is shorter)."""
    raise NotImplementedError
