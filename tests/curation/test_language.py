"""Languages: the scores of py3langid's own loop, whatever the batch, and `und` where there is nothing to tell by."""

import pyarrow as pa
import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from trivium.curation.language import LanguageSettings, known_languages, language

SAYINGS = {
    "en": "All human beings are born free and equal in dignity and rights, and they should act in a spirit of brotherhood.",
    "de": "Der Hund schläft im Garten, und die Kinder lesen am Abend ein Buch über das Wetter.",
    "fr": "Nous allons au marché le matin, et les enfants lisent un livre dans la maison.",
    "es": "Vamos al mercado por la mañana y los niños leen un libro en la casa.",
    "it": "La mattina andiamo al mercato e i bambini leggono un libro nella casa.",
    "pl": "Rano idziemy na targ, a dzieci czytają książkę w domu.",
    "ru": "Утром мы идём на рынок, а дети читают книгу дома.",
    "el": "Το πρωί πηγαίνουμε στην αγορά και τα παιδιά διαβάζουν ένα βιβλίο.",
    "ar": "في الصباح نذهب إلى السوق والأطفال يقرأون كتابا في البيت.",
    "zh": "早上我们去市场，孩子们在家里看书。",
    "ja": "朝、私たちは市場へ行き、子供たちは家で本を読みます。",
    "ko": "아침에 우리는 시장에 가고 아이들은 집에서 책을 읽습니다.",
    "hi": "सुबह हम बाज़ार जाते हैं और बच्चे घर पर किताब पढ़ते हैं।",
    "tr": "Sabah pazara gidiyoruz ve çocuklar evde kitap okuyor.",
    "fi": "Aamulla menemme torille ja lapset lukevat kirjaa kotona.",
}


def told(texts: list[str], max_bytes: int = 600) -> list[dict[str, object]]:
    return language(pa.array(texts, pa.large_string()), LanguageSettings(max_bytes=max_bytes)).to_pylist()


def test_plain_sentences_are_told() -> None:
    assert [row["language"] for row in told(list(SAYINGS.values()))] == list(SAYINGS)
    assert set(SAYINGS) <= known_languages()


def test_scores_are_those_of_the_library_one_text_at_a_time() -> None:
    reference = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    texts = [*SAYINGS.values(), "THE CAT SAT ON THE MAT", "Der Hund"]
    for row, text in zip(told(texts), texts, strict=True):
        name, confidence = reference.classify(text)
        assert row["language"] == name
        assert row["language_confidence"] == pytest.approx(confidence, abs=1e-4)


def test_a_text_is_told_alike_whatever_stands_beside_it() -> None:
    texts = [*SAYINGS.values(), "", "1", "a" * 5000, " ".join(SAYINGS.values())]
    for row, text in zip(told(texts), texts, strict=True):
        (alone,) = told([text])
        assert row["language"] == alone["language"]
        assert row["language_confidence"] == pytest.approx(alone["language_confidence"], abs=1e-5)


def test_nothing_to_tell_by_is_und_with_no_confidence() -> None:
    assert told(["", "   "]) == [{"language": "und", "language_confidence": 0.0}] * 2
    assert told(["123 456 789"])[0]["language"] == "und"
    assert told([]) == []


def test_of_a_long_text_the_beginning_and_the_middle_are_looked_at() -> None:
    text = "1 " * 300 + SAYINGS["de"] * 3 + "1 " * 300
    assert told([text], max_bytes=100)[0]["language"] == "de"
