"""Texts to the keys of their paragraphs, and a text and the paragraphs to leave out to what is left of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

BETWEEN = "\n\n"


@dataclass(frozen=True)
class ParagraphKeys:
    """The long enough paragraphs of a batch: which document, which of its paragraphs (from 0), and a 64-bit hash."""

    documents: NDArray[np.int32]
    indexes: NDArray[np.int32]
    keys: NDArray[np.uint64]


def paragraph_keys(texts: pa.LargeStringArray, min_characters: int) -> ParagraphKeys:
    """Hash the paragraphs of at least so many characters; blanks around a paragraph do not count."""
    documents, indexes, keys = [], [], []
    for document, text in enumerate(texts.to_pylist()):
        for index, paragraph in enumerate(text.split(BETWEEN)):
            if len(paragraph) >= min_characters:
                documents.append(document)
                indexes.append(index)
                keys.append(int.from_bytes(blake2b(paragraph.strip().encode(), digest_size=8).digest(), "little"))
    return ParagraphKeys(np.array(documents, np.int32), np.array(indexes, np.int32), np.array(keys, np.uint64))


def without(text: str, indexes: Collection[int]) -> str:
    """Leave paragraphs out.

    >>> without("One.\\n\\nTwo.\\n\\nThree.", {1})
    'One.\\n\\nThree.'
    """
    return BETWEEN.join(each for index, each in enumerate(text.split(BETWEEN)) if index not in indexes)
