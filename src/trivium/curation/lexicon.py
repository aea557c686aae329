"""Word hashes to how much of each document is bad words: profanity, slurs, sexual words."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from trivium.curation.words import Words


class LexiconSettings(BaseModel):
    """Whose words; `files` hold one word or phrase a line and add to the list that comes along (English)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    builtin: bool = True
    files: tuple[Path, ...] = ()


def lexicon(words: Words, settings: LexiconSettings) -> pa.RecordBatch:
    """Return `bad_words` (int32) and `bad_word_share` in [0, 1] of each document."""
    raise NotImplementedError
