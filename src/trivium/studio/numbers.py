"""Turns what an address or a form says into a number that every column takes, or into None."""

from __future__ import annotations

MOST_DIGITS = 9
"""More than any list has rows, and fewer than a column's 32 bits hold."""


def whole(text: str | None) -> int | None:
    """Return the whole number that is written in plain digits; `isdigit` alone takes `²` too, which `int` does not.

    >>> whole("12"), whole("²"), whole("-1"), whole("9" * 30), whole(None)
    (12, None, None, None, None)
    """
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > MOST_DIGITS:
        return None
    return int(text)
