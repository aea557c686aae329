"""A batch of texts to the same texts without the names and places that Presidio finds (the extra `presidio`).

It covers what the language model given to it recognises; it is slow (about a hundredth of `privacy`'s speed), and it is
wrong now and then on both sides: measure it on your own text first.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from trivium.core.errors import MissingExtraError, SourceError


class PresidioSettings(BaseModel):
    """What Presidio looks for, and with which language model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    """A spaCy pipeline: a folder, or the name of an installed package, e.g. `en_core_web_lg`. Nothing is downloaded."""
    language: str = "en"
    entities: tuple[str, ...] = Field(default=("PERSON", "LOCATION"), min_length=1)
    """Presidio's names of what is replaced; the placeholder is the name in brackets."""
    min_score: float = Field(default=0.5, ge=0, le=1)


class Entity(NamedTuple):
    """A span of characters that is a name of something."""

    start: int
    end: int
    entity_type: str
    score: float


def presidio(texts: pa.LargeStringArray, settings: PresidioSettings) -> tuple[pa.LargeStringArray, pa.RecordBatch]:
    """Return the new texts (`[PERSON]` … in place) and int32 counts a document, one column an entity in small
    letters.
    """
    analyzer = _analyzer(settings)
    counts = np.zeros((len(settings.entities), len(texts)), np.int32)
    new = []
    for index, text in enumerate(texts.to_pylist()):
        found = analyzer.analyze(
            text=text,
            language=settings.language,
            entities=list(settings.entities),
            score_threshold=settings.min_score,
        )
        kept = apart([Entity(each.start, each.end, each.entity_type, each.score) for each in found])
        for each in kept:
            counts[settings.entities.index(each.entity_type), index] += 1
        new.append(replaced(text, kept))
    columns = [pa.array(row) for row in counts]
    names = [name.lower() for name in settings.entities]
    return pa.array(new, pa.large_string()), pa.RecordBatch.from_arrays(columns, names=names)


def apart(found: list[Entity]) -> list[Entity]:
    """Return the entities in order, of those that overlap the surest, then the longest.

    >>> [each.entity_type for each in apart([Entity(0, 9, "PERSON", 0.9), Entity(5, 12, "LOCATION", 0.8)])]
    ['PERSON']
    """
    kept: list[Entity] = []
    for each in sorted(found, key=lambda one: (-one.score, one.start - one.end, one.start)):
        if all(each.end <= other.start or each.start >= other.end for other in kept):
            kept.append(each)
    return sorted(kept)


def replaced(text: str, entities: list[Entity]) -> str:
    """Return the text with a placeholder for each entity; they come in order and do not overlap.

    >>> replaced("Ann lives here", [Entity(0, 3, "PERSON", 1.0)])
    '[PERSON] lives here'
    """
    parts, done = [], 0
    for each in entities:
        parts += [text[done : each.start], f"[{each.entity_type}]"]
        done = each.end
    return "".join([*parts, text[done:]])


@cache
def _analyzer(settings: PresidioSettings) -> Any:
    try:
        import spacy
        from presidio_analyzer import AnalyzerEngine
        from presidio_analyzer.nlp_engine import SpacyNlpEngine
    except ImportError as error:
        raise MissingExtraError(
            f"wanted Presidio to find {', '.join(settings.entities)}, found it missing",
            where="presidio",
            do="pip install 'trivium[presidio]', and a spaCy model of your own",
        ) from error
    try:
        pipeline = spacy.load(settings.model)
    except (OSError, ValueError) as error:
        raise SourceError(
            f"wanted a spaCy pipeline, found none: {error}".splitlines()[0],
            where=settings.model,
            do="give the folder of one, or the name of an installed package",
        ) from error
    engine = SpacyNlpEngine()
    engine.nlp = {settings.language: pipeline}  # the one that is given: Presidio would download another
    return AnalyzerEngine(nlp_engine=engine, supported_languages=[settings.language])
