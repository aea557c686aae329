"""Bad words: the list that comes along, one's own, phrases, and what is no bad word."""

import pyarrow as pa

from trivium.curation.lexicon import LexiconSettings, lexicon
from trivium.curation.words import words


def rows(texts: list[str], settings: LexiconSettings) -> list[dict[str, float]]:
    return lexicon(words(pa.array(texts, pa.large_string())), settings).to_pylist()


def test_words_of_the_list_count_whatever_their_case_and_words_that_hold_one_do_not() -> None:
    found = rows(["What SHIT, he said.", "The analysis of Scunthorpe and a cockatoo", ""], LexiconSettings())
    assert found == [
        {"bad_words": 1, "bad_word_share": 0.25},
        {"bad_words": 0, "bad_word_share": 0.0},
        {"bad_words": 0, "bad_word_share": 0.0},
    ]


def test_ones_own_words_and_phrases_add_to_the_list() -> None:
    settings = LexiconSettings(builtin=False, words=("frobnicate", "very rude phrase"))
    found = rows(["They frobnicate.", "A very rude phrase, twice: very rude phrase", "rude phrase", "shit"], settings)
    assert [row["bad_words"] for row in found] == [1, 6, 0, 0]
