"""Parquet, Arrow and CSV files to passages: the column that holds the text, batch by batch."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from trivium.curation.files import Found, read_blocks
from trivium.curation.ledger import Ledger
from trivium.curation.places import Address, Place, check_there, open_native
from trivium.curation.read.config import ReaderConfig
from trivium.curation.read.passage import Passage, Whole
from trivium.curation.read.rows import NO_TEXT
from trivium.curation.read.stream import Readable
from trivium.text.wellformed import whole

NO_COLUMN = "no column under"
"""How the reason begins where a table has none of the columns."""
_ROWS = 256
"""Rows that are unpacked at a time."""
_CSV_BLOCK_BYTES = 4 << 20


def passages_of_parquet(
    file: Found, ledger: Ledger, config: ReaderConfig, groups: tuple[int, int | None] = (0, None), first: int = 1
) -> Iterator[Passage]:
    """Yield the texts of a parquet file, or of its row groups from `groups[0]` to `groups[1]` (not included)."""
    row = first
    try:
        with open_parquet(file.path) as table:
            columns = _columns(table.schema_arrow, file, ledger, config)
            if columns is None:
                return
            chosen = range(table.num_row_groups)[groups[0] : groups[1]]
            for batch in table.iter_batches(_ROWS, list(chosen), columns=columns, use_threads=False):
                yield from _passages(batch, row, file, ledger, config)
                row += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        _check_there(file.path)
        ledger.drop("broken parquet: the rest of it is lost", file=file.name, line=row, excerpt=str(error))


def passages_of_arrow(file: Found, ledger: Ledger, config: ReaderConfig) -> Iterator[Passage]:
    """Yield the texts of an Arrow file or stream, as Hugging Face datasets keep them."""
    row = 1
    try:
        with _open_arrow(file.path) as source:
            for batch in _arrow_batches(source):
                columns = _columns(batch.schema, file, ledger, config)
                if columns is None:
                    return
                for start in range(0, batch.num_rows, _ROWS):
                    yield from _passages(batch.slice(start, _ROWS).select(_tops(columns)), row, file, ledger, config)
                    row += min(_ROWS, batch.num_rows - start)
    except (pa.ArrowException, OSError) as error:
        _check_there(file.path)
        ledger.drop("broken Arrow file: the rest of it is lost", file=file.name, line=row, excerpt=str(error))


def open_parquet(place: Place) -> pq.ParquetFile:
    """Open a parquet file; of one in a store the ranges of a row group's wanted columns are fetched together."""
    return pq.ParquetFile(open_native(place), pre_buffer=True) if isinstance(place, Address) else pq.ParquetFile(place)


def _open_arrow(place: Place) -> Any:
    return open_native(place) if isinstance(place, Address) else pa.memory_map(str(place))


def _check_there(place: Place) -> None:
    """Raise where it is the store that failed; else the file is broken."""
    if isinstance(place, Address):
        check_there(place)


def _arrow_batches(source: Any) -> Iterator[pa.RecordBatch]:
    if source.read(6) == b"ARROW1":
        table = pa.ipc.open_file(source)
        yield from (table.get_batch(index) for index in range(table.num_record_batches))
    else:
        source.seek(0)
        yield from pa.ipc.open_stream(source)


def passages_of_cells(file: Found, ledger: Ledger, config: ReaderConfig) -> Iterator[Passage]:
    """Yield the texts of a CSV or TSV file with a head line; a row with too many or too few cells goes to the
    ledger.
    """
    separator = "\t" if file.kind == ".tsv" else ","
    names = _head(file, ledger, separator)
    column = next((key for key in config.text_keys if key in names), None)
    if column is None:
        if names:
            _say_no_column(names, file, ledger, config)
        return
    wanted = [column, *(["url"] if "url" in names and column != "url" else [])]
    row = 1

    def bad(found: Any) -> str:
        reason = f"wanted {found.expected_columns} cells, found {found.actual_columns}"
        ledger.drop(reason, file=file.name, excerpt=found.text or "")
        return "skip"

    try:
        with io.BufferedReader(Readable(read_blocks(file, ledger, max_ratio=config.max_unpack_ratio))) as handle:
            table = pa_csv.open_csv(
                handle,
                pa_csv.ReadOptions(use_threads=False, block_size=_CSV_BLOCK_BYTES),
                pa_csv.ParseOptions(delimiter=separator, newlines_in_values=True, invalid_row_handler=bad),
                pa_csv.ConvertOptions(
                    include_columns=wanted, column_types=dict.fromkeys(wanted, pa.binary()), strings_can_be_null=False
                ),
            )
            for batch in table:
                yield from _passages(batch.rename_columns(wanted), row, file, ledger, config)
                row += batch.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        ledger.drop("broken CSV: the rest of the file is lost", file=file.name, line=row, excerpt=str(error))


def _head(file: Found, ledger: Ledger, separator: str) -> list[str]:
    """Return the names of a CSV file's columns."""
    start = next(read_blocks(file, ledger), b"")[:65536]
    line = start.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].decode("utf-8", "replace")
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error as error:
        ledger.drop("no head line with the names of columns", file=file.name, excerpt=str(error))
        return []


def _columns(schema: pa.Schema, file: Found, ledger: Ledger, config: ReaderConfig) -> list[str] | None:
    """Return the column that holds the text (`a.b` reaches inside) and, where there is one, the address."""
    for key in config.text_keys:
        if key.partition(".")[0] in schema.names:
            return [key, *(["url"] if "url" in schema.names and key != "url" else [])]
    _say_no_column(schema.names, file, ledger, config)
    return None


def _tops(columns: Sequence[str]) -> list[str]:
    return [column.partition(".")[0] for column in columns]


def _say_no_column(names: Sequence[str], file: Found, ledger: Ledger, config: ReaderConfig) -> None:
    keys = ", ".join(repr(key) for key in config.text_keys)
    ledger.drop(f"{NO_COLUMN} {keys}", file=file.name, excerpt="its columns are " + ", ".join(names))


def _passages(
    batch: pa.RecordBatch, first: int, file: Found, ledger: Ledger, config: ReaderConfig
) -> Iterator[Passage]:
    key = next(key for key in config.text_keys if key.partition(".")[0] in batch.schema.names)
    values = batch.column(key.partition(".")[0]).to_pylist()
    has_url = "url" in batch.schema.names
    urls = batch.column("url").to_pylist() if has_url else [""] * len(values)
    for number, (value, url) in enumerate(zip(values, urls, strict=True), first):
        text = _text(value, key.split(".")[1:])
        if text is None:
            ledger.drop(f"{NO_TEXT} {key!r}", file=file.name, line=number, excerpt=repr(value))
            continue
        if "\ufffd" in text and isinstance(value, bytes) and b"\xef\xbf\xbd" not in value:
            ledger.repair("invalid UTF-8 replaced", file=file.name, line=number, excerpt=text)
        of = Whole(file, ledger, config.max_document_chars, number, _text(url, []) or "")
        yield from of.passages([whole(text).replace("\r\n", "\n")])


def _text(value: Any, inside: Sequence[str]) -> str | None:
    for part in inside:
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return "\n\n".join(value)
    return value if isinstance(value, str) else None
