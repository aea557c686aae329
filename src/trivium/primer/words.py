"""Sloppy model text to plain words that graders compare: case, accents, apostrophes, punctuation and extra spaces do
not matter."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


@lru_cache(maxsize=65536)
def words_of(text: str) -> tuple[str, ...]:
    """Return the normalised words and numbers of a text.

    >>> words_of("  ¿Cómo  ESTÁS? It's 3.")
    ('como', 'estas', 'its', '3')
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("’", "'").replace("'", ""))
    return tuple(re.findall(r"\w+", "".join(c for c in decomposed if not unicodedata.combining(c))))


def contains(text_words: tuple[str, ...], phrase: str) -> bool:
    """Say whether the words of the phrase stand in the text one after the other; a plural "s" in the text does not
    matter.

    >>> contains(words_of("Saws can cut wood."), "saw"), contains(words_of("comma"), "com")
    (True, False)
    """
    wanted = words_of(phrase)
    n = len(wanted)
    if not wanted:
        return False
    last = (wanted[-1], f"{wanted[-1]}s")
    return any(
        text_words[i + n - 1] in last and text_words[i : i + n - 1] == wanted[:-1]
        for i in range(len(text_words) - n + 1)
    )


def repeats(text_words: tuple[str, ...]) -> bool:
    """Say whether some four words in a row occur twice, or one word three times in a row.

    >>> repeats(words_of("It is in the sea. It is in the sea.")), repeats(words_of("a b a"))
    (True, False)
    """
    fours = [text_words[i : i + 4] for i in range(len(text_words) - 3)]
    thrice = any(a == b == c for a, b, c in zip(text_words, text_words[1:], text_words[2:], strict=False))
    return thrice or len(set(fours)) < len(fours)
