"""What a reader finds in a file: a text, and where it stood."""

from __future__ import annotations

from typing import NamedTuple


class Passage(NamedTuple):
    """A text of at most `max_document_chars`; several of one line (or of one file without lines) are pieces of one
    whole.
    """

    text: str
    line: int | None = None
    """Line, row or record, counted from 1; None where the file is one text."""
    url: str = ""
