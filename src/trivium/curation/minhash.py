"""Word hashes to MinHash signatures: the share of equal entries of two signatures estimates the Jaccard similarity of
their word n-grams (Broder 1997).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from trivium.curation.words import U64, Words, mixed, ngrams

U32 = NDArray[np.uint32]

_TILE = 1 << 17
"""Entries that are hashed at a time. Measured: smaller tiles pay for calls."""


class MinHashSettings(BaseModel):
    """`num_hashes` entries over runs of `ngram` words; the seed names the hash family."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_hashes: int = Field(default=128, ge=8)
    ngram: int = Field(default=5, ge=1)
    seed: int = Field(default=1, ge=0)


def minhash(words: Words, settings: MinHashSettings) -> pa.FixedSizeListArray:
    """Return one signature of `num_hashes` uint32 a document; of a document shorter than `ngram` words the whole of it
    is the one n-gram; null where it has no word.

    Entry k is the least of a_k * x modulo 2^32 over the n-grams x of the document, a_k odd. The x are stirred hashes,
    so no term need be added: measured, mean and spread of the estimate are those of independent permutations.
    """
    shingles = _with_short(words, settings.ngram)
    num_documents = len(words.offsets) - 1
    factors = _family(settings.num_hashes, settings.seed)
    values = (shingles.hashes >> np.uint64(32)).astype(np.uint32)
    out = np.full((num_documents, settings.num_hashes), np.iinfo(np.uint32).max, np.uint32)
    room = np.empty(_TILE, np.uint32)
    step = max(_TILE // settings.num_hashes, 1)
    filled = np.flatnonzero(np.diff(shingles.offsets))
    bounds = np.append(shingles.offsets[filled], shingles.offsets[-1])
    first = 0
    while first < len(filled):  # as many whole documents as fill a tile, or one longer one in parts
        stop = max(int(np.searchsorted(bounds, bounds[first] + step, side="right")) - 1, first + 1)
        low, high = int(bounds[first]), int(bounds[stop])
        for start in range(low, high, step):
            some = values[start : min(start + step, high)]
            tile = room[: len(some) * settings.num_hashes].reshape(settings.num_hashes, len(some))
            np.multiply(factors, some, out=tile)
            if stop == first + 1:
                np.minimum(out[filled[first]], tile.min(axis=1), out=out[filled[first]])
            else:
                out[filled[first:stop]] = np.minimum.reduceat(tile, bounds[first:stop] - low, axis=1).T
        first = stop
    empty = np.diff(words.offsets) == 0
    return pa.FixedSizeListArray.from_arrays(
        pa.array(out.reshape(-1)), settings.num_hashes, mask=pa.array(empty) if empty.any() else None
    )


def _with_short(words: Words, n: int) -> Words:
    """Return the n-grams of each document, or the one of all its words where it has fewer than n."""
    whole = ngrams(words, n)
    num_words = np.diff(words.offsets)
    short = np.flatnonzero((num_words < n) & (num_words > 0))
    if not len(short):
        return whole
    singles = np.array([ngrams(_one(words, int(index)), int(num_words[index])).hashes[0] for index in short], np.uint64)
    hashes = np.insert(whole.hashes, whole.offsets[short], singles)
    more = np.zeros(len(num_words), np.int64)
    more[short] = 1
    offsets = whole.offsets.copy()
    offsets[1:] += np.cumsum(more)
    return Words(hashes, offsets)


def _one(words: Words, index: int) -> Words:
    low, high = words.offsets[index], words.offsets[index + 1]
    return Words(words.hashes[low:high], np.array([0, high - low]))


@cache
def _family(num_hashes: int, seed: int) -> U32:
    """Return odd factors, in a column, the same on every machine."""
    counter = np.arange(num_hashes, dtype=np.uint64) + mixed(np.array([seed], np.uint64))
    draws = (mixed(mixed(counter) + np.uint64(1)) >> np.uint64(32)).astype(np.uint32)
    return draws[:, None] | np.uint32(1)


def band_keys(signatures: pa.FixedSizeListArray, num_bands: int) -> list[pa.UInt64Array]:
    """Return for each of the bands one 64-bit key a document: equal keys are candidates (null stays null).

    Entries that do not fill a last band are left out.
    """
    width = signatures.type.list_size
    rows = width // num_bands
    if rows < 1:
        raise ValueError(f"wanted at most {width} bands, found {num_bands}")
    table = signature_table(signatures)
    missing = pa.array(signatures.is_null().to_numpy(zero_copy_only=False))
    keys = []
    for band in range(num_bands):
        key: U64 = np.full(len(table), band, np.uint64)
        for place in range(band * rows, (band + 1) * rows):
            key = mixed(key * np.uint64(0x9E3779B97F4A7C15) + table[:, place])
        keys.append(pa.array(key, mask=missing.to_numpy(zero_copy_only=False)))
    return keys


def signature_table(signatures: pa.FixedSizeListArray) -> U32:
    """Return the signatures as rows of a matrix; a null's row holds the largest number throughout."""
    width = signatures.type.list_size
    start = signatures.offset * width
    flat = signatures.values.to_numpy(zero_copy_only=False)[start : start + len(signatures) * width]
    table: U32 = flat.reshape(len(signatures), width)
    return table


def estimated_jaccard(left: U32, right: U32) -> NDArray[np.float64]:
    """Return the share of equal entries, row by row, in [0, 1]."""
    share: NDArray[np.float64] = (left == right).mean(axis=1)
    return share
