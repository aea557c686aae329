"""Text from anywhere to text that UTF-8 can write."""

from __future__ import annotations

from typing import Any


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


def can_be_kept(value: Any) -> bool:
    """Say whether every text in a JSON value is one that any database keeps: no NUL, no half of a surrogate pair.

    >>> can_be_kept({"a": ["b", 1]}), can_be_kept(["a\\x00"]), can_be_kept({"\\ud800": 1})
    (True, False, False)
    """
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list | tuple):
            waiting += one
        elif isinstance(one, str) and ("\x00" in one or any("\ud800" <= letter <= "\udfff" for letter in one)):
            return False
    return True
