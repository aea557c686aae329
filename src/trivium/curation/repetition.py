"""A block's word hashes to how much of each document is repeated: its most frequent n-gram, and n-grams said before.

Gopher (Rae et al. 2021, table A1): for n of 2 to 4 the share of characters in the most frequent n-gram, for n of 5 to
10 the share of characters in n-grams that came before, no character counted twice. Characters of blanks within the most
frequent n-gram count, as they do in its text; those within repeated n-grams do not.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from trivium.curation.blocks import Block
from trivium.curation.words import U64, Tokens, mixed, rolling

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

TOP = (2, 3, 4)
REPEATED = (5, 6, 7, 8, 9, 10)
REPETITION_COLUMNS = tuple(f"top_{n}gram_char_share" for n in TOP) + tuple(
    f"repeated_{n}gram_char_share" for n in REPEATED
)


def repetition_columns(block: Block, tokens: Tokens, chars: Callable[[I64, I64], I64]) -> dict[str, F64]:
    """Return the repetition columns of one block; `chars` counts the characters of spans of bytes."""
    num_documents = block.num_documents
    num_chars = chars(block.offsets[:-1], block.offsets[1:]).astype(np.float64)
    is_word = tokens.is_word
    hashes = tokens.hashes[is_word]
    documents = np.repeat(np.arange(num_documents), np.diff(tokens.bounds))[is_word]
    lengths = chars(tokens.starts[is_word], tokens.ends[is_word] + 1)
    salted = hashes + mixed(documents.astype(np.uint64))
    top = {
        f"top_{n}gram_char_share": _share(_top_chars(hashes, documents, lengths, (n, num_documents)), num_chars)
        for n in TOP
    }
    repeated = dict.fromkeys((f"repeated_{n}gram_char_share" for n in REPEATED), np.zeros(num_documents))
    chosen = np.arange(len(hashes))
    for n in REPEATED:
        again = _said_before(salted[chosen], documents[chosen], n)
        if not again.any():
            break
        covered = _covered(again, n, len(chosen))
        within = chosen[covered]
        repeated[f"repeated_{n}gram_char_share"] = _share(
            np.bincount(documents[within], lengths[within], num_documents), num_chars
        )
        guilty = np.zeros(num_documents, np.bool_)
        guilty[documents[within]] = True
        chosen = chosen[guilty[documents[chosen]]]  # who repeats no n-gram repeats no longer one
    return top | repeated


def _top_chars(hashes: U64, documents: I64, lengths: I64, of: tuple[int, int]) -> F64:
    """Return for each document the characters of its most frequent n-gram, times how often it is there.

    Of equally frequent ones it is that with the least hash: which documents share the block must not matter.
    """
    n, num_documents = of
    out = np.zeros(num_documents)
    whole = _whole(documents, n)
    if not len(whole):
        return out
    owners = documents[whole]
    shift = np.uint64(64 - int(num_documents).bit_length())
    keys = rolling(hashes, n)[whole] >> np.uint64(int(num_documents).bit_length())
    keys |= owners.astype(np.uint64) << shift  # sorting parts the documents too
    row = np.sort(keys)
    opens = np.flatnonzero(np.concatenate([[True], row[1:] != row[:-1]]))
    sizes = np.diff(np.append(opens, len(row)))
    groups = (row[opens] >> shift).astype(np.int64)
    first_groups = np.flatnonzero(np.concatenate([[True], groups[1:] != groups[:-1]]))
    most = np.maximum.reduceat(sizes, first_groups)
    often = np.zeros(num_documents, np.int64)
    often[groups[first_groups]] = most
    best = np.zeros(num_documents, np.uint64)
    at = np.flatnonzero(sizes == often[groups])[::-1]  # the last written is the first of equals
    best[groups[at]] = row[opens[at]]
    match = np.flatnonzero(keys == best[owners])[::-1]
    ends = np.concatenate([[0], np.cumsum(lengths)])
    places = whole[match]
    out[owners[match]] = ends[places + n] - ends[places] + n - 1
    return out * often


def _whole(documents: I64, n: int) -> I64:
    """Return the words at which a run of n begins that does not leave its document."""
    if len(documents) < n:
        return np.zeros(0, np.int64)
    return np.flatnonzero(documents[: len(documents) - n + 1] == documents[n - 1 :])


def _said_before(salted: U64, documents: I64, n: int) -> NDArray[np.bool_]:
    """Return at which words a run of n begins that began before in the same document."""
    again = np.zeros(len(salted), np.bool_)
    whole = _whole(documents, n)
    if len(whole) < 2:
        return again
    keys = rolling(salted, n)[whole]
    row = np.sort(keys)
    twice = row[1:][row[1:] == row[:-1]]
    if not len(twice):
        return again
    twice = np.unique(twice)
    near = np.minimum(np.searchsorted(twice, keys), len(twice) - 1)
    places = np.flatnonzero(twice[near] == keys)
    order = np.argsort(keys[places], kind="stable")
    inside = keys[places][order]
    again[whole[places[order[1:][inside[1:] == inside[:-1]]]]] = True
    return again


def _covered(again: NDArray[np.bool_], n: int, num_words: int) -> NDArray[np.bool_]:
    """Return which words lie in a run of n that begins at a marked place."""
    steps = np.zeros(num_words + n, np.int64)
    places = np.flatnonzero(again)
    np.add.at(steps, places, 1)
    np.add.at(steps, places + n, -1)
    return np.cumsum(steps)[:num_words] > 0


def _share(part: NDArray[np.generic], whole: F64) -> F64:
    out: F64 = np.zeros(len(whole))
    np.divide(part, whole, out=out, where=whole > 0)
    return out
