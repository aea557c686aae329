"""Documents one by one to Arrow batches of a fixed schema and bounded size."""

from __future__ import annotations

import pyarrow as pa

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
"""`id` is `content_id(text)` of the text as read; `group` what the document is a piece of; `where` is file:line, file:row
or file:record, counted from 1; `url` is empty where the source knows none.
"""
