"""The packed order: every token once an epoch, whatever the rows; the same rows for the same step."""

import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trivium.training.order import PackedOrder
from trivium.training.shards import Segment, TokenDocument, TokenShards, write_shards

LENGTHS = st.lists(st.integers(1, 12), min_size=1, max_size=10)


def shards_of(folder: Path, lengths: list[int]) -> TokenShards:
    documents = (TokenDocument([index] * length, length) for index, length in enumerate(lengths))
    write_shards(folder, documents, vocab_size=100, fingerprint="f", shard_tokens=7)
    return TokenShards.open(folder)


def tokens_of(segments: list[Segment]) -> list[tuple[int, int]]:
    return [(document, place) for document, start, stop in segments for place in range(start, stop)]


@given(lengths=LENGTHS, row_tokens=st.integers(1, 20), rows_per_step=st.integers(1, 4), seed=st.integers(0, 3))
@settings(max_examples=80, deadline=None)
def test_every_token_comes_exactly_once_an_epoch(
    lengths: list[int], row_tokens: int, rows_per_step: int, seed: int
) -> None:
    folder = Path(tempfile.mkdtemp())
    order = PackedOrder(shards_of(folder, lengths), seed, row_tokens, rows_per_step)
    num_steps = 3 * sum(lengths) // order.tokens_per_step + 1
    rows = [row for step in range(num_steps) for row in order.rows(step)]
    assert all(sum(stop - start for _, start, stop in row) == row_tokens for row in rows)
    flat = [token for row in rows for token in tokens_of(row)]
    all_tokens = Counter((document, place) for document, length in enumerate(lengths) for place in range(length))
    for epoch in range(len(flat) // sum(lengths)):
        assert Counter(flat[epoch * sum(lengths) : (epoch + 1) * sum(lengths)]) == all_tokens
    shutil.rmtree(folder)


@given(lengths=LENGTHS, row_tokens=st.integers(1, 20), rows_per_step=st.integers(2, 5))
@settings(max_examples=40, deadline=None)
def test_grouping_rows_into_steps_changes_no_row(lengths: list[int], row_tokens: int, rows_per_step: int) -> None:
    folder = Path(tempfile.mkdtemp())
    shards = shards_of(folder, lengths)
    grouped = PackedOrder(shards, 5, row_tokens, rows_per_step)
    single = PackedOrder(shards, 5, row_tokens, 1)
    for step in range(4):
        assert grouped.rows(step) == [single.rows(step * rows_per_step + index)[0] for index in range(rows_per_step)]
    shutil.rmtree(folder)


def test_a_step_is_the_same_whichever_steps_were_asked_for_before(tmp_path: Path) -> None:
    shards = shards_of(tmp_path, [3, 1, 4, 1, 5, 9, 2, 6])
    straight = PackedOrder(shards, 7, 5, 2)
    walked = [straight.rows(step) for step in range(30)]
    assert [PackedOrder(shards, 7, 5, 2).rows(step) for step in range(30)] == walked
    assert [straight.rows(step) for step in reversed(range(30))] == walked[::-1]


def test_another_seed_and_another_epoch_are_another_order(tmp_path: Path) -> None:
    shards = shards_of(tmp_path, [1] * 40)
    first, second = PackedOrder(shards, 1, 40, 1), PackedOrder(shards, 2, 40, 1)
    assert first.rows(0) != second.rows(0)
    assert first.rows(0) != first.rows(1)


def test_a_document_cut_by_a_row_goes_on_in_the_next(tmp_path: Path) -> None:
    order = PackedOrder(shards_of(tmp_path, [10]), 0, 4, 1)
    assert [order.rows(step)[0] for step in range(3)] == [[(0, 0, 4)], [(0, 4, 8)], [(0, 8, 10), (0, 0, 2)]]


def test_the_order_for_a_seed_is_pinned(tmp_path: Path) -> None:
    order = PackedOrder(shards_of(tmp_path, [2, 3, 1, 4]), 0, 10, 1)
    assert [document for document, _, _ in order.rows(0)[0]] == [3, 2, 0, 1]


def test_rows_without_tokens_are_refused(tmp_path: Path) -> None:
    shards = shards_of(tmp_path, [1])
    with pytest.raises(ValueError, match="at least one"):
        PackedOrder(shards, 0, 0, 1)
