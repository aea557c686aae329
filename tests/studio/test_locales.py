from __future__ import annotations

import re
import string
from importlib import resources

import pytest

from trivium.studio import locales

FOLDER = resources.files("trivium.studio")
SENTENCE = re.compile(r"""_\(\s*(?:"([^"]+)"|'([^']+)')""")


def written() -> set[str]:
    """Return every sentence that a template or a page says."""
    found: set[str] = set()
    for room, ending in (("templates", ".html"), ("pages", ".py")):
        for file in (FOLDER / room).iterdir():
            if file.name.endswith(ending):
                text = file.read_text(encoding="utf-8").replace("here.say(", "_(")
                found.update(one or other for one, other in SENTENCE.findall(text))
    return found


@pytest.mark.parametrize("code", [code for code in locales.names() if code != "en"])
def test_a_catalogue_uses_the_placeholders_of_its_sentences(code: str) -> None:
    for sentence, said in locales.sentences(code).items():
        names = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (sentence, said)]
        assert names[0] == names[1], sentence


@pytest.mark.parametrize("code", [code for code in locales.names() if code != "en"])
def test_a_catalogue_says_the_pages_of_work_and_the_frame(code: str) -> None:
    known = set(locales.sentences(code))
    for name in ("base.html", "rank.html", "write.html", "held.html", "saved.html", "skip.html", "work.html"):
        text = (FOLDER / "templates" / name).read_text(encoding="utf-8")
        wanted = {one or other for one, other in SENTENCE.findall(text)}
        assert wanted <= known, sorted(wanted - known)


def test_arabic_and_hebrew_run_from_right_to_left() -> None:
    assert [locales.direction(code) for code in ("ar", "he", "fa", "en", "de")] == ["rtl", "rtl", "rtl", "ltr", "ltr"]


def test_the_browser_s_first_known_language_is_chosen() -> None:
    assert locales.choose("xx, de;q=0.8, en;q=0.5") == "de"
    assert locales.choose("nonsense;;;q=a,,") == "en"


def test_the_pages_say_enough_sentences_for_this_test_to_mean_something() -> None:
    assert len(written()) > 200
