"""Object stores: the same documents as from a folder, read in ranges, told apart by version, and clear where they fail.

The store is a real S3 server on this machine, spoken to over HTTP.
"""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.fs as pa_fs
import pyarrow.parquet as pq
import pytest
import zstandard
from moto.server import ThreadedMotoServer

from trivium.core.errors import InputError, SourceError
from trivium.curation.ledger import Ledger
from trivium.curation.places import Address, StoreSettings, open_bytes, place_of, stamps
from trivium.curation.read import SourceSpec, plan_units, read_batches
from trivium.stages.sources import FileSources

Rows = list[dict[str, Any]]
ARCHIVE = (
    b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Type: text/plain\r\nWARC-Target-URI: http://a.example/\r\n"
    b"Content-Length: 21\r\n\r\nA converted document.\r\n\r\n"
)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def store(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> StoreSettings:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return StoreSettings(endpoint=endpoint, region="us-east-1")


Put = Callable[[str, bytes], None]


@pytest.fixture
def put(store: StoreSettings, request: pytest.FixtureRequest) -> Put:
    """Write an object into the bucket of this test."""
    bucket = bucket_of(request.node.name)
    system = pa_fs.S3FileSystem(
        endpoint_override=str(store.endpoint).partition("://")[2],
        scheme="http",
        region="us-east-1",
        allow_bucket_creation=True,
    )
    system.create_dir(bucket)

    def write(name: str, data: bytes) -> None:
        with system.open_output_stream(f"{bucket}/{name}", compression=None) as file:
            file.write(data)

    return write


def bucket_of(name: str) -> str:
    return name.replace("_", "-")[:60].strip("-")


@pytest.fixture
def address(store: StoreSettings, request: pytest.FixtureRequest) -> Address:
    return Address(url=f"s3://{bucket_of(request.node.name)}/data", store=store)


def rows_of(place: Path | Address, folder: Path, **settings: Any) -> tuple[Rows, Rows]:
    spec = SourceSpec(name="s", path=place, licence="l", **settings)
    with Ledger(folder / "ledger.jsonl") as ledger:
        rows = [row for batch in read_batches(spec, ledger) for row in batch.to_pylist()]
    return rows, [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]


def parquet(texts: list[str], row_group_size: int = 1000) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"text": texts}), sink, row_group_size=row_group_size)
    return bytes(sink.getvalue())


def arrow(texts: list[str]) -> bytes:
    table, sink = pa.table({"text": texts}), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def files() -> dict[str, bytes]:
    lines = b'{"text": "one"}\n{"text": \n{"text": "two"}\n'
    return {
        "a.txt": b"A plain text.\n",
        "b/lines.jsonl": lines,
        "b/packed.jsonl.gz": gzip.compress(lines),
        "b/packed.jsonl.zst": zstandard.compress(lines),
        "broken.txt.gz": gzip.compress(b"A text that ends too early." * 999)[:60],
        "cells.csv": b"text,other\nA cell,1\n",
        "page.html": b"<html><body><main><p>" + b"What a page says of itself. " * 20 + b"</p></main></body></html>",
        "picture.png": b"\x89PNG",
        "rows.parquet": parquet(["in a table"]),
        "broken.parquet": b"PAR1 and then nothing PAR1",
        "stream.arrow": arrow(["in a stream"]),
        "crawl.warc.gz": gzip.compress(ARCHIVE),
    }


def test_a_bucket_gives_the_documents_and_the_ledger_of_a_folder(tmp_path: Path, put: Put, address: Address) -> None:
    for name, data in files().items():
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).write_bytes(data)
        put(f"data/{name}", data)
    here, here_ledger = rows_of(tmp_path / "data", tmp_path)
    there, there_ledger = rows_of(address, tmp_path)
    assert [row["text"] for row in there][:2] == ["A plain text.\n", "one"]
    assert len(there) == 12
    assert there == here
    assert [(row["file"], row["line"], row["reason"]) for row in there_ledger] == [
        (row["file"], row["line"], row["reason"]) for row in here_ledger
    ]
    assert rows_of(address.below("a.txt"), tmp_path)[0] == rows_of(tmp_path / "data" / "a.txt", tmp_path)[0]


def test_a_large_file_is_read_in_ranges_and_each_line_once(tmp_path: Path, put: Put, address: Address) -> None:
    texts = [f"Text number {number}." for number in range(500)]
    put("data/a.jsonl", "".join(json.dumps({"text": text}) + "\n" for text in texts).encode())
    spec = SourceSpec(name="s", path=address, licence="l", unit_bytes=4000)
    with Ledger(tmp_path / "ledger.jsonl") as ledger:
        units = plan_units(spec, ledger)
    assert len(units) == 4
    assert [unit.start for unit in units[1:]] == [unit.stop for unit in units[:-1]]
    assert units[1].name == f"a.jsonl@{units[1].start}"
    rows, told = rows_of(address, tmp_path, unit_bytes=4000)
    assert ([row["text"] for row in rows], told) == (texts, [])
    assert len({row["group"] for row in rows}) == len(rows)  # which line of which range says which text it is


def test_row_groups_of_a_parquet_are_units_in_a_store_too(tmp_path: Path, put: Put, address: Address) -> None:
    texts = [f"{number} {'word ' * 40}" for number in range(300)]
    put("data/a.parquet", parquet(texts, row_group_size=50))
    spec = SourceSpec(name="s", path=address, licence="l", unit_bytes=200)
    with Ledger(tmp_path / "ledger.jsonl") as ledger:
        assert len(plan_units(spec, ledger)) > 1
    assert [row["text"] for row in rows_of(address, tmp_path, unit_bytes=200)[0]] == texts


def test_bytes_are_fetched_as_far_as_they_are_asked_for(put: Put, address: Address) -> None:
    put("data/a.txt", bytes(range(256)) * 4096)
    with open_bytes(address.below("a.txt"), 1024) as file:
        file.seek(70_000)
        assert file.read(3) == bytes([112, 113, 114])
        assert file.raw.tell() <= 70_000 + 2048  # type: ignore[attr-defined]


def test_the_identity_is_the_version_of_each_object_and_not_where_it_is_reached(put: Put, address: Address) -> None:
    def gathered(store: StoreSettings) -> dict[str, str]:
        item = {"name": "web", "path": address.url, "use": "text", "licence": "l"}
        config = FileSources(method="files", root=Path(), items=(item,), store=store)  # type: ignore[arg-type]
        return dict(config.gathered_files())  # type: ignore[arg-type]

    put("data/a.txt", b"one")
    put("data/b.txt", b"two")
    first = gathered(address.store)
    assert sorted(first) == ["web/a.txt", "web/b.txt"]
    assert gathered(address.store.model_copy(update={"endpoint": f"{address.store.endpoint}/"})) == first
    put("data/b.txt", b"2.0")
    second = gathered(address.store)
    assert (second["web/a.txt"] == first["web/a.txt"], second["web/b.txt"] == first["web/b.txt"]) == (True, False)


def test_what_a_store_lacks_is_one_message(tmp_path: Path, put: Put, address: Address) -> None:
    put("other/a.png", b"x")
    with pytest.raises(SourceError, match="found nothing at this address") as caught:
        rows_of(address, tmp_path)
    assert "check bucket and folder" in caught.value.do
    with pytest.raises(SourceError, match=r"found only a\.png"):
        rows_of(Address(url=address.url.replace("data", "other"), store=address.store), tmp_path)
    with pytest.raises(SourceError, match=r"found nothing at this address|did not answer"):
        rows_of(Address(url="s3://no-such-bucket/data", store=address.store), tmp_path)


class _Refuses(BaseHTTPRequestHandler):
    """A store that lets nobody in."""

    def do_GET(self) -> None:
        self.send_response(403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *_: Any) -> None:
        pass


def test_keys_that_are_refused_say_which_to_set(tmp_path: Path, store: StoreSettings) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refuses) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        there = store.model_copy(update={"endpoint": f"http://127.0.0.1:{server.server_address[1]}"})
        with pytest.raises(SourceError, match="did not answer as wanted") as caught:
            rows_of(Address(url="s3://bucket/data", store=there), tmp_path)
        server.shutdown()
    assert "AWS_ACCESS_KEY_ID" in caught.value.do
    assert "sources.store.anonymous = true" in caught.value.do


def test_an_endpoint_where_nobody_listens_says_so(tmp_path: Path, store: StoreSettings) -> None:
    there = store.model_copy(update={"endpoint": "http://127.0.0.1:9"})
    with pytest.raises(SourceError, match="did not answer as wanted") as caught:
        rows_of(Address(url="s3://bucket/data", store=there), tmp_path)
    assert "sources.store.endpoint" in caught.value.do


def test_a_store_that_fails_while_a_file_is_read_stops_the_run(tmp_path: Path, put: Put, address: Address) -> None:
    put("data/a.jsonl", b'{"text": "one"}\n' * 1000)
    spec = SourceSpec(name="s", path=address, licence="l")
    with Ledger(tmp_path / "ledger.jsonl") as ledger:
        (unit,) = plan_units(spec, ledger)
        gone = unit.model_copy(update={"path": address.below("b.jsonl")})
        with pytest.raises(SourceError, match="did not answer as wanted"):
            list(read_batches_of(gone, ledger))
    assert not ledger.dropped  # nothing is given up for the network's sake


def read_batches_of(unit: Any, ledger: Ledger) -> Iterator[pa.RecordBatch]:
    from trivium.curation.read import read_unit

    return read_unit(unit, ledger)


def test_what_fsspec_knows_is_read_by_it(tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/novels/a.jsonl", b'{"text": "one"}\n{"text": "two"}\n')
    memory.pipe("/novels/b/c.txt.gz", gzip.compress(b"three"))
    place = place_of(tmp_path, "memory://novels", StoreSettings())
    rows, told = rows_of(place, tmp_path)
    assert ([row["text"] for row in rows], told) == (["one", "two", "three"], [])
    assert [row["where"] for row in rows] == ["a.jsonl:1", "a.jsonl:2", "b/c.txt.gz"]
    addresses = [Address(url="memory://novels/a.jsonl"), Address(url="memory://novels/b/c.txt.gz")]
    first = stamps(addresses)
    memory.pipe("/novels/a.jsonl", b'{"text": "one"}\n')
    second = stamps(addresses)
    assert (first[0] == second[0], first[1] == second[1]) == (False, True)


def test_a_scheme_that_nothing_knows_or_whose_package_is_missing_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no store is known by nowhere://"):
        rows_of(Address(url="nowhere://a/b"), tmp_path)
    with pytest.raises(InputError, match=r"needs a package: .*ocifs"):
        rows_of(Address(url="oci://a/b"), tmp_path)
    with pytest.raises(InputError, match="not for memory"):
        rows_of(Address(url="memory://a", store=StoreSettings(anonymous=True)), tmp_path)


def test_demonstrations_are_not_read_from_a_store() -> None:
    item = {"name": "d", "path": "s3://bucket/d", "use": "demonstrations", "format": "dolly", "licence": "l"}
    config = FileSources(method="files", root=Path(), items=(item,))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="not from an object store"):
        config.gathered_files()
