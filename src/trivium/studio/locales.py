"""Turns the interface's English sentences into another language: one JSON catalogue each, English where it is silent.

The key is the English sentence itself, so that a template reads as what it shows. Placeholders are `{name}`; a
catalogue's sentence must use the same ones (a test checks it).
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources

ENGLISH = "en"
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "ps", "sd", "ug", "yi", "dv"})


@lru_cache
def names() -> dict[str, str]:
    """Return the languages of the interface: code to its own name, English first."""
    folder = resources.files("trivium.studio") / "locales"
    found = {
        file.name.removesuffix(".json"): json.loads(file.read_text(encoding="utf-8"))["language"]
        for file in folder.iterdir()
        if file.name.endswith(".json")
    }
    return {ENGLISH: "English", **dict(sorted(found.items()))}


@lru_cache
def sentences(locale: str) -> dict[str, str]:
    """Return a language's catalogue; empty for English and for a language that is not there."""
    file = resources.files("trivium.studio") / "locales" / f"{locale}.json"
    if locale == ENGLISH or locale not in names():
        return {}
    catalogue: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))["sentences"]
    return catalogue


def say(locale: str, sentence: str, **values: object) -> str:
    """Return the sentence in the language, with its placeholders filled.

    >>> say("en", "{n} left", n=3)
    '3 left'
    """
    wanted = sentences(locale).get(sentence, sentence)
    return wanted.format(**values) if values else wanted


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
