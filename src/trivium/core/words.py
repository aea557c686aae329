"""A text to how many words it has, and to the name of what counted them.

Most languages put spaces between words. Chinese, Japanese, Thai, Lao, Khmer and Burmese do not: there a dictionary says
where a word ends, ICU's, which is what browsers count with too (`Intl.Segmenter`).
"""

from __future__ import annotations

import re

from trivium.core.errors import MissingExtraError

SPACES = "white space"
DICTIONARY = "white space, ICU dictionaries"
_UNSPACED = re.compile(
    "["
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Burmese
    "\u1780-\u17ff\u19e0-\u19ff"  # Khmer
    "\u3005-\u3007\u3041-\u309f\u30a0-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "]"
)
"""A letter of a script that is written without spaces; static/write.js names the same."""


def count_words(text: str) -> int:
    """Return how many words a text has.

    >>> count_words("don't stop, it's 3.5 km")
    5
    >>> count_words("我想在北京买一本书。 Really?"), count_words("ฉันรักภาษาไทยมาก")
    (6, 5)
    """
    return sum(max(sum(any(map(str.isalnum, part)) for part in parts(piece)), 1) for piece in text.split())


def counter_of(text: str) -> str:
    """Return the name of what counts this text's words.

    >>> counter_of("two words"), counter_of("これは")
    ('white space', 'white space, ICU dictionaries')
    """
    return DICTIONARY if _UNSPACED.search(text) else SPACES


def parts(piece: str) -> list[str]:
    """Return the words of a piece of text without spaces, and what stands between them: one part where its script has
    spaces, else what a dictionary finds.

    >>> parts("warm"), parts("日本語の文章")
    (['warm'], ['日本語', 'の', '文章'])
    """
    if not _UNSPACED.search(piece):
        return [piece]
    try:
        from icu4py.breakers import WordBreaker
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "words of a language that puts no spaces between them need icu4py", do="pip install 'trivium[studio]'"
        ) from error
    return list(WordBreaker(piece, "root"))
