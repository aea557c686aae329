"""Word hashes to how much of each document is bad words: profanity, slurs, words of pornography.

It covers plain words and phrases of the lists given (the one that comes along is English and short), whatever their
case.
It does not cover disguised spellings, other languages, or harm said in clean words; and a medical or a scholarly text
may use a bad word for good reason: look at the share, and at what is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from trivium.curation.words import U64, Words, ngrams, words


class LexiconSettings(BaseModel):
    """Whose words: the list that comes along, and one's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    builtin: bool = True
    words: tuple[str, ...] = ()
    """Words and phrases that count too."""


def lexicon(words: Words, settings: LexiconSettings) -> pa.RecordBatch:
    """Return `bad_words` (int32: words and phrases of the lists) and `bad_word_share` (of words, in [0, 1])."""
    num_documents = len(words.offsets) - 1
    found = np.zeros(num_documents, np.int64)
    for length, wanted in _lists(settings):
        runs = words if length == 1 else ngrams(words, length)
        hits = np.flatnonzero(_is_in(runs.hashes, wanted))
        documents = np.searchsorted(runs.offsets, hits, side="right") - 1
        found += np.bincount(documents, minlength=num_documents) * length
    num_words = np.diff(words.offsets)
    share = np.divide(found, num_words, out=np.zeros(num_documents), where=num_words > 0)
    columns = [pa.array(found.astype(np.int32)), pa.array(np.minimum(share, 1.0))]
    return pa.RecordBatch.from_arrays(columns, names=["bad_words", "bad_word_share"])


def _is_in(hashes: U64, wanted: U64) -> NDArray[np.bool_]:
    """Return which hashes are among the few wanted ones: a table of their last 16 bits rules most out."""
    table = np.zeros(1 << 16, np.bool_)
    table[wanted & np.uint64(0xFFFF)] = True
    found: NDArray[np.bool_] = table[hashes & np.uint64(0xFFFF)]
    likely = np.flatnonzero(found)
    found[likely] = np.isin(hashes[likely], wanted)
    return found


@cache
def _lists(settings: LexiconSettings) -> tuple[tuple[int, U64], ...]:
    """Return for each length in words the hashes of the phrases of that length."""
    phrases: list[str] = []
    if settings.builtin:
        phrases += _phrases(files("trivium.curation").joinpath("bad_words.txt").read_text("utf-8").splitlines())
    phrases += settings.words
    by_length: dict[int, list[np.uint64]] = {}
    for phrase in phrases:
        parts = words(pa.array([phrase], pa.large_string()))
        length = len(parts.hashes)
        if length:
            hashes = parts.hashes if length == 1 else ngrams(parts, length).hashes
            by_length.setdefault(length, []).append(hashes[0])
    return tuple((length, np.unique(np.array(some, np.uint64))) for length, some in sorted(by_length.items()))


def _phrases(lines: Iterable[str]) -> list[str]:
    return [text for line in lines if (text := line.partition("#")[0].strip())]
