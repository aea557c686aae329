"""Where a source lies, a path on this machine or an address of an object store, to the files there and their bytes.

`s3://` and `gs://` are read by pyarrow, all others (`hf://datasets/…`, `memory://`, what is installed for fsspec) by
fsspec. Nothing is copied to this machine: a file is read in ranges, as far as it is asked for.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow.fs as pa_fs
from pydantic import BaseModel, ConfigDict

from trivium.core.errors import InputError, MissingExtraError, SourceError

RANGE_BYTES = 8 << 20
"""How much one request fetches where a file is read from front to back."""
CONNECT_SECONDS, REQUEST_SECONDS, RETRY_SECONDS = 10.0, 60.0, 60.0
_REQUESTS_AT_ONCE = 16
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://")
_S3, _GCS = ("s3",), ("gs", "gcs")
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")


class StoreSettings(BaseModel):
    """How object stores are reached. It is no part of what is read there.

    Keys and tokens are no settings: they come from where the store's own tools look for them (AWS_ACCESS_KEY_ID or a
    profile, GOOGLE_APPLICATION_CREDENTIALS, HF_TOKEN), on every machine that reads.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str | None = None
    """Of a store that speaks the same language elsewhere, such as `http://localhost:9000` for S3."""
    region: str | None = None
    """Of S3; asked of the bucket where nothing says it."""
    anonymous: bool = False
    """Read public data without keys."""


class Address(BaseModel):
    """A file or folder of an object store."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    store: StoreSettings = StoreSettings()

    @property
    def name(self) -> str:
        """The last part.

        >>> Address(url="s3://bucket/folder/a.jsonl.gz").name
        'a.jsonl.gz'
        """
        return self.url.rstrip("/").rpartition("/")[2]

    def __str__(self) -> str:
        """Return the URL."""
        return self.url

    def below(self, name: str) -> Address:
        """Return the address of a file under this folder."""
        return self.model_copy(update={"url": f"{self.url.rstrip('/')}/{name}"})


Place = Path | Address


def is_address(text: str) -> bool:
    """Return whether a text is an address, not a path.

    >>> is_address("s3://bucket/folder"), is_address("data/novels"), is_address("web=s3://bucket")
    (True, False, False)
    """
    return _SCHEME.match(text) is not None


def place_of(root: Path, text: str, store: StoreSettings) -> Place:
    """Return the place that a text names: an address as it is, a path below the root."""
    return Address(url=text, store=store) if is_address(text) else root / text


def open_bytes(place: Place, range_bytes: int = RANGE_BYTES) -> BinaryIO:
    """Open a file for reading; one of a store fetches `range_bytes` at a time. OSError or SourceError."""
    if isinstance(place, Path):
        return place.open("rb")
    return cast(BinaryIO, io.BufferedReader(open_native(place), range_bytes))


def open_native(address: Address) -> Any:
    """Open a file of a store as pyarrow's file, which its own readers take: they ask for the ranges they need."""
    system, path = _system(address)
    try:
        return system.open_input_file(path)
    except OSError as error:
        raise unreachable(address, error) from error


def list_files(address: Address) -> list[tuple[str, int]]:
    """Return the name below the address and the bytes of each file there, sorted; [] where nothing is.

    Where the address is a file's own, the name is empty.
    """
    system, path = _system(address)
    try:
        info = system.get_file_info(path)
        if info.type == pa_fs.FileType.File:
            return [("", info.size)]
        if info.type == pa_fs.FileType.NotFound:
            return []
        found = system.get_file_info(pa_fs.FileSelector(path, recursive=True))
    except OSError as error:
        raise unreachable(address, error) from error
    start = len(path.rstrip("/")) + 1
    return sorted((each.path[start:], each.size) for each in found if each.type == pa_fs.FileType.File)


def check_there(address: Address) -> None:
    """Raise SourceError where the store no longer shows the file: what failed then is not the file's fault."""
    if not list_files(address):
        raise SourceError("the file is gone since it was listed", where=str(address), do="run again")


def stamps(addresses: list[Address]) -> list[str]:
    """Return what tells each file's version from others: a hash of its size and the store's own mark (entity tag,
    checksum, else the time it was written). No file is read.
    """
    if not addresses:
        return []
    _system(addresses[0])  # a store that cannot be opened says so once
    with ThreadPoolExecutor(min(_REQUESTS_AT_ONCE, len(addresses))) as pool:
        return list(pool.map(_stamp, addresses))


def _stamp(address: Address) -> str:
    system, path = _system(address)
    try:
        if isinstance(system, pa_fs.PyFileSystem):
            mark = system.handler.fs.ukey(path)
            size = system.get_file_info(path).size
        else:
            with system.open_input_stream(path, compression=None) as stream:
                told = stream.metadata() or {}
            info = system.get_file_info(path)
            size, mark = info.size, told.get(b"ETag", told.get("ETag")) or info.mtime_ns
    except OSError as error:
        raise unreachable(address, error) from error
    return hashlib.sha256(repr((size, str(mark))).encode()).hexdigest()


def unreachable(address: Address, error: OSError) -> SourceError:
    """Return what to say of a store that does not give what was asked."""
    text = " ".join(str(error).split())
    refused = any(word in text for word in ("ACCESS_DENIED", "Forbidden", "401", "403", "UNAUTHENTICATED", "redential"))
    scheme = _scheme(address)
    keys = {
        "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE",
        "gs": "set GOOGLE_APPLICATION_CREDENTIALS",
        "gcs": "set GOOGLE_APPLICATION_CREDENTIALS",
        "hf": "set HF_TOKEN",
    }.get(scheme, "give the store's own keys in the environment")
    if refused:
        do = f"{keys}, or `sources.store.anonymous = true` for public data"
    else:
        do = "check the address, the network and `sources.store.endpoint`; run again: what was read whole stays read"
    return SourceError(f"the object store did not answer as wanted: {text[:400]}", where=str(address), do=do)


def _scheme(address: Address) -> str:
    return address.url.partition("://")[0]


def _system(address: Address) -> tuple[Any, str]:
    """Return the opened store and the file's path in it."""
    scheme, _, path = address.url.partition("://")
    if scheme in _S3:
        return _s3(path.partition("/")[0], address), path
    if scheme in _GCS:
        return _gcs(address.store), path
    return _by_fsspec(scheme, address.store), _path_of_fsspec(address)


def _s3(bucket: str, address: Address) -> Any:
    """Return S3 as it is reached for a bucket: its region may have to be asked."""
    store = address.store
    endpoint = store.endpoint or next(filter(None, map(os.environ.get, _ENDPOINTS)), None)
    region = store.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if endpoint is None and region is None:
        region = _region(bucket, address)
    return _s3_at(endpoint, region or "us-east-1", store.anonymous)


@lru_cache(maxsize=256)
def _region(bucket: str, address: Address) -> str:
    try:
        return str(pa_fs.resolve_s3_region(bucket))
    except OSError as error:
        raise unreachable(address, error) from error


@lru_cache(maxsize=32)
def _s3_at(endpoint: str | None, region: str, anonymous: bool) -> Any:
    scheme, host = _parted(endpoint)
    return pa_fs.S3FileSystem(
        anonymous=anonymous,
        region=region,
        endpoint_override=host,
        scheme=scheme,
        connect_timeout=CONNECT_SECONDS,
        request_timeout=REQUEST_SECONDS,
    )


@lru_cache(maxsize=32)
def _gcs(store: StoreSettings) -> Any:
    scheme, host = _parted(store.endpoint)
    limit = timedelta(seconds=RETRY_SECONDS)
    return pa_fs.GcsFileSystem(anonymous=store.anonymous, endpoint_override=host, scheme=scheme, retry_time_limit=limit)


def _parted(endpoint: str | None) -> tuple[str, str | None]:
    """Return the scheme and the host of an endpoint; without a scheme it is https."""
    if endpoint is None:
        return "https", None
    scheme, parts, host = endpoint.partition("://")
    return (scheme, host.rstrip("/")) if parts else ("https", endpoint.rstrip("/"))


@lru_cache(maxsize=32)
def _by_fsspec(scheme: str, store: StoreSettings) -> Any:
    """Return a store that fsspec knows; MissingExtraError where its package is not installed."""
    import fsspec

    options: dict[str, Any] = {}
    if scheme == "hf":
        options = {"endpoint": store.endpoint} if store.endpoint else {}
        options |= {"token": False} if store.anonymous else {}
    elif store != StoreSettings():
        where = "sources.store"
        raise InputError(f"these settings are for s3, gs and hf, not for {scheme}", where=where, do="leave them out")
    try:
        return pa_fs.PyFileSystem(pa_fs.FSSpecHandler(fsspec.filesystem(scheme, **options)))
    except ImportError as error:
        do = "install what it names, then run again"
        raise MissingExtraError(f"{scheme}:// needs a package: {error}", where=f"{scheme}://", do=do) from error
    except ValueError as error:
        do = "use s3://, gs://, hf:// or a scheme that an installed package of fsspec knows"
        raise InputError(f"no store is known by {scheme}://: {error}", where=f"{scheme}://", do=do) from error


def _path_of_fsspec(address: Address) -> str:
    system = _by_fsspec(_scheme(address), address.store)
    return str(system.handler.fs._strip_protocol(address.url))
