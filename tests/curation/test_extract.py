"""Main text: the article stays, what frames it goes, whatever the encoding and however broken the page."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.core.errors import MissingExtraError
from trivium.curation.extract import Extraction, decoded, main_text, without_link_lists

PARAGRAPHS = [
    "The river runs to the sea, and the people of the town have lived with it for a very long time indeed.",
    "They fish in the morning and mend their nets at noon; at night they tell stories that nobody believes.",
    "Once a year the water rises, and then all of them carry what they own to the top of the hill and wait.",
]
MENU = "".join(f'<li><a href="/{name}">{name}</a></li>' for name in ("Start", "Shop", "Contact", "Imprint", "Jobs"))
PAGE = f"""<!doctype html><html><head><title>The town</title><script>var x = "<ul><a href=1>";</script></head><body>
<nav><ul>{MENU}</ul></nav>
<main><article><h1>The town by the river</h1>{"".join(f"<p>{each}</p>" for each in PARAGRAPHS)}
<ul>{MENU.replace("Start", "Also of interest")}</ul></article></main>
<footer><p>© 2024 The town council</p></footer></body></html>"""


@pytest.mark.parametrize("method", ["fast", "precise"])
def test_the_article_stays_and_its_frame_goes(method: Extraction) -> None:
    text = main_text(PAGE, method)
    assert all(each in text for each in PARAGRAPHS)
    assert not any(each in text for each in ("Shop", "Imprint", "Also of interest", "council", "var x"))


def test_all_visible_text_can_be_had() -> None:
    text = main_text(PAGE, "none")
    assert all(each in text for each in (*PARAGRAPHS, "Shop", "Imprint"))
    assert "var x" not in text


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "windows-1252", "utf-16"])
def test_the_encoding_is_what_the_server_or_the_page_says(encoding: str) -> None:
    page = PAGE.replace("river", "Flüßchen").replace("©", "(c)").encode(encoding)
    assert "Flüßchen" in main_text(page, "fast", encoding)
    said = page.replace(b"<head>", f'<head><meta charset="{encoding}">'.encode()) if encoding != "utf-16" else page
    assert "Flüßchen" in main_text(said)


def test_what_an_encoding_cannot_hold_is_read_as_the_web_does() -> None:
    assert decoded(b"caf\xe9", "utf-8") == "café"
    assert decoded(b"plain", "no-such-encoding") == "plain"


def test_lists_of_links_go_and_lists_that_say_something_stay() -> None:
    menu = f"<ul>{MENU}</ul>"
    told = "<ul>" + "".join(f"<li>{each} <a href=x>more</a></li>" for each in PARAGRAPHS) + "</ul>"
    nested = f"<ul><li>{PARAGRAPHS[0]}{menu}</li></ul>"
    assert without_link_lists(f"<p>a</p>{menu}{told}") == f"<p>a</p>{told}"
    assert without_link_lists(nested) == f"<ul><li>{PARAGRAPHS[0]}</li></ul>"
    assert without_link_lists(f"<!-- {menu} -->") == f"<!-- {menu} -->"


@given(
    page=st.lists(
        st.sampled_from(
            [
                "<ul>",
                "</ul>",
                "<a href=x>",
                "</a>",
                "<p>",
                "</p>",
                "<!--",
                "-->",
                "<table>",
                "text ",
                "<script>",
                "<",
                "&#0;",
            ]
        ),
        max_size=40,
    ).map("".join)
)
def test_no_page_breaks_it(page: str) -> None:
    for method in ("fast", "none"):
        assert isinstance(main_text(page, method), str)
    assert len(without_link_lists(page)) <= len(page)


@pytest.mark.parametrize(
    "page",
    ["<div>" * 50_000 + "deep", "<!--" * 200_000, "<ul><a>" * 50_000, "<p>" * 100_000 + "end", "<a href='" * 100_000],
)
def test_a_hostile_page_does_not_hang(page: str) -> None:
    assert isinstance(main_text(page), str)


def test_a_missing_trafilatura_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    with pytest.raises(MissingExtraError) as caught:
        main_text(PAGE, "precise")
    assert "trivium[precise]" in caught.value.do
