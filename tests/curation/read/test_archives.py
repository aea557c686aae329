"""Web archives: pages and texts are read, a malformed record costs a line in the ledger and the next one is found."""

import gzip
from pathlib import Path

import pytest
import zstandard

from curation.read.conftest import Take

PROSE = "The river runs to the sea, and the people of the town have lived with it for a very long time indeed."


def page(text: str = PROSE) -> bytes:
    return f"<html><body><article><p>{text}</p></article></body></html>".encode()


def http(body: bytes, status: str = "200 OK", head: str = "Content-Type: text/html; charset=utf-8") -> bytes:
    return f"HTTP/1.1 {status}\r\n{head}\r\n\r\n".encode() + body


def record(
    body: bytes,
    kind: str = "response",
    mime: str = "application/http; msgtype=response",
    length: object = None,
    uri: str = "https://example.org/",
) -> bytes:
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {uri}\r\nContent-Type: {mime}\r\nContent-Length: {len(body) if length is None else length}\r\n\r\n"
    return head.encode() + body + b"\r\n\r\n"


def test_pages_and_converted_texts_are_read_with_their_address(source: Path, take: Take) -> None:
    (source / "a.warc").write_bytes(
        record(b"software: x", "warcinfo", "application/warc-fields")
        + record(b"GET /", "request")
        + record(http(page()))
        + record(b"x: y", "metadata", "application/warc-fields")
    )
    (source / "b.warc.wet.gz").write_bytes(gzip.compress(record(PROSE.encode(), "conversion", "text/plain")))
    (source / "c.warc.zst").write_bytes(zstandard.compress(record(page(), "resource", "text/html")))
    rows, said = take()
    assert [(row["text"], row["where"]) for row in rows] == [
        (PROSE, "a.warc:3"),
        (PROSE, "b.warc.wet.gz:1"),
        (PROSE, "c.warc.zst:1"),
    ]
    assert {row["url"] for row in rows} == {"https://example.org/"}
    assert said == []


def test_chunked_and_packed_bodies_are_opened(source: Path, take: Take) -> None:
    body = page()
    chunked = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    (source / "a.warc").write_bytes(
        record(http(chunked, head="Content-Type: text/html\r\nTransfer-Encoding: chunked"))
        + record(http(gzip.compress(body), head="Content-Type: text/html\r\nContent-Encoding: gzip"))
    )
    assert [row["text"] for row in take()[0]] == [PROSE, PROSE]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"garbage\r\nmore garbage\r\n\r\n", "no WARC record: skipped to the next"),
        (record(http(page()), length="abc"), "record without a valid Content-Length: skipped to the next"),
        (record(http(page()), length=-5), "record without a valid Content-Length: skipped to the next"),
        (record(http(page(), "404 Not Found")), "HTTP status 404"),
        (record(http(b"\x89PNG", head="Content-Type: image/png")), "not text: image/png"),
        (record(http(b"", head="X: y")), "not text: of unknown type"),
        (record(b"", "revisit"), "a record of type 'revisit' holds no page"),
        (record(http(b"<html></html>")), "page without main text"),
        (record(b"no http at all"), "HTTP status None"),
        (record(http(gzip.compress(page())[:-20], head="Content-Type: text/html\r\nContent-Encoding: gzip")), None),
        (record(http(b"x" * 5000)), "record longer than 4,000 bytes"),
    ],
)  # fmt: skip
def test_a_bad_record_is_in_the_ledger_and_the_next_is_read(
    source: Path, take: Take, bad: bytes, reason: str | None
) -> None:
    (source / "a.warc").write_bytes(record(http(page())) + bad + record(http(page("Behind it. " + PROSE))))
    rows, said = take(max_line_bytes=4000)
    assert [row["text"] for row in rows][:: max(len(rows) - 1, 1)] == [PROSE, "Behind it. " + PROSE]
    if reason is not None:
        assert [row["reason"] for row in said] == [reason]
        assert said[0]["line"] == 2


def test_a_file_that_ends_in_a_record_says_so(source: Path, take: Take) -> None:
    (source / "a.warc").write_bytes(record(http(page())) + record(http(page()))[:-80])
    rows, said = take()
    assert len(rows) == 1
    assert said[0]["reason"].startswith("record cut off: wanted")


def test_records_packed_together_are_read_and_said(source: Path, take: Take) -> None:
    whole = record(http(page())) * 2
    (source / "a.warc.gz").write_bytes(gzip.compress(whole))
    (source / "b.warc.gz").write_bytes(
        gzip.compress(whole[: len(whole) // 2]) + gzip.compress(whole[len(whole) // 2 :])
    )
    rows, said = take()
    assert len(rows) == 4
    assert [(row["action"], row["file"]) for row in said] == [("repaired", "a.warc.gz")]


def test_the_older_format_is_read_blanks_in_an_address_and_bad_records_included(source: Path, take: Take) -> None:
    def arc(url: str, body: bytes, mime: str = "text/html", length: object = None) -> bytes:
        return (
            f"{url} 192.0.2.1 20140216050221 {mime} {len(body) if length is None else length}\n".encode() + body + b"\n"
        )

    head = b"1 0 Crawler\nURL IP-address Archive-date Content-type Archive-length\n"
    parts = [
        arc("filedesc://a.arc", head, "text/plain"),
        arc("http://example.org/a page", http(page())),
        arc("http://example.org/", http(page()), length="abc"),
        arc("http://example.org/2", page("Without a head. " + PROSE)),
        arc("http://example.org/3", http(page()), length=9999),
    ]
    (source / "a.arc.gz").write_bytes(gzip.compress(b"".join(parts)))
    rows, said = take()
    assert [(row["text"], row["url"]) for row in rows] == [
        (PROSE, "http://example.org/a page"), ("Without a head. " + PROSE, "http://example.org/2"),
    ]  # fmt: skip
    assert {row["reason"].partition(":")[0] for row in said} == {"no valid ARC record", "record cut off"}
