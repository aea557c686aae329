"""Turns the interface's English sentences into another language: one JSON catalogue each, English where it is silent.

The key is the English sentence itself, so that a template reads as what it shows. Placeholders are `{name}`; a
catalogue's sentence must use the same ones (a test checks it). A sentence that counts may be a table of CLDR's plural
categories, chosen by `n`. Placeholders that are numbers, `{1}`, belong to sentences of the rooms below the pages
(refusals, reasons, checks): these come whole, with their values in them, and are recognised.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from babel import Locale
from babel.numbers import format_decimal
from markupsafe import Markup, escape

ENGLISH = "en"
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "ps", "sd", "ug", "yi", "dv"})
Sentence = str | Mapping[str, str]
"""A sentence, or plural category → sentence."""
NUMBERED = re.compile(r"\{\d+\}")


class Pattern(NamedTuple):
    """A told sentence as it is recognised, and its own words."""

    shape: re.Pattern[str]
    key: str


@lru_cache
def names() -> dict[str, str]:
    """Return the languages of the interface: code to its own name, English first."""
    folder = resources.files("trivium.studio") / "locales"
    found = {
        file.name.removesuffix(".json"): json.loads(file.read_text(encoding="utf-8"))["language"]
        for file in folder.iterdir()
        if file.name.endswith(".json")
    }
    return {ENGLISH: found.pop(ENGLISH), **dict(sorted(found.items()))}


@lru_cache
def sentences(locale: str) -> Mapping[str, Sentence]:
    """Return a language's catalogue; English has only the sentences that count, an unknown language none."""
    if locale not in names():
        return {}
    file = resources.files("trivium.studio") / "locales" / f"{locale}.json"
    catalogue: dict[str, Sentence] = json.loads(file.read_text(encoding="utf-8"))["sentences"]
    return catalogue


@lru_cache
def _patterns(locale: str) -> tuple[Pattern, ...]:
    """Return what is recognised, the sentence with the most words of its own first."""
    keys = [key for key in sentences(locale) if NUMBERED.search(key)]
    keys.sort(key=lambda key: -len(NUMBERED.sub("", key)))
    shapes = ("(.*?)".join(map(re.escape, NUMBERED.split(key))) for key in keys)
    return tuple(Pattern(re.compile(shape, re.DOTALL), key) for shape, key in zip(shapes, keys, strict=True))


@lru_cache(maxsize=256)
def _language(locale: str) -> Locale:
    return Locale.parse(locale)


def plural(locale: str, n: object) -> str:
    """Return the category of a count: one, other, and in some languages zero, two, few, many."""
    return _language(locale).plural_form(n) if isinstance(n, int | float) else "other"


@lru_cache(maxsize=8_192)
def decimal(locale: str, value: float, form: str | None = None) -> str:
    """Return a number as the language writes it; kept, because a page writes the same few a hundred times.

    >>> decimal("de", 1204), decimal("en", 0.5, "#,##0.00")
    ('1.204', '0.50')
    """
    return format_decimal(value, form, locale=_language(locale))


def say(locale: str, sentence: str, **values: object) -> str:
    """Return the sentence in the language, with its placeholders filled; whole numbers are written as it writes them.

    >>> say("en", "{done} of {total}", done=3, total=1204)
    '3 of 1,204'
    """
    wanted = _wanted(locale, sentence)
    if not isinstance(wanted, str):
        wanted = wanted.get(plural(locale, values.get("n"))) or wanted["other"]
    if not values:
        return wanted
    shown = {name: _shown(locale, value) for name, value in values.items()}
    if any(isinstance(value, Markup) for value in shown.values()):
        return Markup(escape(wanted)).format(**shown)
    return wanted.format(**shown)


def _wanted(locale: str, sentence: str) -> Sentence:
    return sentences(locale).get(sentence) or sentences(ENGLISH).get(sentence, sentence)


def forms(locale: str, sentence: str) -> Mapping[str, str]:
    """Return a sentence's plural categories, each with its form, for a script that counts while one types.

    >>> forms("en", "{n} words")
    {'one': '{n} word', 'other': '{n} words'}
    """
    wanted = _wanted(locale, sentence)
    return {"other": wanted} if isinstance(wanted, str) else wanted


def _shown(locale: str, value: object) -> object:
    return decimal(locale, value) if isinstance(value, int) else value


def told(locale: str, text: str) -> str:
    """Return what a room below the pages told, in the language; a text that is not known stays as it is.

    >>> told("de", "there is no such page")
    'es gibt keine solche Seite'
    """
    if locale == ENGLISH or not text:
        return text
    known = sentences(locale).get(text)
    if isinstance(known, str):
        return known
    for shape, key in _patterns(locale):
        if found := shape.fullmatch(text):
            wanted = sentences(locale)[key]
            assert isinstance(wanted, str), "a told sentence has one form: its values are not numbers"
            return _filled(wanted, [told(locale, value) for value in found.groups()])
    between = next((mark for mark in ("; ", ", ") if mark in text), "")
    return between.join(told(locale, part) for part in text.split(between)) if between else text


def _filled(sentence: str, values: Sequence[str]) -> str:
    """Return a sentence with its numbered places filled."""
    return NUMBERED.sub(lambda place: values[int(place.group()[1:-1]) - 1], sentence)


def direction(locale: str) -> str:
    """Return `rtl` or `ltr`."""
    return "rtl" if locale.split("-")[0] in RIGHT_TO_LEFT else "ltr"


def choose(accepted: str) -> str:
    """Return the first language of an Accept-Language header that the interface has.

    >>> choose("fr;q=0.9, xx, en;q=0.5")
    'en'
    """
    ranked: list[tuple[float, str]] = []
    for part in accepted.split(",")[:20]:
        code, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), code.split("-")[0].lower()))
        except ValueError:
            continue
    return next((code for _, code in sorted(ranked, key=lambda one: one[0]) if code in names()), ENGLISH)
