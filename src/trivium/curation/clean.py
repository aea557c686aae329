"""A batch of texts to the same texts repaired: broken encodings, Unicode forms, blanks, boilerplate lines."""

from __future__ import annotations

import pyarrow as pa
from pydantic import BaseModel, ConfigDict


class CleanSettings(BaseModel):
    """What is repaired; each can be turned off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoding: bool = True
    """ftfy, only where a text holds what wrong decoding leaves behind."""
    unicode: bool = True
    """NFC."""
    blanks: bool = True
    """Unicode blanks to plain ones, runs to one (indentation stays), at most one blank line, no control characters."""
    boilerplate: bool = True
    """Lines of page furniture: cookie notices, `javascript` warnings, policy links, lorem ipsum, share buttons (C4)."""


def clean(texts: pa.LargeStringArray, settings: CleanSettings) -> tuple[pa.LargeStringArray, pa.RecordBatch]:
    """Return the new texts and int32 counts a document: `encoding`, `unicode`, `blanks` (0 or 1: changed),
    `boilerplate_lines`.
    """
    raise NotImplementedError
