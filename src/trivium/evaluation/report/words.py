"""Turns numbers into the words and digits a reader sees: 668 seconds become `11 min 8 s`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def decimal(value: float, places: int) -> str:
    """Write a number with thousands separators and a true minus sign; a rounded zero has no sign.

    >>> decimal(-1234.5, 1), decimal(-0.001, 2)
    ('−1,234.5', '0.00')
    """
    text = f"{value:,.{places}f}"
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.,") else "−" + text[1:]
    return text


def short(value: float) -> str:
    """Write a tick or rail end with no more digits than it needs.

    >>> short(0.5), short(1900.0), short(-0.1), short(1.3)
    ('0.5', '1,900', '−0.1', '1.3')
    """
    text = decimal(value, 6)
    return text.rstrip("0").rstrip(".") if "." in text else text


def seconds(value: float) -> str:
    """Write a duration.

    >>> seconds(0.4), seconds(14.2), seconds(242), seconds(1200), seconds(7380)
    ('0.4 s', '14 s', '4 min 2 s', '20 min', '2 h 3 min')
    """
    if value < 9.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    minutes = whole % 3600 // 60
    return f"{whole // 3600} h" + (f" {minutes} min" if minutes else "")


def size_bytes(value: float) -> str:
    """Write a size with decimal prefixes.

    >>> size_bytes(2_100_000_000), size_bytes(3e9), size_bytes(212_000), size_bytes(12)
    ('2.1 GB', '3 GB', '212 kB', '12 B')
    """
    for prefix, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= scale:
            number = value / scale
            return f"{short(round(number, 1 if number < 10 else 0))} {prefix}"
    return f"{value:.0f} B"


def large(count: int) -> str:
    """Write a count for a title.

    >>> large(2_811_000), large(48_200), large(900)
    ('2.81\xa0million', '48,200', '900')
    """
    for name, scale in (("billion", 10**9), ("million", 10**6)):
        if count >= scale:
            return f"{short(round(count / scale, 2))}\u00a0{name}"
    return f"{count:,}"


def count_word(count: int) -> str:
    """Write a small count as a word.

    >>> count_word(9), count_word(40)
    ('nine', '40')
    """
    return _COUNTS[count] if 0 <= count < len(_COUNTS) else f"{count:,}"


def counted(count: int, noun: str) -> str:
    """Write a count with its noun.

    >>> counted(1, "token"), counted(3200, "token")
    ('1 token', '3,200 tokens')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(parts: Sequence[str]) -> str:
    """Join phrases as a sentence does.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] if parts else ""


def long_day(day: date) -> str:
    """Write a date without asking the locale.

    >>> long_day(date(2026, 11, 21))
    '21 November 2026'
    """
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def capital(text: str) -> str:
    """Start a sentence, leaving the rest alone.

    >>> capital("nine stages of PPO")
    'Nine stages of PPO'
    """
    return text[:1].upper() + text[1:]


def measured(value: float, unit: str, places: int) -> str:
    """Write a value of the scorecard in its unit.

    >>> measured(0.957, "share", 2), measured(668, "seconds", 0), measured(4.8, "nats a reply", 1)
    ('0.96', '11 min 8 s', '4.8')
    """
    if unit == "seconds":
        return seconds(value)
    if unit == "bytes":
        return size_bytes(value)
    return decimal(value, places)


def places_for(values: Sequence[float], lines: Sequence[float], unit: str) -> int:
    """Choose decimals so that a value never looks equal to a bar, nor an interval like a point, that it is not.

    A share has two, other units as many as their size needs; both get up to two more where rounding would hide a miss.

    >>> places_for([0.947, 0.92, 0.97], [0.95], "share"), places_for([0.96, 0.94, 0.98], [0.9], "share")
    (3, 2)
    >>> places_for([1.3321, 1.3315, 1.3327], [1.345], "bits a byte"), places_for([133.2, 120.0, 140.0], [], "nats")
    (3, 0)
    """
    top = max(abs(value) for value in values)
    places = 2 if unit == "share" or top < 10 else 1 if top < 100 else 0
    hidden = [(values[0], line) for line in lines] + ([(values[1], values[2])] if len(values) == 3 else [])
    for extra in range(2):
        if not any(a != b and decimal(a, places + extra) == decimal(b, places + extra) for a, b in hidden):
            return places + extra
    return places + 2
