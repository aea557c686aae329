"""Text from anywhere to text that UTF-8 can write."""

from __future__ import annotations


def whole(text: str) -> str:
    """Return the text with halves of surrogate pairs joined, or replaced by U+FFFD where the other half is missing.

    >>> whole("\\ud83d\\ude00") == "\\U0001f600", whole("a\\ud800") == "a\\ufffd"
    (True, True)
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
