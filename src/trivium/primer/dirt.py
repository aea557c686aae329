"""A clean page to a dirty one: another language, a broken encoding, planted personal data; the truth of it stands in
the document's source."""

from __future__ import annotations

from typing import Literal

import numpy as np

from trivium.primer.exercises import pick

Dirt = Literal["duplicate", "foreign", "broken", "pii"]

_FOREIGN = (
    "Der Hund schläft im Garten.",
    "Das Wetter ist heute sehr schön.",
    "Wir gehen am Abend in die Stadt.",
    "Die Kinder lesen ein Buch.",
    "Le chat dort sur la table.",
    "Nous allons au marché le matin.",
    "Il fait beau aujourd'hui.",
    "Les enfants lisent un livre.",
    "El perro duerme en la casa.",
    "Vamos al mercado por la mañana.",
    "Hoy hace mucho sol.",
    "Los niños leen un libro.",
)
_FIRST = ("Carla", "Dieter", "Ivana", "Kofi", "Linh", "Omar")
_LAST = ("Beispiel", "Muster", "Sample", "Ejemplo", "Nobody", "Example")


def foreign(rng: np.random.Generator, text: str) -> str:
    """Write a page of other languages about as long as the given one."""
    lines: list[str] = []
    while sum(map(len, lines)) < len(text):
        lines.append(pick(rng, _FOREIGN))
    return " ".join(lines)


def scrambled(rng: np.random.Generator, text: str) -> str:
    """Break the encoding the way wrong decoding does: apostrophes, accents and some letters turn into debris."""
    marked = text.replace("e", "é", int(rng.integers(4, 12))).replace("o", "ö", int(rng.integers(2, 8)))
    return marked.encode("utf-8").decode("latin-1")


def planted(rng: np.random.Generator, text: str) -> str:
    """Plant an invented person's mail address and telephone number (reserved domains and numbers)."""
    first, last = pick(rng, _FIRST), pick(rng, _LAST)
    number = f"+1 555 010 {int(rng.integers(1000, 9999))}"
    address = f"{first.lower()}.{last.lower()}{int(rng.integers(1, 999))}@example.com"
    return f"{text} Contact {first} {last} at {address} or call {number}."
