"""Token shards: what is written comes back, what is damaged is named, nothing is held in memory."""

import json
import shutil
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trivium.core.errors import ArtifactError, InputError
from trivium.training.shards import Segment, TokenDocument, TokenShards, write_shards

DOCUMENTS = [[1, 2, 3], [4], [5, 6, 7, 8, 9, 10, 11], [12, 13], [14]]


def written(folder: Path, documents: list[list[int]], *, vocab_size: int = 100, shard_tokens: int = 5) -> TokenShards:
    stream = (TokenDocument(ids, 3 * len(ids)) for ids in documents)
    write_shards(folder, stream, vocab_size=vocab_size, fingerprint="f", shard_tokens=shard_tokens)
    return TokenShards.open(folder)


def test_documents_come_back_from_several_shards(tmp_path: Path) -> None:
    shards = written(tmp_path, DOCUMENTS)
    assert [list(shards.document(index)) for index in range(shards.num_documents)] == DOCUMENTS
    assert [shard.num_documents for shard in shards.info.shards] == [3, 2]
    assert (shards.num_tokens, shards.num_bytes, shards.fingerprint) == (14, 42, "f")
    assert list(shards.lengths()) == [3, 1, 7, 2, 1]
    assert list(shards.read([Segment(2, 5, 7), Segment(0, 0, 2)])) == [10, 11, 1, 2]


@given(
    documents=st.lists(st.lists(st.integers(0, 70_000), min_size=1, max_size=9), min_size=1, max_size=12),
    shard_tokens=st.integers(1, 30),
)
@settings(max_examples=60, deadline=None)
def test_any_documents_come_back_whatever_the_shard_size(documents: list[list[int]], shard_tokens: int) -> None:
    folder = Path(tempfile.mkdtemp())
    shards = written(folder, documents, vocab_size=70_001, shard_tokens=shard_tokens)
    assert [list(shards.document(index)) for index in range(shards.num_documents)] == documents
    shutil.rmtree(folder)


@pytest.mark.parametrize(("vocab_size", "dtype"), [(65_535, "<u2"), (65_536, "<u4")])
def test_small_vocabularies_take_two_bytes_a_token_and_large_ones_four(
    tmp_path: Path, vocab_size: int, dtype: str
) -> None:
    shards = written(tmp_path, [[vocab_size - 1, 0]], vocab_size=vocab_size)
    assert shards.document(0).dtype == np.dtype(dtype)
    assert list(shards.document(0)) == [vocab_size - 1, 0]


def test_a_view_cannot_change_the_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        written(tmp_path, DOCUMENTS).document(0)[0] = 9


def test_writing_holds_one_document_in_memory(tmp_path: Path) -> None:
    def stream() -> Iterator[TokenDocument]:
        for _ in range(400):
            yield TokenDocument(np.ones(10_000, dtype=np.int64), 1)

    tracemalloc.start()
    write_shards(tmp_path, stream(), vocab_size=10, fingerprint="f")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000  # the tokens are 8 MB on disk


@pytest.mark.parametrize("name", ["shard-00000.bin", "shard-00001.idx.npy", "shards.json"])
def test_a_truncated_file_is_named(tmp_path: Path, name: str) -> None:
    written(tmp_path, DOCUMENTS)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[:-1])
    if name == "shards.json":
        (tmp_path / name).write_bytes(data[:-5])
    with pytest.raises(ArtifactError, match=name):
        TokenShards.open(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(ArtifactError, match=name):
        TokenShards.open(tmp_path)


def test_an_index_that_does_not_fit_its_shard_is_named(tmp_path: Path) -> None:
    written(tmp_path, DOCUMENTS)
    np.save(tmp_path / "shard-00000.idx.npy", np.asarray([1, 2, 3], dtype="<u8"))
    with pytest.raises(ArtifactError, match=r"shard-00000\.idx\.npy does not fit"):
        TokenShards.open(tmp_path)


def test_what_cannot_be_shards_is_refused_with_the_document(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found none"):
        written(tmp_path, [])
    with pytest.raises(InputError, match="document 1 has no token"):
        written(tmp_path, [[1], []])
    with pytest.raises(InputError, match="document 1 has ids from 7 to 100, but the vocabulary has 100"):
        written(tmp_path, [[1], [100, 7]])


def test_the_index_is_written_last(tmp_path: Path) -> None:
    def stream() -> Iterator[TokenDocument]:
        yield TokenDocument([1], 1)
        assert not (tmp_path / "shards.json").exists()

    write_shards(tmp_path, stream(), vocab_size=10, fingerprint="f")
    assert json.loads((tmp_path / "shards.json").read_text())["num_tokens"] == 1


def test_a_document_that_is_not_there_is_an_index_error(tmp_path: Path) -> None:
    shards = written(tmp_path, DOCUMENTS)
    for index in (-1, 5):
        with pytest.raises(IndexError, match="of 5"):
            shards.document(index)
