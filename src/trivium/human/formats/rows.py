"""Turns a file of JSON lines, one JSON array, CSV or Parquet, gzip or not, into rows, with a reason for every line that
gives none; and rows back into such a file, the same bytes for the same rows.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import math
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

from pydantic import ValidationError

from trivium.core.errors import InputError, MissingExtraError, SourceError
from trivium.human.formats.room import Room

_ARRAY = re.compile(rb"\[\s*(?:[{\]]|\Z)")
T = TypeVar("T")
Row = dict[str, Any]


class Reject(NamedTuple):
    """A row, or a part of one, that became no record: where it stands and why. One line of the ledger."""

    file: str
    line: int
    """Line in a file of JSON lines, entry in a JSON array; the first is 1."""
    reason: str


class Flaw(ValueError):  # noqa: N818 -- it is yielded as a value as often as it is raised
    """Why a row gives no record. A converter raises it for the whole row and yields it for a part of the row."""


def find_files(path: Path, *patterns: str) -> list[Path]:
    """Return the file itself, or the files in the folder that match, sorted by name; none is an error for people."""
    if path.is_file():
        return [path]
    if not path.exists():
        raise SourceError(f"no such file or folder: {path}", do="check the path of the source in the recipe")
    found = sorted({file for pattern in patterns for file in path.glob(pattern) if file.is_file()})
    if not found:
        raise SourceError(f"wanted a file named {' or '.join(patterns)}, found none", where=str(path))
    return found


def read_records(path: Path, convert: Callable[[Row], Iterator[T | Flaw]]) -> Iterator[T | Reject]:
    """Yield the records that `convert` makes of each row, and a reject for each row or part that it finds wanting."""
    for line, row in read_rows(path):
        if isinstance(row, Flaw):
            yield Reject(str(path), line, str(row))
            continue
        for one in converted(convert, row):
            yield Reject(str(path), line, str(one)) if isinstance(one, Flaw) else one


def converted(convert: Callable[[Any], Iterator[T | Flaw]], row: object) -> list[T | Flaw]:
    """Return what `convert` makes of a row; a flaw that it raises, or a record that does not hold, is the only
    entry.
    """
    try:
        return list(convert(row))
    except ValidationError as error:
        return [Flaw("; ".join(f"{'.'.join(map(str, one['loc'])) or 'row'}: {one['msg']}" for one in error.errors()))]
    except Flaw as flaw:
        return [flaw]
    except RecursionError:
        return [Flaw("nested too deeply")]


def read_rows(path: Path, max_bytes: int | None = None) -> Iterator[tuple[int, Row | Flaw]]:
    """Yield (line, object) of a file; a bad line is a flaw and the rest goes on, a bad gzip stream or array is an
    error.

    A file that would take more than about `max_bytes` of memory is an error as soon as that is known (`room.Room`).
    """
    kind, room = container_of(path), Room(path, max_bytes)
    try:
        if kind == "parquet":
            yield from _parquet_rows(path, room)
            return
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            if kind != "csv":
                kind = _laid_out(file, kind)
            if kind == "json":
                yield from _array_rows(path, room.all_of(file), room)
            elif kind == "csv":
                yield from _csv_rows(path, room.all_of(file), room)
            else:
                for line, data in enumerate(room.lines_of(file), start=1):
                    if line == 1:
                        data = data.removeprefix(codecs.BOM_UTF8)  # some editors put it there
                    if data.strip():
                        room.take_json(data)
                        yield line, _parse(data)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(f"the gzip file is broken: {error}", where=str(path), do="fetch the file again") from error
    except OSError as error:
        raise SourceError(f"cannot read the file: {error.strerror or error}", where=str(path)) from error


def _laid_out(file: Any, kind: str) -> str:
    """Return how a file is laid out by its first letter: names lie (hh's red team is an array called `.jsonl.gz`, and
    lines are often called `.json`).
    """
    begins = file.peek(1 << 12).removeprefix(codecs.BOM_UTF8).lstrip()
    line, _, rest = begins.partition(b"\n")
    if kind == "json":
            return "jsonl" if isinstance(row := _parse(line), dict) and row else "json"
    if not _ARRAY.match(begins):
        return kind
    try:
        json.loads(line)
    except ValueError:
        return "json"  # it goes on below, or beyond what was looked at
    return "jsonl" if rest.strip() else "json"


def container_of(path: Path) -> str:
    """Return how a file of that name is laid out: `json` (one array), `csv`, `parquet`, else `jsonl`."""
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    return suffix[1:] if suffix in {".json", ".csv", ".parquet"} else "jsonl"


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write rows as the file's name says (UTF-8, LF, gzip without a time) and return how many."""
    kind = container_of(path)
    if kind == "csv":
        raise InputError("CSV is read, not written: it has no lists", where=str(path), do="name the file .jsonl")
    if kind == "parquet":
        return _write_parquet(path, rows)
    num_rows = 0
    with path.open("wb") as raw, _packed(raw, path) as file:
        if kind == "json":
            file.write(b"[")
        for row in rows:
            text = json.dumps(row, ensure_ascii=False)
            before = "" if kind == "jsonl" else ",\n" if num_rows else "\n"
            file.write((before + text + ("\n" if kind == "jsonl" else "")).encode())
            num_rows += 1
        if kind == "json":
            file.write(b"\n]\n")
    return num_rows


def _packed(raw: IO[bytes], path: Path) -> IO[bytes]:
    if path.suffix != ".gz":
        return io.BufferedWriter(_Unclosed(raw))
    # Neither name nor time in the header: the same rows give the same bytes.
    return gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0)  # type: ignore[return-value]


class _Unclosed(io.RawIOBase):
    """A writer that leaves the file below it open, as GzipFile does."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self._file.write(data)


def _csv_rows(path: Path, data: bytes, room: Room) -> Iterator[tuple[int, Row | Flaw]]:
    """Yield (line where the row ends, row) of a CSV file with a header; quoted fields may hold line breaks."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"wanted UTF-8, found {error}", where=str(path), do="save the file as UTF-8") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            room.take(num_rows=1, num_values=len(row))
            if None in row or None in row.values():
                yield reader.line_num, Flaw(f"wanted {len(reader.fieldnames or ())} fields, as the header has")
            else:
                yield reader.line_num, dict(row)
    except csv.Error as error:
        raise SourceError(f"not CSV: {error}", where=f"{path}:{reader.line_num}", do="check the file") from error


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("Parquet files need pyarrow", do="pip install 'trivium[studio]'") from error
    return pyarrow, pyarrow.parquet


def _parquet_rows(path: Path, room: Room) -> Iterator[tuple[int, Row | Flaw]]:
    """Yield (row number, row); a null is a key that is not there."""
    arrow, parquet = _arrow()
    try:
        with parquet.ParquetFile(path) as file:
            told = [file.metadata.row_group(index) for index in range(file.metadata.num_row_groups)]
            values = sum(group.column(place).num_values for group in told for place in range(group.num_columns))
            room.must_hold(num_bytes=sum(group.total_byte_size for group in told), num_values=values)
            # A value that all rows share lies in the file once: so few rows at a time that they fit, each with it.
            widest = max((group.total_byte_size for group in told), default=0)
            number = 0
            for batch in file.iter_batches(batch_size=room.rows_of(widest, most=1024)):
                room.take(num_bytes=batch.nbytes, num_rows=batch.num_rows)
                for row in batch.to_pylist():
                    number += 1
                    yield number, _checked(_without_nulls(row))
    except arrow.ArrowException as error:
        raise SourceError(f"not Parquet: {error}", where=str(path), do="check the file") from error


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def _write_parquet(path: Path, rows: Iterable[Row]) -> int:
    kept = list(rows)
    path.write_bytes(parquet_bytes(kept))
    return len(kept)


def parquet_bytes(rows: Iterable[Row]) -> bytes:
    """Return rows as one Parquet file; a key that a row lacks is a null."""
    arrow, parquet = _arrow()
    kept = list(rows)
    names = dict.fromkeys(key for row in kept for key in row)
    out = io.BytesIO()
    try:
        # By column, because from_pylist takes the names from the first row only.
        table = arrow.table({name: arrow.array([row.get(name) for row in kept]) for name in names})
        parquet.write_table(table, out)
    except arrow.ArrowException as error:
        raise InputError(f"these rows do not fit one table: {error}", do="use JSON lines") from error
    return out.getvalue()


def _array_rows(path: Path, data: bytes, room: Room) -> Iterator[tuple[int, Row | Flaw]]:
    """Yield the entries of a JSON array."""
    room.take_json(data)
    try:
        rows = json.loads(data.removeprefix(codecs.BOM_UTF8))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"wanted one JSON array, found: {error}", where=str(path), do="check the file") from error
    if not isinstance(rows, list):
        raise SourceError(f"wanted a JSON array, found {type(rows).__name__}", where=str(path))
    room.take(num_rows=len(rows))
    for entry, row in enumerate(rows, start=1):
        yield entry, _checked(row)


def _parse(data: bytes) -> Row | Flaw:
    """Return the object of one line."""
    try:
        row = json.loads(data)
    except ValueError as error:  # broken UTF-8 is a ValueError too
        return Flaw(f"not JSON: {error}")
    except RecursionError:
        return Flaw("not JSON that can be read: nested too deeply")
    return _checked(row)


def _checked(row: object) -> Row | Flaw:
    """Return the row if it is an object whose text can be written again as UTF-8."""
    if not isinstance(row, dict):
        return Flaw(f"wanted an object, found {type(row).__name__}")
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # JSON can spell half of a surrogate pair, which no later file or tokenizer takes.
        return Flaw("a text has half of a surrogate pair, which is no Unicode")
    return row


def list_of(value: object, name: str) -> list[Any]:
    """Return a list; what is missing is empty, and anything else is a flaw."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Flaw(f"wanted a list in `{name}`, found {type(value).__name__}")
    return value


def objects_of(value: object, name: str) -> list[Row]:
    """Return a list of objects; what is missing is empty, and anything else is a flaw."""
    found = list_of(value, name)
    if not all(isinstance(one, dict) for one in found):
        raise Flaw(f"wanted only objects in `{name}`")
    return found


def number_of(value: object) -> float | None:
    """Return a finite number, or None for what is none: yes and no are no numbers."""
    if type(value) not in {int, float}:
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def exact_text(row: Row, key: str, *, may_be_empty: bool = False) -> str:
    """Return a text field as it is; a missing or non-text one is a flaw, and one of white space alone too."""
    value = row.get(key, "" if may_be_empty else None)
    text_of({key: value}, key, may_be_empty=may_be_empty)
    assert isinstance(value, str)
    return value


def text_of(row: Row, key: str, *, may_be_empty: bool = False) -> str:
    """Return a text field without white space around it; a missing, empty or non-text one is a flaw.

    >>> text_of({"output": " yes "}, "output")
    'yes'
    """
    value = row.get(key, "" if may_be_empty else None)
    if not isinstance(value, str):
        raise Flaw(f"`{key}` is missing" if value is None else f"`{key}` is no text but {json.dumps(value)[:40]}")
    if not value.strip() and not may_be_empty:
        raise Flaw(f"`{key}` is empty")
    return value.strip()


def instruction_of(row: Row) -> str:
    """Return `instruction`, with `input` below it where there is one: the Alpaca convention."""
    given = text_of(row, "input", may_be_empty=True)
    instruction = text_of(row, "instruction")
    return f"{instruction}\n\n{given}" if given else instruction
