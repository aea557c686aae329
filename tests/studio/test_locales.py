from __future__ import annotations

import string

import pytest
from babel import Locale
from markupsafe import Markup

from studio import sentences
from trivium.studio import locales

OTHERS = [code for code in locales.names() if code != "en"]


def names(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_is_complete_and_holds_nothing_that_no_page_says(code: str) -> None:
    known, said = set(locales.sentences(code)), sentences.everything()
    assert said <= known, "\n".join(sorted(said - known))
    assert known <= said, "\n".join(sorted(known - said))


@pytest.mark.parametrize("code", locales.names())
def test_a_catalogue_uses_the_placeholders_of_its_sentences(code: str) -> None:
    for key, sentence in locales.sentences(code).items():
        for said in [sentence] if isinstance(sentence, str) else sentence.values():
            assert names(key) == names(said), key


@pytest.mark.parametrize("code", locales.names())
def test_a_sentence_that_counts_has_the_categories_of_its_language(code: str) -> None:
    known = set(Locale.parse(code).plural_form.tags) | {"other"}
    for key, sentence in locales.sentences(code).items():
        if not isinstance(sentence, str):
            assert "n" in names(key), key
            assert "other" in sentence, key
            assert set(sentence) <= known, key


def test_one_is_not_many() -> None:
    assert [locales.say("en", "{n} items", n=n) for n in (0, 1, 1204)] == ["0 items", "1 item", "1,204 items"]
    assert [locales.say("de", "{n} items", n=n) for n in (1, 1204)] == ["1 Eintrag", "1.204 Einträge"]


def test_what_the_desk_tells_is_recognised_with_its_values() -> None:
    told = "with this order it is still contested: 2 replies are tied for first place; choose “no pair”"
    assert locales.told("de", told).startswith("mit dieser Reihenfolge bleibt es strittig: 2 Antworten teilen sich")
    assert locales.told("de", "the word of somebody else") == "the word of somebody else"


def test_a_value_cannot_bring_markup_or_placeholders_along() -> None:
    assert locales.say("en", "by {who}", who="<b>{who}</b>") == "by <b>{who}</b>"
    assert locales.say("en", "held until {time}", time=Markup("<time>1</time>")) == "held until <time>1</time>"
    assert locales.say("en", "by {who}", who=Markup("<i>x</i>")) == "by <i>x</i>"


def test_arabic_and_hebrew_run_from_right_to_left() -> None:
    assert [locales.direction(code) for code in ("ar", "he", "fa", "en", "de")] == ["rtl", "rtl", "rtl", "ltr", "ltr"]


def test_the_browser_s_first_known_language_is_chosen() -> None:
    assert locales.choose("xx, de;q=0.8, en;q=0.5") == "de"
    assert locales.choose("nonsense;;;q=a,,") == "en"


def test_the_pages_say_enough_sentences_for_these_tests_to_mean_something() -> None:
    assert len(sentences.everything()) > 900
