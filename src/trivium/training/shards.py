"""Encoded documents to memory-mapped token files on disk, and back to views of them.

A folder holds `shard-00000.bin` (token ids, little-endian uint16 or uint32), `shard-00000.idx.npy` (uint64: where each
document of the shard ends), `shard-00000.src.npy` (uint16: the number of each document's source in `sources`), and
so on, and `shards.json`, written last. A document never spans two shards.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from trivium.core.errors import ArtifactError, InputError

_INDEX = "shards.json"
_UINT16_VOCABULARY = 65_535
MORE_HELD_OUT = "raise corpus.heldout_share, or give more documents: each is held out by a hash of its name or id"


class TokenDocument(NamedTuple):
    """A document's token ids, how many UTF-8 bytes its text has (what bits per byte are divided by), and its source."""

    ids: Sequence[int] | NDArray[Any]
    num_bytes: int
    source: str = ""


class Segment(NamedTuple):
    """Tokens `start` to `stop` of a document; `start` > 0 goes on with a document that an earlier row began."""

    document: int
    start: int
    stop: int


class ShardInfo(BaseModel):
    """What `shards.json` says about one shard."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    num_tokens: int
    num_documents: int


class ShardsInfo(BaseModel):
    """What `shards.json` says about all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dtype: str
    vocab_size: int
    fingerprint: str
    num_tokens: int
    num_documents: int
    num_bytes: int
    shards: tuple[ShardInfo, ...]
    sources: tuple[str, ...] = ()
    """What the numbers in the `.src.npy` files stand for; older shards have none."""


def write_shards(
    folder: Path | str,
    documents: Iterable[TokenDocument],
    *,
    vocab_size: int,
    fingerprint: str,
    shard_tokens: int = 1 << 27,
) -> ShardsInfo:
    """Write documents as they come, one in memory at a time; a shard closes once it has `shard_tokens`.

    `fingerprint` is the tokenizer's. Raises InputError for an empty document, an id outside the vocabulary, or no
    document at all.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    dtype = np.dtype("<u2") if vocab_size <= _UINT16_VOCABULARY else np.dtype("<u4")
    stream = enumerate(documents)
    infos: list[ShardInfo] = []
    sources: dict[str, int] = {}
    num_bytes = 0
    ended = False
    while not ended:
        name = f"shard-{len(infos):05d}"
        ends: list[int] = []
        origins: list[int] = []
        num_tokens = 0
        with (folder / f"{name}.bin").open("wb") as file:
            while num_tokens < shard_tokens:
                index, document = next(stream, (-1, None))
                if document is None:
                    ended = True
                    break
                ids = _checked(document, index, vocab_size)
                file.write(ids.astype(dtype).tobytes())
                num_tokens += len(ids)
                num_bytes += document.num_bytes
                ends.append(num_tokens)
                origins.append(sources.setdefault(document.source, len(sources)))
        if ends:
            np.save(folder / f"{name}.idx.npy", np.asarray(ends, dtype="<u8"))
            np.save(folder / f"{name}.src.npy", np.asarray(origins, dtype="<u2"))
            infos.append(ShardInfo(name=name, num_tokens=num_tokens, num_documents=len(ends)))
        else:
            (folder / f"{name}.bin").unlink()
    if not infos:
        raise InputError(
            "wanted documents to write as token shards, found none", where=str(folder), do="check the corpus"
        )
    info = ShardsInfo(
        dtype=dtype.str,
        vocab_size=vocab_size,
        fingerprint=fingerprint,
        num_tokens=sum(each.num_tokens for each in infos),
        num_documents=sum(each.num_documents for each in infos),
        num_bytes=num_bytes,
        shards=tuple(infos),
        sources=tuple(sources),
    )
    (folder / _INDEX).write_text(info.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return info


def _checked(document: TokenDocument, index: int, vocab_size: int) -> NDArray[Any]:
    ids = np.asarray(document.ids, dtype=np.int64)
    if not len(ids):
        raise InputError(f"document {index} has no token", do="leave empty documents out")
    if ids.min() < 0 or ids.max() >= vocab_size:
        raise InputError(
            f"document {index} has ids from {ids.min()} to {ids.max()}, but the vocabulary has {vocab_size}",
            do="encode it with the tokenizer that the shards are for",
        )
    return ids


class TokenShards:
    """An opened folder of shards: documents as views of memory-mapped files, nothing read before it is asked for."""

    def __init__(self, folder: Path, info: ShardsInfo) -> None:
        """Map the files and check their sizes; use `open`."""
        self.folder = folder
        self.info = info
        self._tokens = [_map_tokens(folder, shard, np.dtype(info.dtype)) for shard in info.shards]
        self._ends = [_map_ends(folder, shard) for shard in info.shards]
        self._first_document = np.cumsum([0, *(shard.num_documents for shard in info.shards)])

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        """Open what `write_shards` wrote; ArtifactError names a missing, truncated or foreign file."""
        path = Path(folder) / _INDEX
        if not path.is_file():
            raise ArtifactError(
                f"wanted token shards, found no {_INDEX}", where=str(folder), do="make the shards again"
            )
        try:
            info = ShardsInfo.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, ValidationError) as error:
            raise ArtifactError(f"{_INDEX} is damaged: {error}", where=str(path), do="make the shards again") from error
        return cls(Path(folder), info)

    @classmethod
    def heldout(cls, tokens: Path) -> Self:
        """Open what the token stage held out; InputError says what to do where it held nothing out."""
        if not (tokens / "heldout").exists():
            message = "wanted held-out documents to measure bits per byte on, found none"
            raise InputError(message, where=str(tokens), do=MORE_HELD_OUT)
        return cls.open(tokens / "heldout")

    @property
    def num_tokens(self) -> int:
        """How many tokens all documents have together."""
        return self.info.num_tokens

    @property
    def num_documents(self) -> int:
        """How many documents there are."""
        return self.info.num_documents

    @property
    def num_bytes(self) -> int:
        """How many UTF-8 bytes the texts of all documents have."""
        return self.info.num_bytes

    @property
    def fingerprint(self) -> str:
        """The tokenizer that encoded the documents."""
        return self.info.fingerprint

    def document(self, index: int) -> NDArray[Any]:
        """Return a document's ids, a read-only view."""
        if not 0 <= index < self.num_documents:
            raise IndexError(f"document {index} of {self.num_documents}")
        shard = int(np.searchsorted(self._first_document, index, side="right")) - 1
        local = index - int(self._first_document[shard])
        start = int(self._ends[shard][local - 1]) if local else 0
        return self._tokens[shard][start : int(self._ends[shard][local])]

    def source_numbers(self) -> NDArray[np.int64]:
        """Return the number of each document's source in `info.sources`; ArtifactError where a file does not fit."""
        if not self.info.sources:
            return np.zeros(0, np.int64)
        return np.concatenate([_sources_of(self.folder, shard) for shard in self.info.shards])

    def read(self, segments: Iterable[Segment]) -> NDArray[Any]:
        """Return the ids of a row's segments, joined, in a new array."""
        return np.concatenate([self.document(index)[start:stop] for index, start, stop in segments])

    def lengths(self) -> NDArray[np.int64]:
        """Return each document's number of tokens."""
        return np.concatenate([np.diff(ends.astype(np.int64), prepend=0) for ends in self._ends])


def _map_tokens(folder: Path, shard: ShardInfo, dtype: np.dtype[Any]) -> NDArray[Any]:
    path = folder / f"{shard.name}.bin"
    wanted = shard.num_tokens * dtype.itemsize
    found = path.stat().st_size if path.is_file() else -1
    if found != wanted:
        raise ArtifactError(
            f"wanted {wanted:,} bytes in {path.name}, found {f'{found:,}' if found >= 0 else 'no such file'}",
            where=str(path),
            do="make the shards again",
        )
    tokens: NDArray[Any] = np.memmap(path, dtype=dtype, mode="r", shape=(shard.num_tokens,))
    return tokens


def _sources_of(folder: Path, shard: ShardInfo) -> NDArray[np.int64]:
    path = folder / f"{shard.name}.src.npy"
    try:
        found: NDArray[np.int64] = np.load(path).astype(np.int64)
    except (OSError, ValueError, EOFError) as error:
        do = "make the shards again"
        raise ArtifactError(f"{path.name} is missing or damaged: {error}", where=str(path), do=do) from error
    if found.shape != (shard.num_documents,):
        raise ArtifactError(
            f"{path.name} does not fit its shard: wanted {shard.num_documents} numbers, found {found.shape}",
            where=str(path),
            do="make the shards again",
        )
    return found


def _map_ends(folder: Path, shard: ShardInfo) -> NDArray[np.uint64]:
    path = folder / f"{shard.name}.idx.npy"
    try:
        ends: NDArray[np.uint64] = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise ArtifactError(
            f"{path.name} is missing or damaged: {error}", where=str(path), do="make the shards again"
        ) from error
    if ends.shape != (shard.num_documents,) or ends.dtype != np.uint64 or int(ends[-1]) != shard.num_tokens:
        raise ArtifactError(
            f"{path.name} does not fit its shard: wanted {shard.num_documents} ends up to {shard.num_tokens}",
            where=str(path),
            do="make the shards again",
        )
    return ends
