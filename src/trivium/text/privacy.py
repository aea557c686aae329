"""Texts that lie side by side to the spans that are personal data, by kind: for the corpus and for the Studio.

It covers what has a pattern: e-mail addresses, telephone numbers (international, North American, and national ones with
a leading 0 and parts), IPv4 and IPv6 addresses, payment cards, bank accounts (IBAN), the national numbers of thirteen
countries. It does not cover names, postal addresses, dates of birth, or numbers written in words or in disguise.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from trivium.text import identifiers

I64 = NDArray[np.int64]

PrivateKind = Literal["email", "phone", "ip", "card", "iban", "national_id"]
KINDS: tuple[PrivateKind, ...] = ("email", "phone", "ip", "card", "iban", "national_id")

WINDOW_BYTES = 72
"""How far around a candidate a pattern may reach: the longest local part of an address has 64."""


@dataclass(frozen=True)
class Found:
    """A span of bytes of the batch that is personal data."""

    start: int
    stop: int
    kind: PrivateKind


def find(data: NDArray[np.uint8], offsets: I64, kinds: tuple[PrivateKind, ...]) -> list[Found]:
    """Return the personal data in the documents that lie side by side, in order, without overlaps.

    Of two that overlap, the kind with the better check wins, then the longer one.
    """
    found: list[Found] = []
    for marks, patterns in (
        (_at_signs, _AT_PATTERNS), (_numbers, _NUMBER_PATTERNS), (_colons, _COLON_PATTERNS),
    ):  # fmt: skip
        wanted = [each for each in patterns if each.kind in kinds]
        if wanted:
            for start, stop in _windows(marks(data), offsets):
                window = data[start:stop].tobytes()  # alone: what stands before belongs to another document
                for pattern in wanted:
                    found += pattern.search(window, start)
    found.sort(key=lambda each: (_RANK[each.kind], each.start - each.stop, each.start))
    taken: list[Found] = []
    busy = np.zeros(0, np.int64)
    for each in found:  # few: the sorted bounds of what is taken say whether the span is free
        place = int(np.searchsorted(busy, each.start, side="right"))
        if place % 2 == 0 and (place == len(busy) or busy[place] >= each.stop):
            busy = np.insert(busy, place, (each.start, each.stop))
            taken.append(each)
    return sorted(taken, key=lambda each: each.start)


def _windows(marks: I64, offsets: I64) -> Iterator[tuple[int, int]]:
    """Yield spans of bytes around the marks, joined where they touch, each within one document."""
    if not len(marks):
        return
    documents = np.searchsorted(offsets, marks, side="right") - 1
    apart = (np.diff(marks) > 2 * WINDOW_BYTES) | (np.diff(documents) != 0)
    opens = np.concatenate([[0], np.flatnonzero(apart) + 1])
    closes = np.append(opens[1:], len(marks)) - 1
    lows = np.maximum(marks[opens] - WINDOW_BYTES, offsets[documents[opens]])
    highs = np.minimum(marks[closes] + 2 * WINDOW_BYTES, offsets[documents[opens] + 1])
    yield from zip(lows.tolist(), highs.tolist(), strict=True)


def _at_signs(data: NDArray[np.uint8]) -> I64:
    return np.flatnonzero(data == ord("@"))


def _numbers(data: NDArray[np.uint8]) -> I64:
    """Return the digits of runs that have at least six, or four with three dots between, with at most four bytes
    between any two.
    """
    digits = np.flatnonzero((data - np.uint8(ord("0"))) <= 9)
    if not len(digits):
        return digits
    opens = np.concatenate([[0], np.flatnonzero(np.diff(digits) > 5) + 1])
    sizes = np.diff(np.append(opens, len(digits)))
    dotted = np.diff(digits, append=digits[-1]) == 2
    dotted &= data[np.minimum(digits + 1, len(data) - 1)] == ord(".")
    dots = np.add.reduceat(dotted.astype(np.int64), opens)
    return digits[np.repeat((sizes >= 6) | (sizes >= 4) & (dots >= 3), sizes)]


def _colons(data: NDArray[np.uint8]) -> I64:
    """Return the colons of runs that have seven, or two side by side, with at most four bytes between any two."""
    colons = np.flatnonzero(data == ord(":"))
    if len(colons) < 2:
        return colons[:0]
    opens = np.concatenate([[0], np.flatnonzero(np.diff(colons) > 5) + 1])
    sizes = np.diff(np.append(opens, len(colons)))
    double = np.add.reduceat((np.diff(colons, append=colons[-1]) == 1).astype(np.int64), opens)
    return colons[np.repeat((sizes >= 7) | (double > 0), sizes)]


@dataclass(frozen=True)
class Pattern:
    """A regular expression over bytes, and the check that what it finds is the real thing."""

    kind: PrivateKind
    expression: re.Pattern[bytes]
    check: Callable[[str], bool]

    def search(self, window: bytes, start: int) -> Iterator[Found]:
        """Yield what stands in a window of the batch that begins at `start`."""
        for match in self.expression.finditer(window):
            span = match.span("found" if self.expression.groupindex else 0)
            for low, high in _parts(window, *span) if self.kind in _LOOSE else (span,):
                if self.check(window[low:high].decode("utf-8", "replace")):
                    yield Found(start + low, start + high, self.kind)
                    break


def _parts(window: bytes, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield the span, then those without its last and its first groups: a number may stand beside another one."""
    cuts = [place for place in range(start, stop) if window[place] == 32][:12]
    for low in (start, *(cut + 1 for cut in cuts)):
        for high in (stop, *(cut for cut in reversed(cuts) if cut > low)):
            yield low, high


def _bare(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", text)


def _checked(check: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda text: check(_bare(text))


def _address(text: str) -> bool:
    """Return whether it is an IP address that can belong to someone: not 0.0.0.0, not a version number such as
    1.0.0.0.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if address.version == 6 and (len(text) < 6 or not any(each.isdigit() for each in text)):
        return False  # `a::b` is code
    return not (address.is_unspecified or address.is_loopback or text.endswith(".0.0.0"))


def _mail(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    return len(local) <= 64 and ".." not in domain


def _telephone(text: str) -> bool:
    """Return whether the digits are as many as a number has (ITU E.164: at most 15), and not one digit over and
    over.
    """
    digits = re.sub(r"\D", "", text)
    return 7 <= len(digits) <= 15 and len(set(digits)) > 2


_SEP = rb"(?:[ .\-/]|\xc2\xa0|\xe2\x80[\x90-\x93])"
_LETTER = rb"(?:[A-Za-z0-9]|[\xc3-\xdf][\x80-\xbf])"
_EMAIL = (
    rb"(?<![A-Za-z0-9.!#$%&'*+/=?^_`{|}~-])(?:" + _LETTER + rb"|[.!#$%&'*+/=?^_`{|}~-]){0,63}" + _LETTER
    + rb"@(?:" + _LETTER + rb"(?:" + _LETTER + rb"|-){0,62}\.)+[A-Za-z][A-Za-z0-9-]{0,22}[A-Za-z]"
)  # fmt: skip
_PHONES = (
    rb"(?<![\w+])(?:\+|00" + _SEP + rb"?(?=[1-9]))[1-9]\d{0,2}(?:" + _SEP + rb"{0,2}\(?\d{1,5}\)?){1,6}(?!\d)",
    rb"(?<![\w.+-])(?:1" + _SEP + rb")?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}" + _SEP + rb")[2-9]\d{2}" + _SEP
    + rb"\d{4}(?![\w-])",
    rb"(?<![\w.+,:/-])\(?0\d{1,5}\)?" + _SEP + rb"{1,2}\d{2,8}(?:" + _SEP + rb"\d{2,6}){0,4}(?![\w])",
    rb"(?i:(?<=tel)|(?<=tel\.)|(?<=phone)|(?<=call)|(?<=fax)|(?<=mobile)|(?<=whatsapp)|(?<=telefon)|(?<=cell))"
    rb"[:. ]{0,3}(?P<found>\(?\d{2,5}\)?(?:" + _SEP + rb"?\d{2,5}){1,4})(?!\w)",
)  # fmt: skip
_AT_PATTERNS = (Pattern("email", re.compile(_EMAIL), _mail),)
_NUMBER_PATTERNS = (
    Pattern(
        "iban",
        re.compile(rb"(?<![A-Za-z0-9])(?:" + identifiers.iban_shapes().encode() + rb")(?![A-Za-z0-9])"),
        _checked(identifiers.iban),
    ),
    Pattern("card", re.compile(rb"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])"), _checked(identifiers.card)),
    *(
        Pattern("national_id", re.compile(rb"(?<![\w.-])(?:" + shape.encode() + rb")(?![\w-])"), _checked(check))
        for shape, check in identifiers.NATIONAL.values()
    ),
    *(Pattern("phone", re.compile(shape), _telephone) for shape in _PHONES),
    Pattern("ip", re.compile(rb"(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)"), _address),
)
_IPV6 = rb"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4})(?![\w:])"
_COLON_PATTERNS = (Pattern("ip", re.compile(_IPV6), _address),)
_LOOSE = ("card", "phone")
"""Their patterns may take in a number that stands beside."""
_RANK = {kind: rank for rank, kind in enumerate(("email", "iban", "card", "national_id", "ip", "phone"))}
