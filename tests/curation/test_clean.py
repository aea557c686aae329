"""Cleaning: what is mended, what is left alone, and that cleaning twice changes nothing more."""

import textwrap

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.curation.clean import CleanSettings, clean


def cleaned(texts: list[str], **settings: bool) -> tuple[list[str], list[dict[str, int]]]:
    new, counts = clean(pa.array(texts, pa.large_string()), CleanSettings(**settings))
    return new.to_pylist(), counts.to_pylist()


def test_wrong_decoding_is_undone_and_counted() -> None:
    wrong = ["schÃ¶n und grÃ¼n", "itâ€™s â€œgoodâ€\x9d", "plain", "née »so« – São Paulo"]
    texts, counts = cleaned(wrong)
    assert texts == ["schön und grün", 'it\'s "good"'.replace("'", "’").replace('"good"', "“good”"), *wrong[2:]]
    assert [row["encoding"] for row in counts] == [1, 1, 0, 0]


def test_letters_are_composed() -> None:
    texts, counts = cleaned(["e\u0301te\u0301", "été", "\uac00"])
    assert texts == ["été", "été", "\uac00"]
    assert [row["unicode"] for row in counts] == [1, 0, 0]


@pytest.mark.parametrize(
    ("dirty", "plain"),
    [
        ("a\u00a0b\u3000c\u2009d", "a b c d"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("soft\u00adhyphen zero\u200bwidth\ufeff", "softhyphen zerowidth"),
        ("bell\x07 nul\x00", "bell nul"),
        ("a  b \t c   \nd", "a b c\nd"),
        ("a\n\n\n\n\n\n\n\nb", "a\n\nb"),
        ("\n\n  first is indented\n", "  first is indented"),
        ("def f():\n    return 1", "def f():\n    return 1"),
        ("a\tb", "a\tb"),
        (
            "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("", ""),
    ],
)
def test_blanks_become_plain(dirty: str, plain: str) -> None:
    texts, counts = cleaned(["beside", dirty, "it"])
    assert texts == ["beside", plain, "it"]
    assert [row["blanks"] for row in counts] == [0, int(dirty != plain), 0]


def test_page_furniture_goes_line_by_line_and_prose_about_it_stays() -> None:
    page = "Skip to content\nThe town\n\nPlease enable JavaScript to see this.\nIt lies by the sea.\nRead more »\nAll rights reserved."
    prose = "The privacy policy of the town, adopted after a long debate, says among many other things " + "that " * 60
    texts, counts = cleaned([page, prose, "She likes to read more books.", "He writes JavaScript and tweets."])
    assert texts == [
        "The town\n\nIt lies by the sea.",
        prose.strip(),
        "She likes to read more books.",
        "He writes JavaScript and tweets.",
    ]
    assert [row["boilerplate_lines"] for row in counts] == [4, 0, 0, 0]


def test_paragraphs_broken_to_a_width_become_lines_and_are_counted() -> None:
    wrapped = "\n".join(textwrap.wrap("The old man and the woman walked to the river in the evening. " * 9, 70))
    texts, counts = cleaned([wrapped, "a short\ntext"])
    assert texts == [wrapped.replace("\n", " "), "a short\ntext"]
    assert [row["unwrapped"] for row in counts] == [1, 0]


def test_each_repair_can_be_turned_off() -> None:
    dirty = "schÃ¶n  e\u0301\nRead more"
    off = dict.fromkeys(("encoding", "unicode", "blanks", "unwrap", "boilerplate"), False)
    assert cleaned([dirty], **off) == (
        [dirty],
        [{"encoding": 0, "unicode": 0, "blanks": 0, "unwrapped": 0, "boilerplate_lines": 0}],
    )
    assert cleaned([dirty], **(off | {"encoding": True}))[0] == ["schön  e\u0301\nRead more"]
    assert cleaned([dirty], **(off | {"boilerplate": True}))[0] == ["schÃ¶n  e\u0301"]


@given(texts=st.lists(st.text(alphabet="ab \t\n\r\u00a0\u200b\u3000é\x00Ã¶", max_size=30), max_size=6))
def test_cleaning_again_changes_nothing_and_neighbours_do_not_matter(texts: list[str]) -> None:
    once, _counts = cleaned(texts)
    assert once == [cleaned([text])[0][0] for text in texts]
    assert cleaned(once, encoding=False)[0] == once
