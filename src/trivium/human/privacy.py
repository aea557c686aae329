"""A text to the passages that may be personal data, for a person to look at before a milestone is sealed.

Covers, by pattern and check sum: e-mail addresses, telephone numbers, payment cards (Luhn), IBANs (mod 97), IP
addresses, US social security numbers, links to a profile, and names that a text gives to its speaker ("my name is …").
Does not cover: other names of people, street addresses, anything said in other words. A text without passages is not
thereby free of personal data.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple


class Passage(NamedTuple):
    """A part of a text that may be personal: where it stands, of what kind it is, and its words."""

    start: int
    end: int
    kind: str
    text: str


def _luhn(text: str) -> bool:
    """Say whether the check digit of a card number holds (ISO/IEC 7812-1, annex B)."""
    digits = [int(one) for one in text if one.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _iban(text: str) -> bool:
    """Say whether the check digits of an IBAN hold (ISO 13616: the rearranged number is 1 modulo 97)."""
    plain = re.sub(r"\s", "", text).upper()
    moved = plain[4:] + plain[:4]
    return 15 <= len(plain) <= 34 and int("".join(str(int(one, 36)) for one in moved)) % 97 == 1


def _address(text: str) -> bool:
    """Say whether a text is an IP address of a machine somewhere: neither private nor reserved."""
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False


def _telephone(text: str) -> bool:
    """Say whether digits look like a telephone number: 7 to 15 of them (ITU-T E.164), not a date or a decimal."""
    num_digits = sum(one.isdigit() for one in text)
    is_date = re.fullmatch(r"\(?\d{4}[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ]\d{4}", text.strip())
    return 7 <= num_digits <= 15 and not is_date


def _social_security(text: str) -> bool:
    """Say whether a US number could have been given out: no part is all zeros, the area is not 666 or from 900."""
    area, group, serial = text.replace(" ", "-").split("-")
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def _always(text: str) -> bool:
    return True


FINDERS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("e-mail", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"), _always),
    ("profile", re.compile(
        r"https?://(?:www\.)?(?:facebook|instagram|linkedin|twitter|x|tiktok|vk)\.com/(?:in/)?[\w.-]{2,}", re.IGNORECASE
    ), _always),
    ("iban", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"), _iban),
    ("card", re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.]\d)"), _luhn),
    ("social security", re.compile(r"(?<![\d-])\d{3}[- ]\d{2}[- ]\d{4}(?![\d-])"), _social_security),
    ("ip address", re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)"), _address),
    ("ip address", re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){3,7}(?::?[0-9a-fA-F]{1,4}){1,4}(?![\w:])"), _address),
    ("telephone", re.compile(r"(?<![\w.+-])(?:\+|00)[1-9]\d{0,2}(?:[ ./-]?\(?\d{1,5}\)?){2,6}(?!\w)"), _telephone),
    ("telephone", re.compile(
        r"(?<![\w.,+-])(?:\(0?\d{2,5}\)[ -]?|0\d{2,4}[ /-])\d{3,4}[ -]?\d{3,5}(?![\w-])"  # (030) 1234-5678, 030/1234567
        r"|(?<![\w.,+-])\d{3}-\d{3}-\d{4}(?![\w-])"
    ), _telephone),
    ("name", re.compile(
        r"\b(?i:my name is|i am called|my full name is|mein name ist|je m'appelle|me llamo) "
        r"(?P<name>[^\W\d_][\w'’-]*(?: [A-ZÀ-Þ][\w'’-]*){0,3})"
    ), _always),
)  # fmt: skip
"""Kind, pattern and check, the surest first: where two overlap, the earlier one stands."""


def passages(text: str) -> list[Passage]:
    """Return the passages that may be personal, in the order of the text, none overlapping.

    >>> [(one.kind, one.text) for one in passages("Write to ada@example.org, my name is Ada Long.")]
    [('e-mail', 'ada@example.org'), ('name', 'Ada Long')]
    """
    found: list[Passage] = []
    for kind, pattern, holds in FINDERS:
        for match in pattern.finditer(text):
            group = "name" if kind == "name" else 0
            start, end = match.span(group)
            if holds(match[group]) and not any(start < one.end and one.start < end for one in found):
                found.append(Passage(start, end, kind, match[group]))
    return sorted(found)


def masked(text: str, found: Iterable[Passage] | None = None) -> str:
    """Return the text with each passage replaced by its kind in square brackets.

    >>> masked("Write to ada@example.org.")
    'Write to [e-mail].'
    """
    for one in sorted(passages(text) if found is None else found, reverse=True):
        text = f"{text[: one.start]}[{one.kind}]{text[one.end :]}"
    return text
