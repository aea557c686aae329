"""Files and folders to documents, one by one, with a line in the ledger for all that is not taken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trivium.curation.ledger import Ledger
from trivium.curation.read.config import ReaderConfig
from trivium.curation.read.pieces import pieces
from trivium.curation.read.source import SourceSpec, Unit
from trivium.curation.read.unit import drafts, no_documents
from trivium.curation.read.units import plan_units
from trivium.records import Document

__all__ = ["ReaderConfig", "pieces", "read_documents"]


def read_documents(
    path: Path | str, *, source: str, licence: str, ledger: Ledger, config: ReaderConfig | None = None
) -> Iterator[Document]:
    """Return the documents of a file or folder, in the order of file names and lines.

    The pieces of one text file, or of one row, bear one `group`.
    SourceError at once where nothing can be read, and at the end where files were read but not one document came of
    them.
    """
    settings = (config or ReaderConfig()).model_dump()
    spec = SourceSpec(name=source, path=Path(path), licence=licence, **settings)
    return _documents(spec, plan_units(spec, ledger), ledger)


def _documents(spec: SourceSpec, units: list[Unit], ledger: Ledger) -> Iterator[Document]:
    empty = True
    for unit in units:
        for draft in drafts(unit, ledger):
            empty = False
            yield Document.of(draft.text, source=draft.source, licence=draft.licence, group=draft.group)
    if empty:
        raise no_documents(spec, len({unit.path for unit in units}), ledger)
