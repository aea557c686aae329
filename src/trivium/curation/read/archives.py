"""Web archives (WARC, WET, ARC) to passages: pages to their main text, converted texts as they are.

The records are framed here, so that one that is malformed costs a line in the ledger and the next is found again; what
is within a response (HTTP headers, chunks, packed bodies) is read by fastwarc.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fastwarc.warc import WarcRecord, WarcRecordType

from trivium.curation.extract import decoded, main_text
from trivium.curation.files import Found, read_blocks
from trivium.curation.ledger import Ledger
from trivium.curation.places import open_bytes
from trivium.curation.read.config import ReaderConfig
from trivium.curation.read.passage import Passage, Whole
from trivium.curation.read.stream import Stream

_MAX_HEAD_LINES = 1000
_MAX_LINE = 1 << 16
_PAGES = ("text/html", "application/xhtml+xml")
_TEXTS = ("text/plain",)
_NO_DOCUMENTS = ("warcinfo", "request", "metadata")
"""Records that say how an archive was made."""
_MAX_BODY_RATIO = 50


@dataclass(frozen=True)
class Content:
    """What a record holds: an HTTP response with its head, or the thing itself."""

    number: int
    url: str
    body: bytes
    is_http: bool
    mime: str


def passages_of_archive(file: Found, ledger: Ledger, config: ReaderConfig) -> Iterator[Passage]:
    """Yield the texts of an archive; `line` is the record's number in the file, counted from 1."""
    if _is_packed_whole(file):
        ledger.repair("records are packed together, not one by one: read all the same", file=file.name)
    stream = Stream(read_blocks(file, ledger, max_ratio=config.max_unpack_ratio))
    records = _arc if stream.peek(12).startswith(b"filedesc://") else _warc
    for content in records(stream, file, ledger, config.max_line_bytes):
        text = _text(content, file, ledger, config)
        if text is not None:
            whole = Whole(file, ledger, config.max_document_chars, content.number, content.url)
            yield from whole.passages([text])


def _is_packed_whole(file: Found) -> bool:
    """Return whether the first of a file's gzip members holds several records."""
    if not file.path.name.lower().endswith(".gz"):
        return False
    try:
        with open_bytes(file.path, 1 << 16) as handle:
            start = zlib.decompressobj(31).decompress(handle.read(1 << 16), 1 << 20)
    except (OSError, zlib.error):
        return False  # read_blocks says so
    return b"\r\n\r\nWARC/1" in start


def _warc(stream: Stream, file: Found, ledger: Ledger, max_bytes: int) -> Iterator[Content]:
    number, lost = 0, False
    while line := stream.readline(_MAX_LINE):
        if not line.strip():
            continue
        if not line.startswith(b"WARC/"):
            if not lost:
                ledger.drop(
                    "no WARC record: skipped to the next", file=file.name, line=number + 1, excerpt=_shown(line)
                )
            lost = True
            continue
        number, lost = number + 1, False
        head = _head(stream)
        length = _length(head.get("content-length", ""))
        if length is None:
            reason = "record without a valid Content-Length: skipped to the next"
            ledger.drop(reason, file=file.name, line=number, excerpt=str(dict(head)))
            lost = True
            continue
        kind = head.get("warc-type", "")
        body = _body(stream, (kind, length, max_bytes), (file, number), ledger)
        if body is not None:
            mime = head.get("content-type", "")
            yield Content(number, head.get("warc-target-uri", "").strip("<>"), body, "application/http" in mime, mime)


def _body(stream: Stream, wanted: tuple[str, int, int], place: tuple[Found, int], ledger: Ledger) -> bytes | None:
    """Return a record's body, None where it is no document or does not come whole (said in the ledger)."""
    (kind, length, max_bytes), (file, number) = wanted, place
    if kind in ("response", "resource", "conversion") and length <= max_bytes:
        body = stream.read(length)
        if len(body) == length:
            return body
        reason = f"record cut off: wanted {length:,} bytes, found {len(body):,}"
    else:
        stream.skip(length)
        if kind in _NO_DOCUMENTS:
            return None
        if kind in ("response", "resource", "conversion"):
            reason = f"record longer than {max_bytes:,} bytes"
        else:
            reason = f"a record of type {kind!r} holds no page"
    ledger.drop(reason, file=file.name, line=number)
    return None


def _arc(stream: Stream, file: Found, ledger: Ledger, max_bytes: int) -> Iterator[Content]:
    """Yield the records of the Internet Archive's older format: a line `URL address date type length`, then the body.

    An URL may hold blanks; in version 2 five more fields stand before the length.
    """
    number, lost = 0, False
    fields = 5
    while line := stream.readline(_MAX_LINE):
        if not line.strip():
            continue
        parts = line.strip().rsplit(b" ", fields - 1)
        length = _length(parts[-1].decode("latin-1"))
        if len(parts) < fields or b":" not in parts[0] or length is None:
            if not lost or b"://" in line:
                number += b"://" in line
                reason = "no valid ARC record: skipped to the next"
                ledger.drop(reason, file=file.name, line=max(number, 1), excerpt=_shown(line))
            lost = True
            continue
        number, lost = number + 1, False
        url = parts[0].decode("utf-8", "replace")
        if url.startswith(("filedesc:", "warcinfo:")):
            if stream.read(length).startswith(b"2 "):
                fields = 10
            continue
        body = _body(stream, ("response", length, max_bytes), (file, number), ledger)
        if body is not None:
            yield Content(number, url, body, body.startswith(b"HTTP/"), parts[3].decode("latin-1"))


def _head(stream: Stream) -> Mapping[str, str]:
    """Return the named fields up to the blank line; a line that begins with a blank goes on with the one before."""
    head: dict[str, str] = {}
    last = ""
    for _line in range(_MAX_HEAD_LINES):
        line = stream.readline(_MAX_LINE)
        if not line.strip():
            break
        if line[:1] in b" \t" and last:
            head[last] += " " + line.strip().decode("utf-8", "replace")
            continue
        name, _, value = line.partition(b":")
        last = name.strip().decode("latin-1").lower()
        head[last] = value.strip().decode("utf-8", "replace")
    return head


def _length(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _text(content: Content, file: Found, ledger: Ledger, config: ReaderConfig) -> str | None:
    """Return the text of a record, None where it has none (said in the ledger)."""
    body, mime, charset, reason = content.body, content.mime, None, ""
    if content.is_http:
        opened = _opened(content, config.max_line_bytes)
        if isinstance(opened, str):
            ledger.drop(opened, file=file.name, line=content.number, excerpt=content.url)
            return None
        body, mime, charset = opened
    mime = mime.partition(";")[0].strip().lower()
    if mime in _PAGES:
        text = main_text(body, config.extract, charset)
        reason = "" if text else "page without main text"
    elif mime in _TEXTS:
        text = decoded(body, charset)
        if content.url.startswith("metadata:"):
            reason = "a record of the crawler's own"
    else:
        reason = f"not text: {mime or 'of unknown type'}"
    if reason:
        ledger.drop(reason, file=file.name, line=content.number, excerpt=content.url)
        return None
    return text


def _opened(content: Content, max_bytes: int) -> tuple[bytes, str, str | None] | str:
    """Return an HTTP response's body, unpacked, its type and charset; or why there is none."""
    record = WarcRecord()
    record.init_headers(WarcRecordType.response, content_length=len(content.body))
    record.set_bytes_content(content.body)
    record.is_http = True
    try:
        record.parse_http(auto_decode="all")
        status = record.http_headers.status_code
        if status != 200:
            return f"HTTP status {status}"
        bound = min(max_bytes, max(1 << 20, len(content.body) * _MAX_BODY_RATIO))
        body = record.reader.read(bound + 1)
        if len(body) > bound:
            return f"page longer than {bound:,} bytes when unpacked"
        return body, record.http_content_type or "", record.http_charset
    except (OSError, ValueError, EOFError) as error:
        return f"broken HTTP response: {error}"


def _shown(line: bytes) -> str:
    return line[:200].decode("utf-8", "replace")
