"""A batch of texts to the language of each, with a confidence in [0, 1].

The model is py3langid's (inside its wheel): a naive Bayes over byte sequences that an automaton finds. Its
own loop walks one text at a time; here the automaton takes one step in all texts of a batch at once, to the same
scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import scipy.sparse
from numpy.typing import NDArray
from py3langid.langid import MODEL_FILE, LanguageIdentifier
from pydantic import BaseModel, ConfigDict, Field

from trivium.curation.blocks import as_bytes

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

UNKNOWN = "und"
NO_LANGUAGE = "zxx"
"""The model's own class for numbers and code: `und` here."""
_GROUP = 512
"""Texts that are walked side by side: enough that a step's work outweighs its calls."""


class LanguageSettings(BaseModel):
    """How much of each text is looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bytes: int = Field(default=600, ge=50)
    """Half of them from the beginning and half from the middle, where a text is longer."""


@dataclass(frozen=True)
class Model:
    """The automaton (next state by state and byte, feature by state) and the weights of its features by class."""

    row: NDArray[np.int32]
    """By state, where its row of 256 begins in `next_state`; many states share one."""
    next_state: NDArray[np.int32]
    feature: NDArray[np.int32]
    """By state; -1 where it is no feature's."""
    weights: F32
    prior: F32
    classes: tuple[str, ...]


def language(texts: pa.LargeStringArray, settings: LanguageSettings) -> pa.RecordBatch:
    """Return `language` (ISO 639-1 code; `und` where there is nothing to tell it by) and `language_confidence`.

    >>> some = pa.array(["The cat sat on the mat.", "Der Hund schläft im Garten.", "123"], pa.large_string())
    >>> language(some, LanguageSettings()).column("language").to_pylist()
    ['en', 'de', 'und']
    """
    data, offsets = as_bytes(texts)
    model = _model()
    best: list[NDArray[np.int64]] = []
    confidences: list[F32] = []
    sizes = np.minimum(np.diff(offsets), settings.max_bytes)
    order = np.argsort(sizes, kind="stable")  # texts of one length side by side: no steps are walked for padding
    for start in range(0, len(order), _GROUP):
        group = order[start : start + _GROUP]
        scores, known = _scores(_samples(data, offsets, group, settings.max_bytes), sizes[group], model)
        confidence = scores.max(axis=1)
        best.append(np.where(known, scores.argmax(axis=1), -1))
        confidences.append(np.where(known, confidence, 0).astype(np.float32))
    names = pa.array([*model.classes, UNKNOWN])
    chosen = np.empty(len(order), np.int64)
    certain = np.empty(len(order), np.float32)
    if len(order):
        chosen[order], certain[order] = np.concatenate(best), np.concatenate(confidences)
    columns = [names.take(pa.array(chosen % len(names))), pa.array(certain)]
    return pa.RecordBatch.from_arrays(columns, names=["language", "language_confidence"])


def known_languages() -> frozenset[str]:
    """Return the codes that can be told."""
    return frozenset(_model().classes) - {UNKNOWN}


def _samples(data: NDArray[np.uint8], offsets: I64, group: I64, max_bytes: int) -> NDArray[np.uint8]:
    """Return the bytes that are looked at, one column a text (what is behind a shorter text's end means nothing).

    A text in capitals alone is looked at in small letters: the model has seen few.
    """
    begins = offsets[group]
    length = offsets[group + 1] - begins
    half = max_bytes // 2
    steps = np.arange(min(int(length.max()), max_bytes) if len(length) else 0)[:, None]
    seconds = np.where(length > max_bytes, np.maximum(length // 2, half) - half, 0)
    places = begins + steps + np.where(steps < half, 0, seconds)
    letters = data[np.minimum(places, len(data) - 1)] if len(data) else np.zeros(places.shape, np.uint8)
    capitals = (letters >= 65) & (letters <= 90) & (steps < length)
    small = (letters >= 97) & (letters <= 122) & (steps < length)
    shouting = capitals.any(axis=0) & ~small.any(axis=0)
    letters[capitals & shouting] |= 32
    return letters


def _scores(letters: NDArray[np.uint8], sizes: I64, model: Model) -> tuple[F32, NDArray[np.bool_]]:
    """Return each text's probabilities by class, and whether it has any feature; texts come by rising size."""
    state = np.zeros(len(sizes), np.int32)
    found = np.full(letters.shape, -1, np.int32)
    alive = np.searchsorted(sizes, np.arange(len(letters)), side="right")
    for step, row in enumerate(letters):
        walking = slice(int(alive[step]), None)
        now = model.next_state[model.row[state[walking]] + row[walking]]
        state[walking] = now
        found[step, walking] = model.feature[now]
    steps, owners = np.nonzero(found >= 0)
    counts = scipy.sparse.coo_array(
        (np.ones(len(steps), np.float32), (owners, found[steps, owners])), (len(sizes), len(model.weights))
    ).tocsr()  # equal pairs are added up
    counts.data = np.log1p(counts.data)
    scores: F32 = counts @ model.weights + model.prior
    scores /= np.sqrt(np.maximum(sizes, 1))[:, None].astype(np.float32)  # as py3langid: calibrated across lengths
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return _merged(scores, model.classes), np.diff(counts.indptr) > 0


def _merged(scores: F32, classes: tuple[str, ...]) -> F32:
    """Add up classes of one name: a language in two scripts."""
    first: dict[str, int] = {}
    for index, name in enumerate(classes):
        home = first.setdefault(name, index)
        if home != index:
            scores[:, home] += scores[:, index]
            scores[:, index] = 0
    return scores


@cache
def _model() -> Model:
    held = LanguageIdentifier.from_model_file(MODEL_FILE)
    return Model(
        row=np.asarray(held.tk_row, np.int32) << 8,
        next_state=np.asarray(held.tk_nextmove, np.int32),
        feature=np.asarray(held.tk_output, np.int32),
        weights=np.asarray(held.nb_ptc, np.float32),
        prior=np.asarray(held.nb_pc, np.float32),
        classes=tuple(UNKNOWN if name == NO_LANGUAGE else name for name in held.nb_classes),
    )
