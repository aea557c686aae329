"""Blocks of bytes to lines and counted bytes, in turn, and to a file that libraries can read."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any


class Stream:
    """Bytes that come in blocks, read once from front to back; holds no more than a block and what is asked for.

    >>> stream = Stream(iter([b"one\\ntw", b"o\\nrest"]))
    >>> stream.readline(99), stream.readline(99), stream.read(2), stream.read(9)
    (b'one\\n', b'two\\n', b're', b'st')
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        """Take the blocks; nothing is read yet."""
        self._blocks = blocks
        self._block = b""
        self._place = 0

    def _more(self) -> bool:
        """Add the next block to what is left of this one; return whether there was one."""
        block = next(self._blocks, b"")
        self._block = self._block[self._place :] + block
        self._place = 0
        return bool(block)

    def peek(self, size: int) -> bytes:
        """Return the next bytes, at most so many, and leave them there."""
        while len(self._block) - self._place < size and self._more():
            pass
        return self._block[self._place : self._place + size]

    def readline(self, max_bytes: int) -> bytes:
        """Return the next line with its end, or the first `max_bytes` of a longer one; nothing at the end."""
        while True:
            stop = self._block.find(b"\n", self._place, self._place + max_bytes) + 1
            if not stop and len(self._block) - self._place < max_bytes and self._more():
                continue
            stop = stop or min(len(self._block), self._place + max_bytes)
            line = self._block[self._place : stop]
            self._place = stop
            return line

    def read(self, size: int) -> bytes:
        """Return the next bytes, fewer at the end."""
        parts = []
        while size:
            part = self._block[self._place : self._place + size]
            self._place += len(part)
            size -= len(part)
            parts.append(part)
            if size and not self._more():
                break
        return b"".join(parts)

    def skip(self, size: int) -> None:
        """Pass over the next bytes without holding them."""
        while size:
            step = min(len(self._block) - self._place, size)
            self._place += step
            size -= step
            if size and not self._more():
                break


class Readable(io.RawIOBase):
    """Blocks as a file that is read from front to back.

    >>> io.BufferedReader(Readable(iter([b"on", b"e\\n"]))).read()
    b'one\\n'
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        """Take the blocks; nothing is read yet."""
        self._stream = Stream(blocks)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer; 0 at the end."""
        part = self._stream.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)
