from __future__ import annotations

import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from trivium.studio.changes import changes, line_changes


@given(st.text(max_size=60), st.text(max_size=60))
def test_taking_out_what_is_new_or_gone_gives_either_round_back(before: str, after: str) -> None:
    html = str(changes(before, after).html)
    new = unescape(re.sub(r"</?ins>", "", re.sub(r"<del>.*?</del>", "", html, flags=re.S)))
    old = unescape(re.sub(r"</?del>", "", re.sub(r"<ins>.*?</ins>", "", html, flags=re.S)))
    assert (old, new) == (before, after)


def test_markup_in_a_text_stays_text() -> None:
    assert "<b>" not in str(changes("a", "<b>a</b>").html)
    assert "<b>" not in str(line_changes("a", "<b>a</b>"))


def test_words_are_counted() -> None:
    found = changes("use warm water", "use cold clean water")
    assert (found.num_added, found.num_removed) == (2, 1)


def test_a_word_of_a_language_without_spaces_is_marked_alone() -> None:
    found = changes("我喜欢北京的冬天。", "我喜欢上海的冬天。")
    assert found.html == "我喜欢<del>北京</del><ins>上海</ins>的冬天。"
    assert (found.num_added, found.num_removed) == (1, 1)
