"""A source to the units that can be read alone, in a fixed order."""

from __future__ import annotations

from trivium.curation.ledger import Ledger
from trivium.curation.read.source import SourceSpec, Unit


def plan_units(source: SourceSpec, ledger: Ledger) -> list[Unit]:
    """Return the units in the order of file names; what lies there and cannot be read goes to the ledger.

    The plan hangs on the files and the source's settings alone, never on workers. SourceError where nothing can be
    read.
    """
    raise NotImplementedError
