"""A unit to batches of documents; what is dropped or repaired goes to the ledger."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from trivium.curation.ledger import Ledger
from trivium.curation.read.source import SourceSpec, Unit


def read_unit(unit: Unit, ledger: Ledger) -> Iterator[pa.RecordBatch]:
    """Yield a unit's documents in batches of at most 4,096 documents or 16 MB; no exception for what a file holds."""
    raise NotImplementedError


def read_batches(source: SourceSpec, ledger: Ledger) -> Iterator[pa.RecordBatch]:
    """Yield the documents of all units in order; SourceError at the end where not one document came of them."""
    raise NotImplementedError
