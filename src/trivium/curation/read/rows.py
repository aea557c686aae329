"""Lines of JSON, and a JSON array, to passages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from trivium.curation.files import Found, read_blocks, read_lines
from trivium.curation.ledger import Ledger
from trivium.curation.read.config import ReaderConfig
from trivium.curation.read.passage import Passage, Whole
from trivium.text.wellformed import whole

NO_TEXT = "no text under"
"""How the reason begins where a row has text under none of the keys."""


def passages_of_lines(
    file: Found, ledger: Ledger, config: ReaderConfig, span: tuple[int, int | None] = (0, None), first: int = 1
) -> Iterator[Passage]:
    """Yield the texts of a file of JSON lines, or of the whole lines in a span of its bytes."""
    blocks = read_blocks(file, ledger, span, config.max_unpack_ratio)
    for number, raw in read_lines(file, ledger, config.max_line_bytes, blocks, first):
        line = decoded(raw, number, file, ledger)
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            ledger.drop("not valid JSON", file=file.name, line=number, excerpt=f"{error}: {line[:120]}")
            continue
        yield from _passages_of_row(row, number, file, ledger, config)


def passages_of_array(file: Found, ledger: Ledger, config: ReaderConfig) -> Iterator[Passage]:
    """Yield the texts of a JSON array; it is held in memory, so a larger one than `max_line_bytes` is dropped."""
    blocks, size = [], 0
    for block in read_blocks(file, ledger, max_ratio=config.max_unpack_ratio):
        size += len(block)
        if size > config.max_line_bytes:
            ledger.drop(f"array longer than {config.max_line_bytes:,} bytes: make it .jsonl", file=file.name)
            return
        blocks.append(block)
    text = decoded(b"".join(blocks), None, file, ledger)
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        ledger.drop("not valid JSON", file=file.name, excerpt=f"{error}: {text[:120]}")
        return
    if not isinstance(rows, list):
        ledger.drop("not a JSON array", file=file.name, excerpt=text)
        return
    for number, row in enumerate(rows, 1):
        yield from _passages_of_row(row, number, file, ledger, config)


def _passages_of_row(row: Any, number: int, file: Found, ledger: Ledger, config: ReaderConfig) -> Iterator[Passage]:
    """Yield the pieces of one JSON row; `number` counts rows from 1."""
    text = text_of(row, config.text_keys)
    if text is None:
        keys = ", ".join(repr(key) for key in config.text_keys)
        excerpt = repr(row)
        if isinstance(row, dict) and not any(key.partition(".")[0] in row for key in config.text_keys):
            excerpt = f"its keys are {', '.join(map(str, row))}"
        ledger.drop(f"{NO_TEXT} {keys}", file=file.name, line=number, excerpt=excerpt)
        return
    url = row.get("url") if isinstance(row, dict) else None
    url = url if isinstance(url, str) else ""
    clean = whole(text)
    if clean != text:
        ledger.repair("half of a surrogate pair replaced", file=file.name, line=number, excerpt=text)
    of = Whole(file, ledger, config.max_document_chars, number, url)
    yield from of.passages([clean.replace("\r\n", "\n")])


def text_of(row: Any, keys: tuple[str, ...]) -> str | None:
    """Return a row's text: the row itself where it is a text, else what the first key it has holds."""
    if isinstance(row, str):
        return row
    for key in keys:
        value = row
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return "\n\n".join(value)
        if isinstance(value, str):
            return value
    return None


def decoded(raw: bytes, line: int | None, file: Found, ledger: Ledger) -> str:
    """Return the text of bytes without a byte order mark; what is no UTF-8 becomes U+FFFD, and the ledger says so."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text = raw.decode("utf-8-sig", "replace")
        ledger.repair("invalid UTF-8 replaced", file=file.name, line=line, excerpt=f"{error.reason}: {text[:120]}")
        return text
