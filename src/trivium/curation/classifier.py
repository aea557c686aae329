"""Example texts of two sides to a small linear classifier over hashed words, and word hashes to its scores: quality by
good and bad examples, toxicity by toxic and harmless ones.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from trivium.core.errors import SourceError
from trivium.curation.words import Words, ngrams, words

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


class TrainSettings(BaseModel):
    """How a classifier is trained: logistic regression by stochastic gradient, with AdaGrad's step sizes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_buckets: int = Field(default=1 << 18, ge=2)
    """Size of the table that words and word pairs are hashed into."""
    epochs: int = Field(default=8, ge=1)
    learning_rate: float = Field(default=0.5, gt=0)
    decay: float = Field(default=1e-6, ge=0)
    """Pull of the weights to zero, a step."""
    batch_documents: int = Field(default=16, ge=1)
    seed: int = Field(default=1, ge=0)


@dataclass(frozen=True)
class Classifier:
    """Weights of hashed words and word pairs, and a bias: score = sigmoid(sum of weights / √number + bias)."""

    weights: F32
    bias: float

    def save(self, path: Path) -> None:
        """Write one .npz file."""
        with path.open("wb") as file:
            np.savez_compressed(file, weights=self.weights, bias=np.float64(self.bias))

    @classmethod
    def load(cls, path: Path) -> Classifier:
        """Open what `save` wrote; SourceError where it is none."""
        try:
            with np.load(path, allow_pickle=False) as held:
                return cls(held["weights"].astype(np.float32), float(held["bias"]))
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise SourceError(
                f"wanted a classifier, found {error}",
                where=str(path),
                do="train one from good and bad examples, or give the right file",
            ) from error


def train(good: pa.LargeStringArray, bad: pa.LargeStringArray, settings: TrainSettings) -> Classifier:
    """Train on examples of what to keep and what to drop, both sides weighing the same.

    The same examples and settings give the same weights. SourceError where a side is empty.
    """
    for side, texts in (("good", good), ("bad", bad)):
        if not len(texts):
            raise SourceError(f"wanted {side} examples, found none", where=side, do="give at least some dozens")
    features, offsets = _features(words(pa.concat_arrays([good, bad])), settings.num_buckets)
    labels = np.concatenate([np.ones(len(good)), np.zeros(len(bad))])
    importance = np.where(labels > 0, len(labels) / (2 * len(good)), len(labels) / (2 * len(bad)))
    weights, bias = np.zeros(settings.num_buckets), 0.0
    squares, bias_square = np.full(settings.num_buckets, 1e-8), 1e-8
    rng = np.random.default_rng(settings.seed)
    for _epoch in range(settings.epochs):
        order = rng.permutation(len(labels))
        for start in range(0, len(order), settings.batch_documents):
            batch = order[start : start + settings.batch_documents]
            spans = [features[offsets[index] : offsets[index + 1]] for index in batch]
            sizes = np.array([len(span) for span in spans])
            owners = np.repeat(np.arange(len(batch)), sizes)
            flat = np.concatenate(spans)
            scale = 1 / np.sqrt(np.maximum(sizes, 1))
            error = _sigmoid(np.bincount(owners, weights[flat], len(batch)) * scale + bias) - labels[batch]
            error *= importance[batch] / len(batch)
            touched, places = np.unique(flat, return_inverse=True)
            slope = np.bincount(places, (error * scale)[owners]) + settings.decay * weights[touched]
            squares[touched] += slope**2
            weights[touched] -= settings.learning_rate * slope / np.sqrt(squares[touched])
            total = float(error.sum())
            bias_square += total**2
            bias -= settings.learning_rate * total / bias_square**0.5
    return Classifier(weights.astype(np.float32), bias)


def classify(words: Words, by: Classifier) -> pa.DoubleArray:
    """Return the probability in [0, 1] that each document is like the good examples; with no word, the bias decides."""
    features, offsets = _features(words, len(by.weights))
    sizes = np.diff(offsets)
    ends = np.concatenate([[0.0], np.cumsum(by.weights[features], dtype=np.float64)])
    return pa.array(_sigmoid((ends[offsets[1:]] - ends[offsets[:-1]]) / np.sqrt(np.maximum(sizes, 1)) + by.bias))


def classify_passages(words: Words, by: Classifier, num_words: int) -> pa.DoubleArray:
    """Return the highest score of any passage of each document: one in a long text counts as it does alone.

    A document is cut into equal passages of `num_words` words or more, and fewer than twice as many.
    """
    counts = np.diff(words.offsets)
    num_passages = np.maximum(counts // num_words, 1)
    firsts = np.cumsum(num_passages) - num_passages
    rank = np.arange(num_passages.sum()) - np.repeat(firsts, num_passages)
    starts = np.repeat(words.offsets[:-1], num_passages)
    starts += rank * np.repeat(counts, num_passages) // np.repeat(num_passages, num_passages)
    scores = classify(Words(words.hashes, np.append(starts, words.offsets[-1])), by)
    return pa.array(np.maximum.reduceat(scores.to_numpy(), firsts) if len(counts) else np.zeros(0))


def _features(of: Words, num_buckets: int) -> tuple[I64, I64]:
    """Return the buckets of each document's words and word pairs, and the bounds of documents in them."""
    pairs = ngrams(of, 2)
    num_words, num_pairs = np.diff(of.offsets), np.diff(pairs.offsets)
    offsets = np.concatenate([[0], np.cumsum(num_words + num_pairs)])
    out = np.empty(offsets[-1], np.int64)
    for part, before in ((of, offsets[:-1]), (pairs, offsets[:-1] + num_words)):
        places = np.arange(len(part.hashes)) + np.repeat(before - part.offsets[:-1], np.diff(part.offsets))
        out[places] = (part.hashes % np.uint64(num_buckets)).astype(np.int64)
    return out, offsets


def _sigmoid(x: F64) -> F64:
    return 1 / (1 + np.exp(-np.clip(x, -60, 60)))
