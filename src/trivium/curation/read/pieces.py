"""A text of any length, in blocks, to pieces of bounded length, cut at paragraph borders where there are some."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain


def pieces(blocks: Iterable[str], max_chars: int) -> Iterator[str]:
    """Cut a text that comes in blocks into pieces of at most `max_chars`, at paragraph borders where the second half
    has one.

    >>> list(pieces(["One.\\n\\nTwo.\\n\\nTh", "ree."], 13))
    ['One.\\n\\nTwo.', 'Three.']
    """
    waiting, after_line_end = "", False
    for block in chain(blocks, (None,)):
        waiting += block or ""
        ahead = 0 if block is None else 2  # the longest mark: a cut must not depend on where a block happens to end
        start = 0
        while True:
            while after_line_end and waiting[start : start + 1] == "\n":
                start += 1
            after_line_end = after_line_end and start == len(waiting)
            if len(waiting) - start <= max_chars + ahead:
                break
            span, start, after_line_end = _border(waiting, start, max_chars)
            yield waiting[slice(*span)]
        waiting = waiting[start:]
    if waiting:
        yield waiting


def _border(text: str, start: int, max_chars: int) -> tuple[tuple[int, int], int, bool]:
    """Return the span of the piece that starts there, where the rest starts, and whether to skip line ends."""
    low, high = start + (max_chars + 1) // 2, start + max_chars
    for mark in ("\n\n", "\n", " "):
        stop = text.rfind(mark, low, high + len(mark))
        if stop > start:
            return (start, stop), stop + len(mark), mark != " "
    return (start, high), high, False
