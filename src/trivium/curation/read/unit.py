"""A unit to batches of documents; what is dropped or repaired goes to the ledger."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from trivium.core.errors import SourceError
from trivium.curation.files import ARCHIVE_KINDS, ARRAY_KINDS, CELL_KINDS, LINE_KINDS, PAGE_KINDS, TEXT_KINDS, Found
from trivium.curation.ledger import Ledger
from trivium.curation.read.archives import passages_of_archive
from trivium.curation.read.batch import Draft, batches
from trivium.curation.read.passage import Passage
from trivium.curation.read.pdf import passages_of_pdf
from trivium.curation.read.plain import passages_of_page, passages_of_text
from trivium.curation.read.rows import NO_TEXT, passages_of_array, passages_of_lines
from trivium.curation.read.source import SourceSpec, Unit
from trivium.curation.read.tables import NO_COLUMN, passages_of_arrow, passages_of_cells, passages_of_parquet
from trivium.curation.read.units import plan_units

_READERS = {
    **dict.fromkeys(TEXT_KINDS, passages_of_text),
    **dict.fromkeys(ARRAY_KINDS, passages_of_array),
    **dict.fromkeys(PAGE_KINDS, passages_of_page),
    **dict.fromkeys(ARCHIVE_KINDS, passages_of_archive),
    **dict.fromkeys(CELL_KINDS, passages_of_cells),
    ".arrow": passages_of_arrow,
    ".pdf": passages_of_pdf,
}


def read_unit(unit: Unit, ledger: Ledger) -> Iterator[pa.RecordBatch]:
    """Yield a unit's documents in batches of at most 4,096 documents or 16 MB; no exception for what a file holds."""
    return batches(drafts(unit, ledger))


def read_batches(source: SourceSpec, ledger: Ledger) -> Iterator[pa.RecordBatch]:
    """Yield the documents of all units in order; SourceError at once where nothing can be read, and at the end where
    not one document came of them.
    """
    units = plan_units(source, ledger)
    return _batches(source, units, ledger)


def _batches(source: SourceSpec, units: list[Unit], ledger: Ledger) -> Iterator[pa.RecordBatch]:
    empty = True
    for unit in units:
        for batch in read_unit(unit, ledger):
            empty = False
            yield batch
    if empty:
        raise no_documents(source, len({unit.path for unit in units}), ledger)


def no_documents(source: SourceSpec, num_files: int, ledger: Ledger) -> SourceError:
    """Return what to say of a source that was read and gave nothing."""
    common = ledger.dropped.most_common(3)
    reasons = ", ".join(f"{reason} ({count:,}, first {ledger.first[reason]})" for reason, count in common)
    files = f"{num_files:,} file{'' if num_files == 1 else 's'}"
    key = any(reason.startswith((NO_TEXT, NO_COLUMN)) for reason, _count in common)
    return SourceError(
        f"wanted at least one document, found none in {files}: {reasons}",
        where=str(source.path),
        do="name the key or column that holds the text: `text_keys` of the source, or --text-key of trivium curate"
        if key
        else "repair the files, or give another path",
    )


def drafts(unit: Unit, ledger: Ledger) -> Iterator[Draft]:
    """Yield a unit's documents one by one; a file that holds none goes to the ledger, unless it says why there."""
    source = unit.source
    last: tuple[int | None, int] = (None, 0)
    num_before, nothing = ledger.dropped.total(), True
    for passage in _passages(unit, ledger):
        nothing = False
        last = (passage.line, last[1] + 1 if last[0] == passage.line else 1)
        where = unit.name if passage.line is None else f"{unit.name}:{passage.line}"
        piece = f"#{last[1]}" if last[1] > 1 else ""
        yield Draft(passage.text, source.name, source.licence, f"{source.name}/{where}", f"{where}{piece}", passage.url)
    is_whole = unit.start == 0 and unit.stop is None
    if nothing and is_whole and ledger.dropped.total() == num_before:
        ledger.drop("nothing in it", file=unit.name)


def _passages(unit: Unit, ledger: Ledger) -> Iterator[Passage]:
    file = Found(unit.path, unit.name, unit.kind, unit.num_bytes)
    if unit.kind in LINE_KINDS:
        return passages_of_lines(file, ledger, unit.source, (unit.start, unit.stop), unit.first_line)
    if unit.kind == ".parquet":
        return passages_of_parquet(file, ledger, unit.source, (unit.start, unit.stop), unit.first_line)
    return _READERS[unit.kind](file, ledger, unit.source)
