"""The encoder made for tiktoken against tokenizers, where merges compete hardest, and its refusals."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tokenizers

from trivium.text.byte_pair import byte_alphabet, fast_encoder
from trivium.text.tokenizer import Tokenizer, TokenizerConfig


def test_every_short_string_over_few_letters_gets_equal_ids() -> None:
    for seed in range(4):
        generator = np.random.default_rng(seed)
        texts = ["".join(generator.choice(list("aab"), size=generator.integers(1, 40))) for _ in range(60)]
        tokenizer = Tokenizer.train(texts, TokenizerConfig(vocab_size=360, min_frequency=1))
        assert tokenizer.encodes_with_tiktoken
        words = ["".join(letters) for length in range(1, 11) for letters in itertools.product("ab", repeat=length)]
        theirs = tokenizer._backend.encode_batch(words, add_special_tokens=False)
        assert tokenizer.encode_batch(words) == [encoding.ids for encoding in theirs]


def test_stand_in_characters_mean_all_bytes_as_in_tokenizers() -> None:
    alphabet = byte_alphabet()
    assert sorted(alphabet.values()) == list(range(256))
    assert set(alphabet) == set(tokenizers.pre_tokenizers.ByteLevel.alphabet())


def later_twin(model: dict[str, Any]) -> None:
    """Make a second pair with the product of another: tiktoken would join it, tokenizers only later."""
    model["merges"] = [["a", "b"], ["b", "c"], ["a", "bc"], ["ab", "c"]]
    model["vocab"] |= {"ab": 256, "bc": 257, "abc": 258}


def late_part(model: dict[str, Any]) -> None:
    model["merges"] = [["a", "b"], ["ab", "c"]]
    model["vocab"] |= {"abc": 256, "ab": 257}


def unreachable(model: dict[str, Any]) -> None:
    """Make a token whose own text never leads to it: (b, c) is joined first and takes the b away from (ab, c)."""
    model["merges"] = [["b", "c"], ["a", "b"], ["ab", "c"]]
    model["vocab"] |= {"bc": 256, "ab": 257, "abc": 258}


def no_byte(model: dict[str, Any]) -> None:
    del model["vocab"]["z"]


def dropout(model: dict[str, Any]) -> None:
    model["dropout"] = 0.1


@pytest.mark.parametrize("change", [later_twin, late_part, unreachable, no_byte, dropout])
def test_a_vocabulary_for_which_sameness_cannot_be_shown_is_left_to_tokenizers(
    change: Callable[[dict[str, Any]], None],
) -> None:
    trained = Tokenizer.train(["x"], TokenizerConfig(vocab_size=262, min_frequency=9))
    description = json.loads(trained._backend.to_str())
    description["added_tokens"] = []
    model = description["model"]
    model["vocab"] = {char: byte for byte, char in enumerate(sorted(byte_alphabet()))}
    backend = tokenizers.Tokenizer.from_str(json.dumps(description))
    assert fast_encoder(backend, json.loads(backend.to_str())) is not None
    change(model)
    backend = tokenizers.Tokenizer.from_str(json.dumps(description))
    assert fast_encoder(backend, json.loads(backend.to_str())) is None


def test_a_pattern_that_depends_on_unicode_tables_is_left_to_tokenizers() -> None:
    trained = Tokenizer.train(["x y"], TokenizerConfig(vocab_size=300))
    description = json.loads(trained._backend.to_str())
    description["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = r"\p{L}+|\s+|."
    backend = tokenizers.Tokenizer.from_str(json.dumps(description))
    assert fast_encoder(backend, json.loads(backend.to_str())) is None
