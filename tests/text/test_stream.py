"""The stream of text against the text decoded at once."""

from functools import lru_cache

from hypothesis import given, settings
from hypothesis import strategies as st

from trivium.text.stream import StreamDecoder
from trivium.text.tokenizer import Tokenizer, TokenizerConfig


@lru_cache
def tokenizer() -> Tokenizer:
    return Tokenizer.train(["plain words, café, 日本 and 😀 words"] * 3, TokenizerConfig(vocab_size=300))


def streamed(ids: list[int]) -> tuple[list[str], str]:
    decoder = StreamDecoder(tokenizer())
    return [decoder.push(each) for each in ids], decoder.finish()


@given(ids=st.lists(st.integers(0, 280)))
@settings(max_examples=300, deadline=None)
def test_pieces_joined_equal_the_text_of_any_ids_even_broken_ones(ids: list[int]) -> None:
    pieces, rest = streamed(ids)
    assert "".join(pieces) + rest == tokenizer().decode(ids)


@given(text=st.text())
@settings(max_examples=200, deadline=None)
def test_valid_text_is_complete_without_finish_and_never_shows_half_a_character(text: str) -> None:
    if "\ufffd" in text:
        return
    pieces, rest = streamed(tokenizer().encode(text))
    assert "".join(pieces) == text
    assert rest == ""


def test_an_emoji_appears_with_its_last_byte() -> None:
    ids = tokenizer().encode("𐍈")
    pieces, _rest = streamed(ids)
    assert len(ids) == 4
    assert pieces == ["", "", "", "𐍈"]


def test_an_incomplete_character_at_the_end_shows_as_replacement() -> None:
    pieces, rest = streamed(tokenizer().encode("a𐍈")[:-1])
    assert ("".join(pieces), rest) == ("a", "\ufffd")
