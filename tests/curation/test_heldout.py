"""The held-out side of a document: by its id alone, near the share asked for."""

import pytest

from trivium.curation.heldout import split_heldout

IDS = [f"document {index}" for index in range(4000)]


def test_about_the_share_asked_for_is_held_out() -> None:
    assert sum(split_heldout(each, 0.1) for each in IDS) == pytest.approx(400, abs=60)


def test_a_larger_share_keeps_what_a_smaller_one_held_out() -> None:
    assert all(split_heldout(each, 0.3) for each in IDS if split_heldout(each, 0.1))


def test_a_share_outside_zero_to_one_is_refused() -> None:
    with pytest.raises(ValueError, match="found 5"):
        split_heldout("a", 5)
