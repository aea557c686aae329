"""Words: what parts them, what their hash hangs on, and that no batch or block changes it."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.curation import blocks
from trivium.curation.words import hashes_of, ngrams, words

TEXTS = st.lists(st.text(alphabet="ab B.,'é—\n\t 1中", max_size=40), max_size=12)


def large(texts: list[str]) -> pa.LargeStringArray:
    return pa.array(texts, pa.large_string())


def plain_words(text: str) -> list[str]:
    """Say in plain Python what a word is."""
    drop = "".join(chr(each) for each in range(33, 127) if not chr(each).isalnum()) + "—"
    kept = (token.strip(drop) for token in text.split())
    return [
        "".join("\0" if each in drop else each for each in token).lower().replace("É", "é") for token in kept if token
    ]


@given(texts=TEXTS)
def test_words_are_those_of_plain_python(texts: list[str]) -> None:
    found = words(large(texts))
    wanted = [plain_words(text) for text in texts]
    assert [stop - start for start, stop in zip(found.offsets, found.offsets[1:], strict=False)] == list(
        map(len, wanted)
    )
    flat = [word for some in wanted for word in some]
    by_hash = dict(zip(found.hashes.tolist(), flat, strict=True))
    assert [by_hash[each] for each in found.hashes.tolist()] == flat
    assert len(by_hash) == len(set(flat))


@given(texts=TEXTS, block_bytes=st.integers(1, 60))
def test_blocks_change_no_hash(texts: list[str], block_bytes: int) -> None:
    before, size = words(large(texts)), blocks.BLOCK_BYTES
    try:
        blocks.BLOCK_BYTES = block_bytes
        after = words(large(texts))
    finally:
        blocks.BLOCK_BYTES = size
    assert before.hashes.tolist() == after.hashes.tolist()
    assert before.offsets.tolist() == after.offsets.tolist()


def test_a_hash_is_the_same_on_every_machine() -> None:
    assert [hex(each) for each in hashes_of(["the", "The,", "eht"])] == PINNED


PINNED = ["0x2b30251dc1150892", "0x2b30251dc1150892", "0xf95012a62f44e227"]


def test_case_and_the_punctuation_around_a_word_do_not_count() -> None:
    first, *others = hashes_of(["word", "“Word”", "(word)", "WORD!", "---------------word", "word—"])
    assert set(others) == {first}
    assert len(set(hashes_of(["word", "wrod", "wo-rd", "words", "wórd"]).tolist())) == 5


def test_a_slice_of_an_array_has_the_hashes_of_its_texts() -> None:
    whole = large(["one two", "three", "four five six"])
    part = words(whole.slice(1, 2))
    assert part.offsets.tolist() == [0, 1, 4]
    assert part.hashes.tolist() == words(large(["three", "four five six"])).hashes.tolist()


def test_documents_that_touch_do_not_share_a_word() -> None:
    assert words(large(["ab", "cd", "", "ef"])).offsets.tolist() == [0, 1, 2, 2, 3]


def test_nothing_has_no_words() -> None:
    assert words(large([])).offsets.tolist() == [0]
    assert words(large(["", " \n"])).offsets.tolist() == [0, 0, 0]


def test_a_null_is_an_error_and_so_is_a_hash_of_two_words() -> None:
    with pytest.raises(ValueError, match="1 nulls"):
        words(pa.array(["a", None], pa.large_string()))
    with pytest.raises(ValueError, match="single words, found 'two words'"):
        hashes_of(["one", "two words"])


@given(texts=st.lists(st.lists(st.sampled_from("abc"), max_size=9), max_size=6), n=st.integers(1, 5))
def test_runs_of_n_words_stay_within_their_document(texts: list[list[str]], n: int) -> None:
    runs = ngrams(words(large([" ".join(text) for text in texts])), n)
    wanted = [tuple(text[start : start + n]) for text in texts for start in range(len(text) - n + 1)]
    assert runs.offsets[-1] == len(wanted) == len(runs.hashes)
    by_hash = dict(zip(runs.hashes.tolist(), wanted, strict=True))
    assert [by_hash[each] for each in runs.hashes.tolist()] == wanted
    assert len(by_hash) == len(set(wanted))
