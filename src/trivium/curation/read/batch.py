"""Documents one by one to Arrow batches of a fixed schema and bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa

from trivium.records import content_id

MAX_BATCH_DOCUMENTS = 4096
MAX_BATCH_BYTES = 16 << 20
"""Of text; a single longer document is a batch of its own."""

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("text", pa.large_string()),
        ("source", pa.string()),
        ("licence", pa.string()),
        ("group", pa.string()),
        ("where", pa.string()),
        ("url", pa.string()),
    ]
)
"""`id` is `content_id(text)` of the text as read; `group` what the document is a piece of; `where` is file:line,
file:row or file:record, counted from 1; `url` is empty where the source knows none.
"""


class Draft(NamedTuple):
    """A document before it is a row, its id not yet reckoned."""

    text: str
    source: str
    licence: str
    group: str
    where: str
    url: str


def batches(drafts: Iterable[Draft]) -> Iterator[pa.RecordBatch]:
    """Yield the documents in batches, in order.

    >>> [batch.num_rows for batch in batches([Draft("one", "s", "l", "s/a", "a", "")] * 5000)]
    [4096, 904]
    """
    waiting: list[Draft] = []
    size = 0
    for draft in drafts:
        num_bytes = len(draft.text) if draft.text.isascii() else len(draft.text.encode())
        if waiting and (size + num_bytes > MAX_BATCH_BYTES or len(waiting) == MAX_BATCH_DOCUMENTS):
            yield _batch(waiting)
            waiting, size = [], 0
        waiting.append(draft)
        size += num_bytes
    if waiting:
        yield _batch(waiting)


def _batch(drafts: list[Draft]) -> pa.RecordBatch:
    ids = [content_id(draft.text) for draft in drafts]
    columns = [ids, *zip(*drafts, strict=True)]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)
