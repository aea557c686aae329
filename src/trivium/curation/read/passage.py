"""What a reader finds in a file: a text, and where it stood; a long one in pieces, an empty one in the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from trivium.curation.files import Found
from trivium.curation.ledger import Ledger
from trivium.curation.read.pieces import pieces


class Passage(NamedTuple):
    """A text of at most `max_document_chars`; several of one line (or of one file without lines) are pieces of one
    whole.
    """

    text: str
    line: int | None = None
    """Line, row or record, counted from 1; None where the file is one text."""
    url: str = ""


class Whole(NamedTuple):
    """Where a text stands that is cut in pieces, and how long they may be."""

    file: Found
    ledger: Ledger
    max_chars: int
    line: int | None = None
    url: str = ""

    def passages(self, blocks: Iterable[str]) -> Iterator[Passage]:
        """Yield the pieces of a text that hold something; those that hold nothing are one line in the ledger, with how
        many: a bomb is mostly zeros, and one piece of it is as empty as the next.
        """
        num_empty, empty = 0, True
        for piece in pieces(blocks, self.max_chars):
            if piece.strip().strip("\0"):
                empty = False
                yield Passage(piece, self.line, self.url)
            else:
                num_empty += 1
        if num_empty or (empty and self.line is not None):
            excerpt = f"{num_empty:,} pieces" if num_empty > 1 else ""
            self.ledger.drop("empty text", file=self.file.name, line=self.line, excerpt=excerpt)
