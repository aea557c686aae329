"""Undoing wraps: prose at any width comes back as it was, and what has lines for a reason keeps them."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.curation.unwrap import unwrap

PARAGRAPHS = (
    "It was a dark and stormy night; the rain fell in torrents, except at occasional intervals, when it was checked by "
    "a violent gust of wind which swept up the streets, for it is in London that our scene lies.",
    "The men had gone long before, and nobody in the house remembered who had closed the door behind them or why.",
    '"So be it," said the boy, who had been waiting for hours in the cold of the hall; "we shall see what comes of it '
    'when the others arrive."',
)


@given(width=st.integers(50, 110), order=st.permutations(PARAGRAPHS))
def test_prose_broken_to_any_width_comes_back_paragraph_by_paragraph(width: int, order: list[str]) -> None:
    texts = order * 3
    wrapped = "\n\n".join(textwrap.fill(text, width, break_on_hyphens=False) for text in texts)
    assert unwrap(wrapped) == "\n\n".join(texts)


def test_a_word_that_was_parted_at_its_hyphen_gets_no_blank() -> None:
    text = (
        "The well-known brother-in-law of the far-off neighbour was a good-natured and even-handed man, they say. " * 6
    )
    assert unwrap(textwrap.fill(text.strip(), 60)) == text.strip()


def test_verse_within_wrapped_prose_keeps_its_lines() -> None:
    verse = "The curfew tolls the knell of parting day,\nThe lowing herd wind slowly o'er the lea,"
    prose = textwrap.fill(PARAGRAPHS[0], 72, break_on_hyphens=False)
    text = "\n\n".join([prose, prose, prose, verse, prose])
    assert unwrap(text) == "\n\n".join([*[PARAGRAPHS[0]] * 3, verse, PARAGRAPHS[0]])


VERSE = """The curfew tolls the knell of parting day,
The lowing herd wind slowly o'er the lea,
The plowman homeward plods his weary way,
And leaves the world to darkness and to me.
Now fades the glimm'ring landscape on the sight,
And all the air a solemn stillness holds,"""
CODE = """def total(rows: list[int], start: int = 0) -> int:
result = start
for row in rows:
    if row > 0 and row % 2 == 0 and row not in seen:
        result += row
seen.add(row)
print('the total of all even rows that were not seen is', result)
return result"""
LIST = "\n".join(f"- {text}" for text in (*PARAGRAPHS[1].split(", "), *PARAGRAPHS[0].split(", ")))
TABLE = "\n".join(f"{number:>6} {number * 7:>20} {number * 13:>20} {number * 31:>14}" for number in range(12))
CHAT = "\n".join(["yes", "no", "what do you mean by that, I have never said such a thing", "ok", "well then", "bye"])
WIDE = "\n".join([PARAGRAPHS[0], PARAGRAPHS[2], PARAGRAPHS[1]] * 3)


@pytest.mark.parametrize("text", [VERSE, CODE, LIST, TABLE, CHAT, WIDE, "", "\n\n", "one line"])
def test_what_has_lines_for_a_reason_keeps_them(text: str) -> None:
    assert unwrap(text) == text
