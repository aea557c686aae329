"""A block of texts to its lines and paragraphs: where they begin and end, how they end, and which are repeated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trivium.curation.blocks import Block
from trivium.curation.words import U64, Tokens, mixed

I64 = NDArray[np.int64]

TERMINAL = ".?!\"'。！？”’…।؟۔"
"""What ends a sentence: C4's marks (Raffel et al. 2020) and those of other scripts."""
BULLETS = "-•*‣◦⁃"
ELLIPSES = ("...", "…")


@dataclass(frozen=True)
class Lines:
    """The lines of a block that are not blank, in order; tokens are counted from the block's first."""

    documents: I64
    """Which document of the block each belongs to."""
    starts: I64
    """Its first byte that is not blank."""
    ends: I64
    """Its last one, included."""
    first_tokens: I64
    stop_tokens: I64
    num_breaks: I64
    """How many line ends lie between it and the line before in its document (0 for the first)."""
    keys: U64
    """Equal for lines that are equal, and for those as long that differ in case and inner punctuation alone."""


def find_lines(block: Block, tokens: Tokens) -> Lines:
    """Return the lines of a block; what parts them is `\\n`, and the end of a document."""
    breaks = np.flatnonzero(block.data == 10)
    cuts = np.unique(np.concatenate([block.offsets[:-1], breaks + 1]))
    firsts = np.searchsorted(tokens.starts, cuts)
    stops = np.append(firsts[1:], len(tokens.starts))
    filled = stops > firsts
    firsts, stops = firsts[filled], stops[filled]
    starts, ends = tokens.starts[firsts], tokens.ends[stops - 1]
    documents = np.searchsorted(block.offsets, starts, side="right") - 1
    breaks_before = np.searchsorted(breaks, starts)
    num_breaks = np.diff(breaks_before, prepend=0)
    num_breaks[np.diff(documents, prepend=-1) != 0] = 0
    return Lines(
        documents, starts, ends, firsts, stops, num_breaks, _keys(block, tokens, (firsts, stops, starts, ends))
    )


def _keys(block: Block, tokens: Tokens, of: tuple[I64, I64, I64, I64]) -> U64:
    firsts, _stops, starts, ends = of
    if not len(firsts):
        return np.zeros(0, np.uint64)
    rank = np.arange(len(tokens.starts)) - np.repeat(firsts, np.diff(np.append(firsts, len(tokens.starts))))
    stirred = mixed(tokens.hashes + rank.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    keys: U64 = np.add.reduceat(stirred, firsts)
    edge = (ends - starts).astype(np.uint64) << np.uint64(16)
    edge |= block.data[starts].astype(np.uint64) << np.uint64(8) | block.data[ends]
    return mixed(keys + edge * np.uint64(0xD1B54A32D192ED03))


def paragraph_keys(lines: Lines) -> tuple[U64, I64]:
    """Return a key for each paragraph (lines with no blank line between) and the first line of each."""
    opens = np.flatnonzero((lines.num_breaks > 1) | (np.diff(lines.documents, prepend=-1) != 0))
    if not len(opens):
        return np.zeros(0, np.uint64), opens
    rank = np.arange(len(lines.keys)) - np.repeat(opens, np.diff(np.append(opens, len(lines.keys))))
    stirred = mixed(lines.keys + rank.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    return np.add.reduceat(stirred, opens), opens


def repeated(keys: U64, documents: I64) -> NDArray[np.bool_]:
    """Return which have an equal one before them in the same document.

    >>> repeated(np.array([7, 7, 7, 8], np.uint64), np.array([0, 0, 1, 1])).tolist()
    [False, True, False, False]
    """
    if not len(keys):
        return np.zeros(0, np.bool_)
    both = keys + mixed(documents.astype(np.uint64) + np.uint64(1))
    order = np.argsort(both, kind="stable")
    row = both[order]
    again = np.zeros(len(keys), np.bool_)
    again[order[1:]] = row[1:] == row[:-1]
    return again


def ends_with(data: NDArray[np.uint8], starts: I64, ends: I64, marks: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return whether each span (its last byte included) ends with one of the marks."""
    found = np.isin(data[ends], [ord(mark) for mark in marks if mark.isascii() and len(mark) == 1])
    for mark in marks:
        wanted = np.frombuffer(mark.encode(), np.uint8)
        if len(wanted) == 1:
            continue
        same = ends - starts + 1 >= len(wanted)
        for back, byte in enumerate(wanted[::-1]):
            same &= data[np.maximum(ends - back, 0)] == byte
        found |= same
    return found


def begins_with(data: NDArray[np.uint8], starts: I64, ends: I64, marks: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return whether each span begins with one of the marks."""
    found = np.zeros(len(starts), np.bool_)
    for mark in marks:
        wanted = np.frombuffer(mark.encode(), np.uint8)
        same = ends - starts + 1 >= len(wanted)
        for ahead, byte in enumerate(wanted):
            same &= data[np.minimum(starts + ahead, len(data) - 1)] == byte
        found |= same
    return found
