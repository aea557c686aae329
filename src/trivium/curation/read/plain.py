"""A plain text, and a page of HTML, to passages."""

from __future__ import annotations

from collections.abc import Iterator

from trivium.curation.extract import main_text
from trivium.curation.files import Found, read_blocks, read_text
from trivium.curation.ledger import Ledger
from trivium.curation.read.config import ReaderConfig
from trivium.curation.read.passage import Passage, Whole


def passages_of_text(file: Found, ledger: Ledger, config: ReaderConfig) -> Iterator[Passage]:
    """Yield a plain text in pieces."""
    whole = Whole(file, ledger, config.max_document_chars)
    yield from whole.passages(read_text(file, ledger, config.max_unpack_ratio))


def passages_of_page(file: Found, ledger: Ledger, config: ReaderConfig) -> Iterator[Passage]:
    """Yield the main text of a page in pieces."""
    parts, size = [], 0
    for block in read_blocks(file, ledger, max_ratio=config.max_unpack_ratio):
        size += len(block)
        if size > config.max_line_bytes:
            ledger.drop(f"page longer than {config.max_line_bytes:,} bytes", file=file.name)
            return
        parts.append(block)
    text = main_text(b"".join(parts), config.extract)
    if not text:
        ledger.drop("page without main text", file=file.name)
    yield from Whole(file, ledger, config.max_document_chars).passages([text])
