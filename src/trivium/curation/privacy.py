"""A batch of texts to the same texts with personal data replaced by typed placeholders, and counts by type.

What is found, and what is not, says `trivium.text.privacy`; `presidio` adds what its recognisers know.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from trivium.curation.blocks import as_bytes
from trivium.text.privacy import I64, KINDS, Found, PrivateKind, find

_PLACEHOLDERS = {kind: f"[{kind.upper()}]".encode() for kind in KINDS}


class PrivacySettings(BaseModel):
    """Which kinds are replaced."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kinds: tuple[PrivateKind, ...] = KINDS


def privacy(texts: pa.LargeStringArray, settings: PrivacySettings) -> tuple[pa.LargeStringArray, pa.RecordBatch]:
    """Return the new texts (`[EMAIL]`, `[PHONE]` … in place) and int32 counts a document, one column a kind.

    >>> new, counts = privacy(pa.array(["Write to a.b@example.com!"], pa.large_string()), PrivacySettings())
    >>> new[0].as_py(), counts.column("email")[0].as_py()
    ('Write to [EMAIL]!', 1)
    """
    data, offsets = as_bytes(texts)
    found = find(data, offsets, settings.kinds)
    starts = np.array([each.start for each in found], np.int64)
    documents = np.searchsorted(offsets, starts, side="right") - 1
    kinds = np.array([settings.kinds.index(each.kind) for each in found], np.int64)
    counts = [
        pa.array(np.bincount(documents[kinds == index], minlength=len(texts)).astype(np.int32))
        for index in range(len(settings.kinds))
    ]
    new = _replaced(texts, data, offsets, found) if found else texts
    return new, pa.RecordBatch.from_arrays(counts, names=list(settings.kinds))


def _replaced(
    texts: pa.LargeStringArray, data: npt.NDArray[np.uint8], offsets: I64, found: list[Found]
) -> pa.LargeStringArray:
    whole = data.data
    parts: list[bytes | memoryview] = []
    done = 0
    for each in found:
        parts += (whole[done : each.start], _PLACEHOLDERS[each.kind])
        done = each.stop
    parts.append(whole[done:])
    stops = np.array([each.stop for each in found], np.int64)
    grown = np.cumsum([len(_PLACEHOLDERS[each.kind]) - (each.stop - each.start) for each in found])
    before = np.searchsorted(stops, offsets, side="right")
    new = offsets + np.concatenate([[0], grown])[before]
    buffers = [None, pa.py_buffer(new.astype(np.int64)), pa.py_buffer(b"".join(parts))]
    return pa.LargeStringArray.from_buffers(len(texts), buffers[1], buffers[2])
