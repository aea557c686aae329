"""How sources are read: where the text lies in a row, how long a document may be, which bounds hold."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from trivium.curation.extract import Extraction
from trivium.curation.files import MAX_UNPACK_RATIO


class ReaderConfig(BaseModel):
    """How to read; the bounds hold whatever the files contain, so memory stays bounded too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text_keys: tuple[str, ...] = Field(default=("text", "sections"), min_length=1)
    """Where a JSON row keeps its text: the first key it has; `a.b` reaches inside; a list of texts is joined by blank
    lines.
    """
    include: str = "*"
    """Shell pattern on file names in a folder, e.g. `*.txt.gz`; files that do not match go to the ledger."""
    max_document_chars: int = Field(default=10_000_000, ge=1)
    """Longer texts are cut at paragraph borders into documents of their own (else at a line end, a blank, or
    anywhere).
    """
    max_line_bytes: int = Field(default=64 << 20, ge=1)
    """A longer JSON line, page or record is dropped unread; so is a `.json` array file of more than this."""
    max_unpack_ratio: float = Field(default=MAX_UNPACK_RATIO, gt=1)
    """A packed file that unpacks to more than this many times its size (and more than 64 MB) is taken for a bomb: the
    rest of it is lost.
    """
    extract: Extraction = "fast"
    """Main text of HTML: `fast` (resiliparse and link density), `precise` (trafilatura, the extra of that name), or
    `none`: all visible text.
    """
