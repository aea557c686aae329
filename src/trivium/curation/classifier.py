"""Good and bad example texts to a small linear classifier over hashed words, and word hashes to its scores."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from trivium.curation.words import Words


@dataclass(frozen=True)
class Classifier:
    """Weights of hashed words and word pairs, and a bias: score = sigmoid(mean weight + bias)."""

    weights: NDArray[np.float32]
    bias: float

    def save(self, path: Path) -> None:
        """Write one .npz file."""
        raise NotImplementedError

    @classmethod
    def load(cls, path: Path) -> Classifier:
        """Open what `save` wrote; SourceError where it is none."""
        raise NotImplementedError


def train(good: pa.LargeStringArray, bad: pa.LargeStringArray, *, seed: int) -> Classifier:
    """Train on examples of what to keep and what to drop."""
    raise NotImplementedError


def classify(words: Words, by: Classifier) -> pa.DoubleArray:
    """Return the probability in [0, 1] that each document is like the good examples."""
    raise NotImplementedError
