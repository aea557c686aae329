from __future__ import annotations

import builtins
from typing import Any

import pytest

from trivium.core.errors import MissingExtraError
from trivium.core.words import DICTIONARY, SPACES, count_words, counter_of, parts

# Cut by hand as dictionaries of these languages list the words.
BY_HAND = {
    "我|喜欢|北京": 3, "今天|天气|不错": 3, "日本語|の|文章": 3, "東京|へ|行く": 3, "ฉัน|รัก|ภาษา|ไทย": 4,
    "ប្រទេស|កម្ពុជា": 2, "ພາສາ|ລາວ": 2, "မြန်မာ|ပြည်": 2,
}  # fmt: skip


@pytest.mark.parametrize("cut", BY_HAND)
def test_words_without_spaces_are_a_dictionary_s(cut: str) -> None:
    text = cut.replace("|", "")
    assert count_words(text) == BY_HAND[cut]
    assert parts(text) == cut.split("|")
    assert counter_of(text) == DICTIONARY


@pytest.mark.parametrize(
    "text",
    [
        "don't stop – it's 3.5 km",
        "Straße e\u0301 наука",
        "한국어는 띄어쓰기가 있다",
        "كلمات عربية",
        "שלום עולם",
        "हिन्दी भाषा",
        "",
    ],
)
def test_where_there_are_spaces_they_count(text: str) -> None:
    assert count_words(text) == len(text.split())
    assert counter_of(text) == SPACES


def test_punctuation_between_such_words_is_none_and_both_kinds_add_up() -> None:
    assert count_words("我喜欢北京。 I like it, 真的！") == 3 + 3 + 1
    assert count_words("。。。") == 1 == count_words("...")


def test_without_the_dictionary_one_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("icu4py"):
            raise ModuleNotFoundError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    assert count_words("two words") == 2
    with pytest.raises(MissingExtraError, match=r"trivium\[studio\]"):
        count_words("我喜欢北京")
