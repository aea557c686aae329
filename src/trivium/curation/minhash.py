"""Word hashes to MinHash signatures: the share of equal entries of two signatures estimates the Jaccard similarity of
their word n-grams.
"""

from __future__ import annotations

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from trivium.curation.words import Words


class MinHashSettings(BaseModel):
    """`num_hashes` entries over runs of `ngram` words; the seed names the hash family."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_hashes: int = Field(default=128, ge=8)
    ngram: int = Field(default=5, ge=1)
    seed: int = 1


def minhash(words: Words, settings: MinHashSettings) -> pa.FixedSizeListArray:
    """Return one signature of `num_hashes` uint32 a document; of a document shorter than `ngram` words the whole of it
    is the one n-gram; null where it has no word.
    """
    raise NotImplementedError


def band_keys(signatures: pa.FixedSizeListArray, num_bands: int) -> list[pa.UInt64Array]:
    """Return for each of the bands one 64-bit key a document: equal keys are candidates (null stays null)."""
    raise NotImplementedError
