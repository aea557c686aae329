"""Digits and letters to whether they are a valid card, bank account or national identity number, by their check digits.

Each check takes the characters without blanks and dashes.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence

_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15,
    "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19,
    "SK": 24, "SM": 27, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
"""ISO 13616, the registry of countries."""


def luhn(digits: str) -> bool:
    """Return whether the last digit checks the others (ISO/IEC 7812).

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def card(digits: str) -> bool:
    """Return whether it is a payment card: 13 to 19 digits of a card network's range, Luhn's check, not one digit
    alone.

    >>> card("378282246310005"), card("1234567812345670"), card("0000000000000000")
    (True, False, False)
    """
    return 13 <= len(digits) <= 19 and digits[0] in "23456" and len(set(digits)) > 1 and luhn(digits)


def iban(text: str) -> bool:
    """Return whether it is a bank account of ISO 13616: the country's length, and 1 modulo 97.

    >>> iban("DE89370400440532013000"), iban("DE88370400440532013000")
    (True, False)
    """
    text = text.upper()
    if len(text) != _IBAN_LENGTHS.get(text[:2]) or not text.isalnum() or not text.isascii():
        return False
    return int("".join(str(int(each, 36)) for each in text[4:] + text[:4])) % 97 == 1


def iban_shapes() -> str:
    """Return a regular expression of all bank accounts by the length that their country gives them."""
    by_length: dict[int, list[str]] = {}
    for country, length in _IBAN_LENGTHS.items():
        by_length.setdefault(length, []).append(country)
    return "|".join(
        rf"(?:{'|'.join(countries)})\d{{2}}(?:[ -]?[A-Za-z0-9]){{{length - 4}}}"
        for length, countries in by_length.items()
    )


def us_social_security(digits: str) -> bool:
    """Return whether the number can have been issued: no area 000, 666 or from 900, no group 00, no serial 0000."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"


def uk_insurance(text: str) -> bool:
    """Return whether the prefix is one that the United Kingdom gives.

    >>> uk_insurance("AB123456C"), uk_insurance("BG123456C")
    (True, False)
    """
    prefix = text[:2].upper()
    clean = prefix[0] not in "DFIQUV" and prefix[1] not in "DFIOQUV"
    return clean and prefix not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")


def spanish(text: str) -> bool:
    """Return whether the letter checks the number of a DNI or NIE.

    >>> spanish("12345678Z"), spanish("X1234567L"), spanish("12345678A")
    (True, True, False)
    """
    text = text.upper()
    number = text[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return text[-1] == "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]


def french(text: str) -> bool:
    """Return whether the last two digits check a NIR (97 - number modulo 97; Corsica's 2A and 2B count as 19 and 18).

    >>> french("255081416802538"), french("255081416802537")
    (True, False)
    """
    number = text[:-2].upper().replace("2A", "19").replace("2B", "18")
    return number.isdigit() and 97 - int(number) % 97 == int(text[-2:])


def german(digits: str) -> bool:
    """Return whether the last digit checks a tax number (ISO 7064, mod 11,10) and one of the others occurs twice or
    thrice.

    >>> german("86095742719"), german("86095742718")
    (True, False)
    """
    counts = sorted((digits[:10].count(each) for each in set(digits[:10])), reverse=True)
    if digits[0] == "0" or counts[0] not in (2, 3):
        return False
    rest = 10
    for digit in digits[:10]:
        total = (int(digit) + rest) % 10 or 10
        rest = 2 * total % 11
    return (11 - rest) % 10 == int(digits[10])


def brazilian(digits: str) -> bool:
    """Return whether the last two digits check a CPF.

    >>> brazilian("52998224725"), brazilian("52998224724"), brazilian("11111111111")
    (True, False, False)
    """
    if len(set(digits)) == 1:
        return False
    return all(
        10 * sum(int(digit) * weight for digit, weight in zip(digits[:n], range(n + 1, 1, -1), strict=True)) % 11 % 10
        == int(digits[n])
        for n in (9, 10)
    )


def polish(digits: str) -> bool:
    """Return whether the last digit checks a PESEL and the month is one.

    >>> polish("44051401359"), polish("44051401358")
    (True, False)
    """
    total = _weighted(digits[:10], (1, 3, 7, 9, 1, 3, 7, 9, 1, 3))
    return 1 <= int(digits[2:4]) % 20 <= 12 and 1 <= int(digits[4:6]) <= 31 and (10 - total) % 10 == int(digits[10])


def swedish(digits: str) -> bool:
    """Return whether it is a personal number: a date (a century in front is left aside), and Luhn's check.

    >>> swedish("8112189876"), swedish("8112189875")
    (True, False)
    """
    digits = digits[-10:]
    return 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:6]) % 60 <= 31 and luhn(digits)


def chinese(text: str) -> bool:
    """Return whether the last character checks a resident number (ISO 7064, mod 11-2) and it holds a date.

    >>> chinese("11010519491231002X"), chinese("110105194912310021")
    (True, False)
    """
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    dated = text[6:8] in ("18", "19", "20") and 1 <= int(text[10:12]) <= 12 and 1 <= int(text[12:14]) <= 31
    return dated and "10X98765432"[_weighted(text[:17], weights) % 11] == text[17].upper()


def dutch(digits: str) -> bool:
    """Return whether it passes the test of eleven of a BSN.

    >>> dutch("111222333"), dutch("111222334")
    (True, False)
    """
    return _weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0 and len(set(digits)) > 1


def canadian(digits: str) -> bool:
    """Return whether it is a social insurance number: Luhn's check, and a first digit that is given out."""
    return digits[0] not in "08" and luhn(digits)


_VERHOEFF_PRODUCTS = ("0123456789", "1234067895", "2340178956", "3401289567", "4012395678", "5987604321", "6598710432",
                      "7659821043", "8765932104", "9876543210")  # fmt: skip
_VERHOEFF_TURNS = ("0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415",
                   "7046913258")  # fmt: skip


def indian(digits: str) -> bool:
    """Return whether it is an Aadhaar: Verhoeff's check, and a first digit from 2.

    >>> indian("234123412346"), indian("234123412345")
    (True, False)
    """
    rest = 0
    for place, digit in enumerate(reversed(digits)):
        rest = int(_VERHOEFF_PRODUCTS[rest][int(_VERHOEFF_TURNS[place % 8][int(digit)])])
    return digits[0] not in "01" and rest == 0


_ITALIAN_ODD = dict(
    zip(
        string.digits + string.ascii_uppercase,
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16,
        10, 22, 25, 24, 23),
        strict=True,
    )
)  # fmt: skip


def italian(text: str) -> bool:
    """Return whether the last letter checks a codice fiscale.

    >>> italian("RSSMRA85T10A562S"), italian("RSSMRA85T10A562T")
    (True, False)
    """
    text = text.upper()
    total = sum(
        _ITALIAN_ODD[each] if place % 2 == 0 else int(each) if each.isdigit() else ord(each) - 65
        for place, each in enumerate(text[:15])
    )
    return chr(65 + total % 26) == text[15]


def _weighted(digits: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


Check = Callable[[str], bool]

NATIONAL: Mapping[str, tuple[str, Check]] = {
    "us": (r"\d{3}-\d{2}-\d{4}", us_social_security),
    "uk": (r"[A-Za-z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-Da-d]", uk_insurance),
    "es": (r"(?:\d{8}|[XYZxyz]-?\d{7})-?[A-Za-z]", spanish),
    "fr": (r"[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?\d[\dABab] ?\d{3} ?\d{3} ?\d{2}", french),
    "de": (r"\d{2} ?\d{3} ?\d{3} ?\d{3}", german),
    "br": (r"\d{3}\.\d{3}\.\d{3}-\d{2}", brazilian),
    "pl": (r"\d{11}", polish),
    "se": (r"(?:19|20)?\d{6}[-+]\d{4}", swedish),
    "cn": (r"\d{17}[\dXx]", chinese),
    "nl": (r"(?<=BSN )\d{9}|(?<=BSN: )\d{9}|\d{4}\.\d{2}\.\d{3}", dutch),
    "ca": (r"\d{3}[- ]\d{3}[- ]\d{3}", canadian),
    "in": (r"\d{4} \d{4} \d{4}", indian),
    "it": (r"[A-Za-z]{6}\d{2}[A-EHLMPR-Ta-ehlmpr-t]\d{2}[A-Za-z]\d{3}[A-Za-z]", italian),
}
"""By country: what a national number looks like, and its check (none of the United States' and the United Kingdom's has
check digits: there only what was never issued is ruled out).
"""
