"""A text to the passages that may be personal data, for a person to look at before a milestone is sealed.

Covers what `trivium.text.privacy` finds by pattern and check sum, and beside it telephone numbers without a country or
a leading 0, links to a profile, and names that a text gives to its speaker ("my name is …"). Does not cover: other
names of people, street addresses, anything said in other words. A text without passages is not thereby free of
personal data.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from trivium.text.privacy import KINDS, PrivateKind, find


class Passage(NamedTuple):
    """A part of a text that may be personal: where it stands, of what kind it is, and its words."""

    start: int
    end: int
    kind: str
    text: str


WORDS: dict[PrivateKind, str] = {
    "email": "e-mail", "phone": "telephone", "ip": "ip address", "card": "card", "iban": "iban",
    "national_id": "national number",
}  # fmt: skip
"""What a kind is called on a page."""
_FINDERS = (
    ("profile", re.compile(
        r"https?://(?:www\.)?(?:facebook|instagram|linkedin|twitter|x|tiktok|vk)\.com/(?:in/)?[\w.-]{2,}", re.IGNORECASE
    )),
    ("telephone", re.compile(
        r"(?<![\w.,+-])(?:\(0?\d{2,5}\)[ -]?|0\d{2,4}[ /-])\d{3,4}[ -]?\d{3,5}(?![\w-])"  # (030) 1234-5678, 030/1234567
        r"|(?<![\w.,+-])\d{3}-\d{3}-\d{4}(?![\w-])"
    )),
    ("name", re.compile(
        r"\b(?i:my name is|i am called|my full name is|mein name ist|je m'appelle|me llamo) "
        r"(?P<name>[^\W\d_][\w'’-]*(?: [A-ZÀ-Þ][\w'’-]*){0,3})"
    )),
)  # fmt: skip


def passages(text: str) -> list[Passage]:
    """Return the passages that may be personal, in the order of the text, none overlapping.

    >>> [(one.kind, one.text) for one in passages("Write to ada@example.org, my name is Ada Long.")]
    [('e-mail', 'ada@example.org'), ('name', 'Ada Long')]
    """
    found = list(_by_check(text))
    for kind, pattern in _FINDERS:
        for match in pattern.finditer(text):
            group = "name" if kind == "name" else 0
            start, end = match.span(group)
            if not any(start < one.end and one.start < end for one in found):
                found.append(Passage(start, end, kind, match[group]))
    return sorted(found)


def _by_check(text: str) -> Iterator[Passage]:
    """Yield what the corpus leaves out too, but for addresses of no machine out there (192.168.0.1)."""
    data = text.encode("utf-8", "surrogatepass")
    for one in find(np.frombuffer(data, np.uint8), np.array([0, len(data)], np.int64), KINDS):
        start = len(data[: one.start].decode("utf-8", "surrogatepass"))
        words = data[one.start : one.stop].decode("utf-8", "surrogatepass")
        private = one.kind == "ip" and not ipaddress.ip_address(words).is_global
        if not private and not (one.kind == "phone" and words.startswith("000")):  # no line begins with 000
            yield Passage(start, start + len(words), WORDS[one.kind], words)


def masked(text: str, found: Iterable[Passage] | None = None) -> str:
    """Return the text with each passage replaced by its kind in square brackets.

    >>> masked("Write to ada@example.org.")
    'Write to [e-mail].'
    """
    for one in sorted(passages(text) if found is None else found, reverse=True):
        text = f"{text[: one.start]}[{one.kind}]{text[one.end :]}"
    return text
