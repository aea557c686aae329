"""MinHash: signatures estimate the Jaccard similarity, near copies meet in a band and strangers do not."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trivium.curation.minhash import MinHashSettings, band_keys, estimated_jaccard, minhash, signature_table
from trivium.curation.words import words


def signatures(texts: list[str], **more: int) -> pa.FixedSizeListArray:
    return minhash(words(pa.array(texts, pa.large_string())), MinHashSettings(**more))


def jaccard(left: str, right: str, n: int = 5) -> float:
    a, b = (
        {tuple(each[start : start + n]) for start in range(len(each) - n + 1)} for each in (left.split(), right.split())
    )
    return len(a & b) / len(a | b)


def edited(rng: np.random.Generator, text: list[str], share: float) -> list[str]:
    return [f"new{rng.integers(10**6)}" if rng.random() < share else word for word in text]


@pytest.fixture(scope="module")
def pairs() -> list[tuple[str, str]]:
    rng = np.random.default_rng(5)
    made = []
    for index in range(400):
        text = [f"w{each}" for each in rng.integers(0, 5000, int(rng.integers(60, 500)))]
        made.append((" ".join(text), " ".join(edited(rng, text, (0.002, 0.01, 0.03, 0.2)[index % 4]))))
    return made


def test_the_estimate_is_right_within_its_spread(pairs: list[tuple[str, str]]) -> None:
    tables = [signature_table(signatures([pair[side] for pair in pairs], num_hashes=256)) for side in (0, 1)]
    estimates = estimated_jaccard(*tables)
    truths = np.array([jaccard(*pair) for pair in pairs])
    errors = (estimates - truths) / np.sqrt(np.maximum(truths * (1 - truths), 1e-4) / 256)
    assert abs(errors.mean()) < 0.2
    assert 0.8 < errors.std() < 1.2


def test_near_copies_meet_in_a_band_and_far_ones_are_told_apart_by_the_estimate(pairs: list[tuple[str, str]]) -> None:
    sides = [signatures([pair[side] for pair in pairs]) for side in (0, 1)]
    met = np.zeros(len(pairs), bool)
    for left, right in zip(*(band_keys(side, 32) for side in sides), strict=True):
        met |= np.array(left) == np.array(right)
    estimates = estimated_jaccard(*map(signature_table, sides))
    truths = np.array([jaccard(*pair) for pair in pairs])
    near, far = truths >= 0.8, truths < 0.5
    assert near.sum() > 150
    assert far.sum() > 80
    assert (met & (estimates >= 0.7))[near].mean() >= 0.97
    assert not (met & (estimates >= 0.7))[far].any()


def test_strangers_share_no_entry() -> None:
    rng = np.random.default_rng(7)
    texts = [" ".join(f"w{each}" for each in rng.integers(0, 10**6, 200)) for _ in range(50)]
    table = signature_table(signatures(texts))
    assert estimated_jaccard(table[:-1], table[1:]).max() <= 2 / 128


def test_a_short_document_is_one_ngram_and_an_empty_one_has_no_signature() -> None:
    found = signatures(["one two", "One two!", "one three", "", " - "])
    rows = found.to_pylist()
    assert rows[0] == rows[1] != rows[2]
    assert rows[3] is None is rows[4]
    keys = [band.to_pylist() for band in band_keys(found, 16)]
    assert all(band[3] is None is band[4] and band[0] == band[1] for band in keys)
    assert not any(band[0] == band[2] for band in keys)


@settings(max_examples=30)
@given(texts=st.lists(st.text(alphabet="abc ", max_size=60), min_size=1, max_size=8))
def test_a_signature_does_not_hang_on_the_batch(texts: list[str]) -> None:
    assert signatures(texts).to_pylist() == [signatures([text]).to_pylist()[0] for text in texts]


def test_a_long_document_is_hashed_in_tiles_to_the_same_signature() -> None:
    text = " ".join(f"w{index}" for index in range(5000))
    parts = signature_table(signatures([text]))
    whole = signature_table(signatures([text, "x"]))
    assert (parts[0] == whole[0]).all()
    half = signature_table(signatures([" ".join(text.split()[:2500]), " ".join(text.split()[2496:])]))
    assert (np.minimum(half[0], half[1]) == parts[0]).all()


def test_seeds_make_other_families_and_bands_need_entries() -> None:
    assert signatures(["a b c d e f"]).to_pylist() != signatures(["a b c d e f"], seed=2).to_pylist()
    with pytest.raises(ValueError, match="at most 8 bands"):
        band_keys(signatures(["a"], num_hashes=8), 9)
