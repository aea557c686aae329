"""A batch of texts to the language of each, with a confidence in [0, 1]."""

from __future__ import annotations

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field


class LanguageSettings(BaseModel):
    """How much of each text is looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bytes: int = Field(default=1000, ge=50)


def language(texts: pa.LargeStringArray, settings: LanguageSettings) -> pa.RecordBatch:
    """Return `language` (ISO 639-1 code; `und` where there is nothing to tell it by) and `language_confidence`."""
    raise NotImplementedError
