"""A source to the units that can be read alone, in a fixed order."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

import pyarrow as pa

from trivium.core.errors import SourceError
from trivium.curation.files import BLOCK_BYTES, LINE_KINDS, Found, find_files, is_packed
from trivium.curation.ledger import Ledger
from trivium.curation.places import Address, open_bytes
from trivium.curation.read.source import SourceSpec, Unit
from trivium.curation.read.tables import open_parquet


def plan_units(source: SourceSpec, ledger: Ledger) -> list[Unit]:
    """Return the units in the order of file names; what lies there and cannot be read goes to the ledger.

    The plan hangs on the files and the source's settings alone, never on workers. SourceError where nothing can be
    read.
    """
    return [unit for file in chosen_files(source, ledger) for unit in _units(file, source)]


def chosen_files(source: SourceSpec, ledger: Ledger) -> list[Found]:
    """Return the files of a source that its pattern takes; the others go to the ledger. SourceError where none is."""
    files = find_files(source.path, ledger)
    chosen = []
    for file in files:
        if fnmatch.fnmatch(file.path.name, source.include):
            chosen.append(file)
        else:
            ledger.drop(f"name does not match include = {source.include!r}", file=file.name)
    if not chosen:
        names = ", ".join(file.name for file in files[:8])
        raise SourceError(
            f"wanted files that match include = {source.include!r}, found {names}",
            where=str(source.path),
            do="change `include`",
        )
    return chosen


def _units(file: Found, source: SourceSpec) -> Iterator[Unit]:
    """Yield the units of one file; one that cannot be looked into is a unit, and says so when it is read."""
    whole = Unit(source=source, path=file.path, name=file.name, kind=file.kind, num_bytes=file.num_bytes)
    parts: list[Unit] = []
    if file.num_bytes > source.unit_bytes:
        try:
            if file.kind in LINE_KINDS and not is_packed(file):
                cut = _ranges if isinstance(file.path, Address) else _spans
                parts = list(cut(whole, source.unit_bytes))
            elif file.kind == ".parquet":
                parts = list(_groups(whole, source.unit_bytes))
        except (OSError, pa.ArrowException):
            parts = []
    yield from parts or [whole]


def _spans(whole: Unit, unit_bytes: int) -> Iterator[Unit]:
    """Cut a file at the first line end after each so many bytes; counting lines on the way costs one quick reading."""
    start, line, number, place = 0, 1, 1, 0
    with open_bytes(whole.path) as file:
        while block := file.read(BLOCK_BYTES):
            begin = 0
            while (stop := _line_end(block, max(begin, start + unit_bytes - place))) > 0:
                number += block.count(b"\n", begin, stop)
                end = place + stop
                yield whole.model_copy(
                    update={"start": start, "stop": end, "first_line": line, "num_bytes": end - start}
                )
                start, line, begin = end, number, stop
            number += block.count(b"\n", begin)
            place += len(block)
    if start < place:
        yield whole.model_copy(update={"start": start, "stop": place, "first_line": line, "num_bytes": place - start})


def _ranges(whole: Unit, unit_bytes: int) -> Iterator[Unit]:
    """Cut a file of a store as `_spans` does, reading only around the cuts: lines are counted within a unit, whose name
    says at which byte it begins.
    """
    start = 0
    with open_bytes(whole.path, BLOCK_BYTES) as file:
        while start < whole.num_bytes:
            stop = whole.num_bytes
            if start + unit_bytes < stop:
                file.seek(start + unit_bytes)
                while (line := file.readline(BLOCK_BYTES)) and not line.endswith(b"\n"):
                    pass
                stop = file.tell()
            name = f"{whole.name}@{start}" if start else whole.name
            yield whole.model_copy(update={"name": name, "start": start, "stop": stop, "num_bytes": stop - start})
            start = stop


def _line_end(block: bytes, low: int) -> int:
    """Return the place after the first line end from `low` on, 0 where there is none."""
    return block.find(b"\n", low) + 1 if low < len(block) else 0


def _groups(whole: Unit, unit_bytes: int) -> Iterator[Unit]:
    """Put row groups together to about so many bytes."""
    with open_parquet(whole.path) as table:
        sizes = [table.metadata.row_group(index) for index in range(table.num_row_groups)]
    start, row, first, size = 0, 1, 1, 0
    for index, group in enumerate(sizes):
        size += sum(group.column(column).total_compressed_size for column in range(group.num_columns))
        row += group.num_rows
        if size >= unit_bytes or index == len(sizes) - 1:
            yield whole.model_copy(update={"start": start, "stop": index + 1, "first_line": first, "num_bytes": size})
            start, first, size = index + 1, row, 0
