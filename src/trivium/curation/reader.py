"""Files and folders to documents: plain text, JSON lines and JSON arrays, with a line in the ledger for all that is
not taken.
"""

from __future__ import annotations


import json
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from trivium.core.errors import SourceError
from trivium.curation.files import ARRAY_KINDS, TEXT_KINDS, Found, find_files, read_blocks, read_lines, read_text
from trivium.curation.ledger import Ledger
from trivium.records import Document
from trivium.text.wellformed import whole


class ReaderConfig(BaseModel):
    """How to read; the bounds hold whatever the files contain, so memory stays bounded too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text_keys: tuple[str, ...] = Field(default=("text", "sections"), min_length=1)
    """Where a JSON row keeps its text: the first key it has; `a.b` reaches inside; a list of texts is joined by blank
    lines.
    """
    include: str = "*"
    """Shell pattern on file names in a folder, e.g. `*.txt.gz`; files that do not match go to the ledger."""
    max_document_chars: int = Field(default=10_000_000, ge=1)
    """Longer texts are cut at paragraph borders into documents of their own (else at a line end, a blank, or
    anywhere).
    """
    max_line_bytes: int = Field(default=64 << 20, ge=1)
    """A longer JSON line, page or record is dropped unread; so is a `.json` array file of more than this."""
    max_unpack_ratio: float = Field(default=MAX_UNPACK_RATIO, gt=1)
    """A packed file that unpacks to more than this many times its size (and more than 64 MB) is taken for a bomb: the
    rest of it is lost.
    """
    extract: Extraction = "fast"
    """Main text of HTML: `fast` (resiliparse and link density), `precise` (trafilatura, the extra of that name), or
    `none`: all visible text.
    """


def read_documents(
    path: Path | str, *, source: str, licence: str, ledger: Ledger, config: ReaderConfig | None = None
) -> Iterator[Document]:
    """Return the documents of a file or folder, in the order of file names and lines.

    The pieces of one text file, or of one row, bear one `group`.
    SourceError at once where nothing can be read, and at the end where files were read but not one document came of
    them.
    """
    config = config or ReaderConfig()
    path = Path(path)
    files = find_files(path, ledger)
    chosen = [file for file in files if fnmatch.fnmatch(file.path.name, config.include)]
    for file in files:
        if file not in chosen:
            ledger.drop(f"name does not match include = {config.include!r}", file=file.name)
    if not chosen:
        names = ", ".join(file.name for file in files[:8])
        raise SourceError(
            f"wanted files that match include = {config.include!r}, found {names}",
            where=str(path),
            do="change `include`",
        )
    return _documents(path, chosen, (source, licence), ledger, config)


def _documents(
    path: Path, files: list[Found], origin: tuple[str, str], ledger: Ledger, config: ReaderConfig
) -> Iterator[Document]:
    num_documents = 0
    for file in files:
        texts = (
            _texts_of_text
            if file.kind in TEXT_KINDS
            else _texts_of_array
            if file.kind in ARRAY_KINDS
            else _texts_of_lines
        )
        for line, text in texts(file, ledger, config):
            if not text.strip():
                ledger.drop("empty text", file=file.name, line=line)
                continue
            num_documents += 1
            whole_of = f"{origin[0]}/{file.name}" if line is None else f"{origin[0]}/{file.name}:{line}"
            yield Document.of(text, source=origin[0], licence=origin[1], group=whole_of)
    if not num_documents:
        reasons = ", ".join(f"{reason} ({count})" for reason, count in ledger.dropped.most_common(3))
        raise SourceError(
            f"wanted at least one document, found none in {len(files)} files: {reasons or 'they are empty'}",
            where=str(path),
            do="repair the files, or set the key that holds the text",
        )


def _texts_of_text(file: Found, ledger: Ledger, config: ReaderConfig) -> Iterator[tuple[int | None, str]]:
    for piece in pieces(read_text(file, ledger), config.max_document_chars):
        yield None, piece


def _texts_of_lines(file: Found, ledger: Ledger, config: ReaderConfig) -> Iterator[tuple[int | None, str]]:
    for number, raw in read_lines(file, ledger, config.max_line_bytes):
        line = _decoded(raw, number, file, ledger)
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            ledger.drop("not valid JSON", file=file.name, line=number, excerpt=f"{error}: {line[:120]}")
            continue
        yield from _texts_of_row(row, number, file, ledger, config)


def _texts_of_array(file: Found, ledger: Ledger, config: ReaderConfig) -> Iterator[tuple[int | None, str]]:
    blocks, size = [], 0
    for block in read_blocks(file, ledger):
        size += len(block)
        if size > config.max_line_bytes:
            ledger.drop(f"array longer than {config.max_line_bytes:,} bytes: make it .jsonl", file=file.name)
            return
        blocks.append(block)
    text = _decoded(b"".join(blocks), None, file, ledger)
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        ledger.drop("not valid JSON", file=file.name, excerpt=f"{error}: {text[:120]}")
        return
    if not isinstance(rows, list):
        ledger.drop("not a JSON array", file=file.name, excerpt=text)
        return
    for number, row in enumerate(rows, 1):
        yield from _texts_of_row(row, number, file, ledger, config)


def _texts_of_row(
    row: Any, number: int, file: Found, ledger: Ledger, config: ReaderConfig
) -> Iterator[tuple[int, str]]:
    """Yield the pieces of one JSON row; `number` counts rows from 1."""
    text = _text_of(row, config.text_keys)
    if text is None:
        keys = ", ".join(repr(key) for key in config.text_keys)
        ledger.drop(f"no text under {keys}", file=file.name, line=number, excerpt=repr(row))
        return
    clean = whole(text)
    if clean != text:
        ledger.repair("half of a surrogate pair replaced", file=file.name, line=number, excerpt=text)
    for piece in pieces([clean.replace("\r\n", "\n")], config.max_document_chars):
        yield number, piece


def _text_of(row: Any, keys: tuple[str, ...]) -> str | None:
    """Return a row's text: the row itself where it is a text, else what the first key it has holds."""
    if isinstance(row, str):
        return row
    for key in keys:
        value = row
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return "\n\n".join(value)
        if isinstance(value, str):
            return value
    return None


def _decoded(raw: bytes, line: int | None, file: Found, ledger: Ledger) -> str:
    """Return the text of bytes without a byte order mark; what is no UTF-8 becomes U+FFFD, and the ledger says so."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text = raw.decode("utf-8-sig", "replace")
        ledger.repair("invalid UTF-8 replaced", file=file.name, line=line, excerpt=f"{error.reason}: {text[:120]}")
        return text


def pieces(blocks: Iterable[str], max_chars: int) -> Iterator[str]:
    """Cut a text that comes in blocks into pieces of at most `max_chars`, at paragraph borders where the second half
    has one.

    >>> list(pieces(["One.\\n\\nTwo.\\n\\nTh", "ree."], 13))
    ['One.\\n\\nTwo.', 'Three.']
    """
    waiting, after_line_end = "", False
    for block in chain(blocks, (None,)):
        waiting += block or ""
        ahead = 0 if block is None else 2  # the longest mark: a cut must not depend on where a block happens to end
        start = 0
        while True:
            while after_line_end and waiting[start : start + 1] == "\n":
                start += 1
            after_line_end = after_line_end and start == len(waiting)
            if len(waiting) - start <= max_chars + ahead:
                break
            span, start, after_line_end = _border(waiting, start, max_chars)
            yield waiting[slice(*span)]
        waiting = waiting[start:]
    if waiting:
        yield waiting


def _border(text: str, start: int, max_chars: int) -> tuple[tuple[int, int], int, bool]:
    """Return the span of the piece that starts there, where the rest starts, and whether to skip line ends."""
    low, high = start + (max_chars + 1) // 2, start + max_chars
    for mark in ("\n\n", "\n", " "):
        stop = text.rfind(mark, low, high + len(mark))
        if stop > start:
            return (start, stop), stop + len(mark), mark != " "
    return (start, high), high, False
