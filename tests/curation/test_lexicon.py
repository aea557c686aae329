"""Bad words: the list that comes along, one's own, phrases, and what is no bad word."""

from pathlib import Path

import pyarrow as pa
import pytest

from trivium.core.errors import SourceError
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


def test_ones_own_lists_add_words_and_phrases(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("# a comment\nfrobnicate\nvery rude phrase  # three words\n\n")
    settings = LexiconSettings(builtin=False, files=(tmp_path / "mine.txt",))
    found = rows(["They frobnicate.", "A very rude phrase, twice: very rude phrase", "rude phrase", "shit"], settings)
    assert [row["bad_words"] for row in found] == [1, 6, 0, 0]


def test_a_list_that_is_missing_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="list of words"):
        rows(["a"], LexiconSettings(files=(tmp_path / "missing.txt",)))
