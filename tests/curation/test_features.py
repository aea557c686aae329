"""Scores: those of plain Python, one document at a time, whatever stands beside it in the batch."""

import re
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.curation.features import COLUMNS, STOP_WORDS, features

PUNCTUATION = "".join(chr(each) for each in range(33, 127) if not chr(each).isalnum())
TEXTS = st.lists(
    st.lists(
        st.sampled_from(
            [
                "the",
                "cat",
                "sat",
                "of",
                "7",
                "# ",
                "...",
                "\n",
                "\n\n",
                ".\n",
                "- ",
                "• ",
                "café!",
                "{",
                "lorem ipsum",
                "and",
            ]
        ),
        max_size=30,
    ).map(" ".join),
    max_size=8,
)


def scores(texts: list[str]) -> list[dict[str, float]]:
    return features(pa.array(texts, pa.large_string())).columns.to_pylist()


def plain_scores(text: str) -> dict[str, float]:
    """Reckon the scores of one text as the papers say them."""
    tokens = text.split()
    words = [token for token in tokens if any(each not in PUNCTUATION + "•" for each in token)]
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    paragraphs = [part.strip() for part in re.split(r"\n[ \t]*\n", text) if part.strip()]

    def share(part: float, whole: float) -> float:
        return part / whole if whole else 0.0

    def again(parts: list[str]) -> list[str]:
        seen: set[str] = set()
        return [part for part in parts if part in seen or seen.add(part)]  # type: ignore[func-returns-value]

    bare = [word.strip(PUNCTUATION).lower() for word in words]
    return {
        "num_chars": len(text),
        "num_words": len(words),
        "num_lines": len(lines),
        "num_stop_words": len(set(bare) & set(STOP_WORDS)),
        "num_curly_brackets": text.count("{"),
        "mean_word_chars": share(sum(map(len, words)), len(words)),
        "alpha_word_share": share(sum(any(each.isalpha() for each in token) for token in tokens), len(tokens)),
        "symbol_word_ratio": share(max(text.count("#"), text.count("...")), len(tokens)),
        "bullet_line_share": share(sum(line[0] in "-•" for line in lines), len(lines)),
        "ellipsis_line_share": share(sum(line.endswith("...") for line in lines), len(lines)),
        "terminal_line_share": share(sum(line[-1] in ".?!\"'" for line in lines), len(lines)),
        "short_line_share": share(sum(len(line) <= 30 for line in lines), len(lines)),
        "newline_word_ratio": share(text.count("\n"), len(tokens)),
        "repeated_line_share": share(len(again(lines)), len(lines)),
        "repeated_line_char_share": share(sum(map(len, again(lines))), len(text)),
        "repeated_paragraph_share": share(len(again(paragraphs)), len(paragraphs)),
        "num_sentences": sum(token[-1] in ".?!" for token in tokens),
        "lorem_ipsum": len(re.findall("lorem ipsum", text)),
    }


@given(texts=TEXTS)
def test_scores_are_those_of_plain_python(texts: list[str]) -> None:
    for found, text in zip(scores(texts), texts, strict=True):
        for name, wanted in plain_scores(text).items():
            assert found[name] == pytest.approx(wanted), (name, text)


@given(texts=TEXTS)
def test_a_score_does_not_hang_on_the_neighbours(texts: list[str]) -> None:
    assert scores(texts) == [scores([text])[0] for text in texts]


def top_chars(words: list[str], n: int) -> set[int]:
    """Return the characters of every most frequent n-gram, times how often it is there."""
    grams = Counter(tuple(words[start : start + n]) for start in range(len(words) - n + 1))
    most = max(grams.values(), default=0)
    return {len(" ".join(gram)) * count for gram, count in grams.items() if count == most} or {0}


def repeated_chars(words: list[str], n: int) -> int:
    """Return the characters in n-grams that came before, each once."""
    seen, covered = set(), set()
    for start in range(len(words) - n + 1):
        gram = tuple(words[start : start + n])
        if gram in seen:
            covered |= set(range(start, start + n))
        seen.add(gram)
    return sum(len(words[place]) for place in covered)


@given(texts=st.lists(st.lists(st.sampled_from(["a", "bb", "ccc"]), max_size=40), max_size=6))
def test_repetition_is_that_of_brute_force(texts: list[list[str]]) -> None:
    for found, words in zip(scores([" ".join(text) for text in texts]), texts, strict=True):
        size = max(len(" ".join(words)), 1)
        for n in (2, 3, 4):
            allowed = [pytest.approx(chars / size) for chars in top_chars(words, n)]
            assert any(found[f"top_{n}gram_char_share"] == each for each in allowed), (n, words)
        for n in range(5, 11):
            assert found[f"repeated_{n}gram_char_share"] == pytest.approx(repeated_chars(words, n) / size), (n, words)


def test_an_empty_batch_and_an_empty_text_have_every_column() -> None:
    assert scores([]) == []
    assert scores([""]) == [dict.fromkeys(COLUMNS, 0)]


def test_the_dearest_columns_can_be_left_out() -> None:
    names = features(pa.array(["a b"], pa.large_string()), repetition=False).columns.schema.names
    assert not any("gram" in name for name in names)
    assert set(names) < set(COLUMNS)


def test_letters_of_other_scripts_count_as_characters_and_letters() -> None:
    (found,) = scores(["Привет мир 中文 — 12"])
    assert found["num_chars"] == 18
    assert found["num_words"] == 4
    assert found["mean_word_chars"] == pytest.approx((6 + 3 + 2 + 2) / 4)
    assert found["alpha_word_share"] == pytest.approx(3 / 5)


def test_sentences_end_before_quotes_and_in_other_scripts() -> None:
    assert scores(['He said "yes." (No!) 中文。 Why?'])[0]["num_sentences"] == 4
    assert scores(["Ends so…\nand ”so”"])[0]["terminal_line_share"] == 1.0


def test_page_furniture_is_counted_by_line() -> None:
    (found,) = scores(
        ["Please enable JavaScript.\nA sentence of several words here.\nTwo words\njavascript javascript now"]
    )
    assert found["javascript_lines"] == 2
    assert found["thin_line_share"] == pytest.approx(1 / 4)
