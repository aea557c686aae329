"""A batch of texts to the 64-bit hashes of its words: one tokenisation, used by rules, MinHash, decontamination, the
lexicon and the classifier.
"""

from __future__ import annotations

import string
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from trivium.curation.blocks import Block, blocks

U64 = NDArray[np.uint64]

BLANK, KEPT, ALPHA = 1, 2, 4
"""Bits of a byte's class: it parts words; it counts in a word's hash; it is (the first byte of) a letter."""

_BASE = 0x9E3779B97F4A7C15 & ~7 | 5
"""Odd, and 5 modulo 8: 1 - base then has few factors of two, so letters that change places change the hash."""


@dataclass(frozen=True)
class Words:
    """The hashes of all words of a batch, document after document.

    Document i has `hashes[offsets[i] : offsets[i + 1]]`; len(offsets) is the number of documents + 1. Words are what
    blanks part, lower-cased (ASCII), without the punctuation around them (ASCII, and U+2000 to U+203F: typographic
    quotes, dashes); what is left empty is no word.
    """

    hashes: U64
    offsets: NDArray[np.int64]


@dataclass(frozen=True)
class Tokens:
    """What blanks part in a block, with the bounds of each, its class bits, and the hashes of those that are words."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    """The last byte of each, included."""
    is_word: NDArray[np.bool_]
    """False where it is punctuation alone."""
    has_letter: NDArray[np.bool_]
    hashes: U64
    """0 where the token is no word."""
    bounds: NDArray[np.int64]
    """Document i has the tokens from bounds[i] to bounds[i + 1]."""


def words(texts: pa.LargeStringArray) -> Words:
    """Return the word hashes of a batch. A word has the same hash in every batch and on every machine.

    >>> found = words(pa.array(["The cat, the 'CAT'!", " - "], pa.large_string()))
    >>> found.offsets.tolist(), found.hashes[0] == found.hashes[2], found.hashes[1] == found.hashes[3]
    ([0, 4, 4], np.True_, np.True_)
    """
    parts, counts = [], []
    for block in blocks(texts):
        tokens = tokenise(block)
        parts.append(tokens.hashes[tokens.is_word])
        counts.append(np.diff(num_before(tokens.is_word)[tokens.bounds]))
    return joined(parts, counts)


def joined(parts: Sequence[U64], counts: Sequence[NDArray[np.int64]]) -> Words:
    """Put the hashes of blocks, and the number of words of each document, together."""
    offsets = np.zeros(1 + sum(map(len, counts)), np.int64)
    if counts:
        np.cumsum(np.concatenate(counts), out=offsets[1:])
    return Words(np.concatenate(parts) if parts else np.zeros(0, np.uint64), offsets)


def num_before(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return how many are set before each place, one more than there are flags.

    >>> num_before(np.array([True, False, True])).tolist()
    [0, 1, 1, 2]
    """
    counts = np.zeros(len(flags) + 1, np.int64)
    np.cumsum(flags, out=counts[1:])
    return counts


def hashes_of(some: Sequence[str]) -> U64:
    """Return the hash of each single word, the one that `words` gives it in a text.

    ValueError where a string is not exactly one word.
    """
    found = words(pa.array(some, pa.large_string()))
    wrong = np.flatnonzero(np.diff(found.offsets) != 1)
    if len(wrong):
        raise ValueError(f"wanted single words, found {some[wrong[0]]!r}")
    return found.hashes


def ngrams(of: Words, n: int) -> Words:
    """Return the hashes of all runs of n words within each document (none where a document is shorter)."""
    if n < 1:
        raise ValueError(f"wanted n of at least 1, found {n}")
    num_words = np.diff(of.offsets)
    num_runs = np.maximum(num_words - n + 1, 0)
    offsets = np.zeros_like(of.offsets)
    np.cumsum(num_runs, out=offsets[1:])
    if not offsets[-1]:
        return Words(np.zeros(0, np.uint64), offsets)
    rolled = rolling(of.hashes, n)
    whole = np.ones(len(of.hashes), np.bool_)
    for back in range(1, n):  # a run that starts at one of a document's last n - 1 words would cross its end
        places = of.offsets[1:] - back
        whole[places[num_words >= back]] = False
    return Words(mixed(rolled[whole[: len(rolled)]]), offsets)


def rolling(hashes: U64, n: int) -> U64:
    """Return sum over i < n of hashes[place + i] * base^(n - 1 - i), modulo 2^64, for each place with n to come."""
    if len(hashes) < n:
        return np.zeros(0, np.uint64)
    total = hashes[: len(hashes) - n + 1].copy()
    for i in range(1, n):
        total *= np.uint64(_BASE)
        total += hashes[i : len(hashes) - n + 1 + i]
    return total


def mixed(values: U64) -> U64:
    """Return the values with all bits stirred (the finish of splitmix64, Steele et al. 2014): one to one."""
    out = values ^ (values >> np.uint64(30))
    out *= np.uint64(0xBF58476D1CE4E5B9)
    out ^= out >> np.uint64(27)
    out *= np.uint64(0x94D049BB133111EB)
    out ^= out >> np.uint64(31)
    return out


def tokenise(block: Block) -> Tokens:
    """Find a block's tokens and hash them: sum over a word's bytes of value(byte) * base^place, modulo 2^64,
    stirred.
    """
    data = block.data
    if not len(data):
        none = np.zeros(0, np.int64)
        return Tokens(none, none, none > 0, none > 0, none.astype(np.uint64), np.zeros_like(block.offsets))
    room = _room(len(data))
    classes = np.take(_CLASSES, data, out=room.classes[: len(data)], mode="clip")
    sums = np.take(_VALUES, data, out=room.values[: len(data)], mode="clip")
    _drop_typography(data, classes, sums)
    starts, stops = _bounds(np.take(_FILLED, data, out=room.filled[: len(data)], mode="clip"), block.offsets)
    bounds = np.searchsorted(starts, block.offsets)
    powers, inverses = _powers(len(data))
    sums *= powers[: len(data)]
    np.cumsum(sums, out=sums)
    hashes = sums[stops - 1]
    inside = starts > 0
    hashes[inside] -= sums[starts[inside] - 1]
    is_word = hashes != 0  # what only punctuation adds up to
    hashes *= inverses[_first_kept(classes, starts, is_word)]
    hashes = mixed(hashes)
    hashes[~is_word] = 0
    return Tokens(starts, stops - 1, is_word, _has_letter(classes, starts, stops), hashes, bounds)


def _bounds(filled: NDArray[np.bool_], offsets: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where each run of filled bytes begins and where it stops (not included); it stops where its document
    does.
    """
    changes = np.empty(len(filled) + 1, np.bool_)
    np.not_equal(filled[1:], filled[:-1], out=changes[1:-1])
    changes[0], changes[-1] = filled[0], filled[-1]
    places = np.flatnonzero(changes)
    starts, stops = places[0::2], places[1::2]
    joints = np.unique(offsets[1:-1])
    joints = joints[(joints > 0) & (joints < len(filled))]
    joints = joints[filled[joints] & filled[joints - 1]]  # one document ends in a word and the next begins with one
    if len(joints):
        starts = np.insert(starts, np.searchsorted(starts, joints), joints)
        stops = np.insert(stops, np.searchsorted(stops, joints), joints)
    return starts, stops


def _has_letter(classes: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which tokens hold a letter; most begin with one, and of the others all bytes are looked at."""
    found: NDArray[np.bool_] = classes[starts] & ALPHA != 0
    rest = np.flatnonzero(~found)
    if len(rest):
        sizes = stops[rest] - starts[rest]
        firsts = np.cumsum(sizes) - sizes
        places = np.arange(int(sizes.sum())) + np.repeat(starts[rest] - firsts, sizes)
        found[rest] = np.bitwise_or.reduceat(classes[places], firsts) & ALPHA != 0
    return found


def _first_kept(classes: NDArray[np.uint8], starts: NDArray[np.int64], is_word: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return where each word's first kept byte is, so that a quote before a word does not change its hash."""
    first = starts.copy()
    waiting = np.flatnonzero(is_word & (classes[starts] & KEPT == 0))
    for _step in range(8):
        if not len(waiting):
            return first
        first[waiting] += 1
        waiting = waiting[classes[first[waiting]] & KEPT == 0]
    kept = np.flatnonzero(classes & KEPT)
    first[waiting] = kept[np.searchsorted(kept, first[waiting])]
    return first


def _drop_typography(data: NDArray[np.uint8], classes: NDArray[np.uint8], values: U64) -> None:
    """Make U+2000 to U+203F (three bytes, E2 80 xx) count as punctuation."""
    places = np.flatnonzero(data[:-2] == 0xE2)
    places = places[data[places + 1] == 0x80]
    for step in range(3):
        classes[places + step] = 0
        values[places + step] = 0


@dataclass
class _Room(threading.local):
    """Arrays that are written over from block to block: fresh ones would cost more than the work done in them."""

    classes: NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))
    filled: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))
    values: U64 = field(default_factory=lambda: np.empty(0, np.uint64))


_ROOM = _Room()


def _room(size: int) -> _Room:
    if len(_ROOM.classes) < size:
        _ROOM.classes, _ROOM.filled = np.empty(size, np.uint8), np.empty(size, np.bool_)
        _ROOM.values = np.empty(size, np.uint64)
    return _ROOM


@cache
def _powers(num_bytes: int) -> tuple[U64, U64]:
    """Return base^place and its inverse modulo 2^64, for at least so many places."""
    size = 1 << max(num_bytes - 1, (1 << 17) - 1).bit_length()
    if size != num_bytes:
        return _powers(size)
    return _geometric(_BASE, size), _geometric(pow(_BASE, -1, 1 << 64), size)


def _geometric(base: int, size: int) -> U64:
    """Return base^0 … base^(size - 1) modulo 2^64, by doubling."""
    row = np.ones(size, np.uint64)
    done = 1
    while done < size:
        row[done : 2 * done] = row[:done] * np.uint64(pow(base, done, 1 << 64))
        done *= 2
    return row


def _classes_of_bytes() -> NDArray[np.uint8]:
    table = np.zeros(256, np.uint8)
    table[list(b" \t\n\r\v\f\x1c\x1d\x1e\x1f")] = BLANK
    table[list(string.digits.encode())] = KEPT
    table[list(string.ascii_letters.encode())] = KEPT | ALPHA
    table[0x80:] = KEPT
    table[0xC3:0xE2] |= ALPHA  # two-byte letters (from À) and three-byte scripts before the symbols of U+2000 to U+2FFF
    table[0xE3:0xEE] |= ALPHA  # kana, Chinese, Hangul
    return table


def _values_of_bytes() -> U64:
    """Return a fixed random value for each byte that counts, capitals as small letters; 0 for the others."""
    table = mixed(np.arange(1, 257, dtype=np.uint64) * np.uint64(0xD1B54A32D192ED03))
    capitals = np.frombuffer(string.ascii_uppercase.encode(), np.uint8)
    table[capitals] = table[capitals + 32]
    table[_CLASSES & KEPT == 0] = 0
    return table


_CLASSES = _classes_of_bytes()
_FILLED = _CLASSES & BLANK == 0
_VALUES = _values_of_bytes()
