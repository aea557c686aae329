"""What a person says of a source (name, path, licence, how to read it), and the piece of it that is read at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Extraction = Literal["fast", "precise", "none"]


class SourceSpec(BaseModel):
    """One source: a file or folder of text in any of the kinds that can be read.

    The bounds hold whatever the files contain, so memory stays bounded too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    path: Path
    licence: str = "unstated"
    include: str = "*"
    """Shell pattern on file names in a folder, e.g. `*.txt.gz`; files that do not match go to the ledger."""
    text_keys: tuple[str, ...] = Field(default=("text", "sections"), min_length=1)
    """Where a JSON row or a table keeps its text: the first key it has; `a.b` reaches inside; a list of texts is joined
    by blank lines.
    """
    extract: Extraction = "fast"
    """Main text of HTML: `fast` (resiliparse and link density), `precise` (trafilatura, the extra of that name), or
    `none`: all visible text.
    """
    max_document_chars: int = Field(default=10_000_000, ge=1)
    """Longer texts are cut at paragraph borders into documents of their own (else at a line end, a blank, or
    anywhere).
    """
    max_line_bytes: int = Field(default=64 << 20, ge=1)
    """A longer JSON line, page or record is dropped unread; so is a `.json` array file of more than this."""
    max_unpack_ratio: float = Field(default=200.0, gt=1)
    """A packed file that unpacks to more than this many times its size (and more than 64 MB) is taken for a bomb: the
    rest of it is lost.
    """
    unit_bytes: int = Field(default=64 << 20, ge=1)
    """About how many bytes of one plain `.jsonl` or parquet file are read as one unit."""


class Unit(BaseModel):
    """What can be read alone: a file, a byte range of whole lines of a plain `.jsonl`, or row groups of a parquet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: SourceSpec
    path: Path
    name: str
    """The file's name below the source's path: what `where` and the ledger say."""
    kind: str
    start: int = 0
    """First byte, or first row group."""
    stop: int | None = None
    """Where the unit ends (not included); None is the end of the file."""
    first_line: int = 1
    """The number of the first line, or of the first row, in the whole file."""
    num_bytes: int
    """Bytes on the disk, packed where the file is packed."""
