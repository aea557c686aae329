"""A batch of texts to the same texts with personal data replaced by typed placeholders, and counts by type."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

PrivateKind = Literal["email", "phone", "ip", "card", "iban", "national_id"]
KINDS: tuple[PrivateKind, ...] = ("email", "phone", "ip", "card", "iban", "national_id")


class PrivacySettings(BaseModel):
    """Which kinds are replaced; `presidio` adds names and places by Presidio (the extra of that name)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kinds: tuple[PrivateKind, ...] = KINDS
    presidio: bool = False


def privacy(texts: pa.LargeStringArray, settings: PrivacySettings) -> tuple[pa.LargeStringArray, pa.RecordBatch]:
    """Return the new texts (`[EMAIL]`, `[PHONE]` … in place) and int32 counts a document, one column a kind."""
    raise NotImplementedError
