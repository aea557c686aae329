"""Turns a file of JSON lines, or of one JSON array, gzip or not, into records, with a reason for every row that gives
none.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from trivium.core.errors import SourceError

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
        try:
            made = list(convert(row))
        except ValidationError as error:
            made = [
                Flaw("; ".join(f"{'.'.join(map(str, one['loc'])) or 'row'}: {one['msg']}" for one in error.errors()))
            ]
        except Flaw as flaw:
            made = [flaw]
        for one in made:
            yield Reject(str(path), line, str(one)) if isinstance(one, Flaw) else one


def read_rows(path: Path) -> Iterator[tuple[int, Row | Flaw]]:
    """Yield (line, object) of a file; a bad line is a flaw and the rest goes on, a bad gzip stream or array is an
    error.
    """
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            if path.name.removesuffix(".gz").endswith(".json"):
                yield from _array_rows(path, file.read())
            else:
                for line, data in enumerate(file, start=1):
                    if data.strip():
                        yield line, _parse(data)
    except (EOFError, gzip.BadGzipFile) as error:
        raise SourceError(f"the gzip file is broken: {error}", where=str(path), do="fetch the file again") from error
    except OSError as error:
        raise SourceError(f"cannot read the file: {error.strerror or error}", where=str(path)) from error


def _array_rows(path: Path, data: bytes) -> Iterator[tuple[int, Row | Flaw]]:
    """Yield the entries of a JSON array."""
    try:
        rows = json.loads(data)
    except ValueError as error:
        raise SourceError(f"wanted one JSON array, found: {error}", where=str(path), do="check the file") from error
    if not isinstance(rows, list):
        raise SourceError(f"wanted a JSON array, found {type(rows).__name__}", where=str(path))
    for entry, row in enumerate(rows, start=1):
        yield entry, _checked(row)


def _parse(data: bytes) -> Row | Flaw:
    """Return the object of one line."""
    try:
        row = json.loads(data)
    except ValueError as error:  # broken UTF-8 is a ValueError too
        return Flaw(f"not JSON: {error}")
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
