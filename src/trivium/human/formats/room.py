"""A limit on memory to a no before a small file has filled it: a packed one, or one of millions of nothings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trivium.core.errors import SourceError

ROW_BYTES = 1_000
"""What a record, or the reason why there is none, takes beside its texts."""
VALUE_BYTES = 16
"""What a value takes beside its text: an empty list of three characters takes about 60 bytes."""


class Room:
    """How much memory what is read of a file may still take; all that there is where no limit is given."""

    def __init__(self, path: Path, max_bytes: int | None) -> None:
        """Begin with nothing taken."""
        self._path, self._max_bytes, self._left = path, max_bytes, max_bytes

    def take(self, num_bytes: int = 0, num_rows: int = 0, num_values: int = 0) -> None:
        """Take room for what was read, or refuse the file."""
        if self._left is not None:
            self.must_hold(num_bytes, num_rows, num_values)
            self._left -= num_bytes + ROW_BYTES * num_rows + VALUE_BYTES * num_values

    def must_hold(self, num_bytes: int = 0, num_rows: int = 0, num_values: int = 0) -> None:
        """Refuse the file where so much would not fit."""
        if self._left is not None and num_bytes + ROW_BYTES * num_rows + VALUE_BYTES * num_values > self._left:
            raise SourceError(
                f"the file unpacks to more than {(self._max_bytes or 0) / 1e6:,.0f} MB, which is the limit",
                where=str(self._path), do="split it into smaller files",
            )  # fmt: skip

    def take_json(self, data: bytes) -> None:
        """Take room for what this JSON becomes beside its own text: its values are counted before they are made."""
        self.take(num_values=data.count(b",") + data.count(b"[") + data.count(b"{"))

    def all_of(self, file: Any) -> bytes:
        """Return all of an open file."""
        data = bytes(file.read() if self._left is None else file.read(self._left + 1))
        self.take(num_bytes=len(data))
        return data

    def lines_of(self, file: Any) -> Iterator[bytes]:
        """Yield the lines of an open file."""
        while line := file.readline() if self._left is None else file.readline(self._left + 1):
            self.take(num_bytes=len(line), num_rows=1 if line.strip() else 0)
            yield line

    def rows_of(self, num_bytes: int, most: int) -> int:
        """Return how many rows fit, at most so many, where each may take that many bytes."""
        return most if self._left is None else max(1, min(most, self._left // max(1, num_bytes)))
