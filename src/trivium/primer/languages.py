"""Everyday English phrases into four languages, and which pairs the demonstrations never show."""

from __future__ import annotations

from trivium.primer.geography import Split

LANGUAGES: tuple[str, ...] = ("Spanish", "French", "German", "Italian")

_ROWS = """
How are you|¿Cómo estás?|Comment vas-tu?|Wie geht es dir?|Come stai?
Good night|Buenas noches|Bonne nuit|Gute Nacht|Buona notte
Thank you|Gracias|Merci|Danke|Grazie
Please|Por favor|S'il te plaît|Bitte|Per favore
Good morning|Buenos días|Bonjour|Guten Morgen|Buongiorno
See you tomorrow|Hasta mañana|À demain|Bis morgen|A domani
Water|Agua|Eau|Wasser|Acqua
Bread|Pan|Pain|Brot|Pane
Friend|Amigo|Ami|Freund|Amico
House|Casa|Maison|Haus|Casa
Book|Libro|Livre|Buch|Libro
Cat|Gato|Chat|Katze|Gatto
"""

TRANSLATIONS: tuple[tuple[str, str, str], ...] = tuple(
    (row.split("|")[0], language, row.split("|")[i + 1])
    for row in _ROWS.split("\n")
    if row
    for i, language in enumerate(LANGUAGES)
)
"""(phrase, language, the phrase in that language)"""

_HELD_OUT: dict[tuple[str, str], Split] = {
    ("Good night", "Spanish"): "dev",
    ("Thank you", "German"): "dev",
    ("Water", "French"): "dev",
    ("Book", "Italian"): "dev",
    ("Friend", "German"): "dev",
    ("Good morning", "French"): "dev",
    ("Good night", "Italian"): "test",
    ("Thank you", "French"): "test",
    ("Water", "German"): "test",
    ("Bread", "Spanish"): "test",
    ("Cat", "German"): "test",
    ("See you tomorrow", "Spanish"): "test",
}


def translation_split(phrase: str, language: str) -> Split:
    """Return where a pair may be shown.

    >>> translation_split("How are you", "Spanish"), translation_split("Water", "French")
    ('seen', 'dev')
    """
    return _HELD_OUT.get((phrase, language), "seen")
