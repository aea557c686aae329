"""A path to the readable files under it, and a file to bounded blocks and lines: gzip, symlink loops and endless
lines included.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trivium.core.errors import SourceError
from trivium.curation.ledger import Ledger

TEXT_KINDS = (".txt", ".md")
LINE_KINDS = (".jsonl",)
ARRAY_KINDS = (".json",)
KINDS = TEXT_KINDS + LINE_KINDS + ARRAY_KINDS
"""What can be read, each also with `.gz` behind."""

BLOCK_BYTES = 1 << 20
_BROKEN_GZIP = (EOFError, gzip.BadGzipFile, zlib.error)


@dataclass(frozen=True)
class Found:
    """A readable file: where it lies, how the ledger names it, what kind it is."""

    path: Path
    name: str
    kind: str


def kind_of(name: str) -> str | None:
    """Return the kind of a file by its name, None where it cannot be read.

    >>> kind_of("Novel_1864.txt.gz"), kind_of("page.warc")
    ('.txt', None)
    """
    return next((kind for kind in KINDS if name.lower().removesuffix(".gz").endswith(kind)), None)


def find_files(path: Path, ledger: Ledger) -> list[Found]:
    """Return the readable files in the order of their names; what else lies there goes to the ledger.

    Links to folders are followed, each folder once, so that a loop ends. SourceError where nothing can be read.
    """
    wanted = f"a file or folder of {', '.join(KINDS)} (also .gz)"
    if not path.exists():
        parent = path.parent
        beside = sorted(each.name for each in parent.iterdir())[:8] if parent.is_dir() else []
        around = f"beside it lie {', '.join(beside)}" if beside else "its folder is empty or missing too"
        raise SourceError(
            f"wanted {wanted}, found nothing at this path; {around}",
            where=str(path),
            do="check the path, or set the source to where the text lies",
        )
    if path.is_dir():
        names = sorted(_walk(path))
        files = [file for name in names if (file := _readable(path / name, name, ledger))]
    else:
        names = [path.name]
        files = [file] if (file := _readable(path, path.name, ledger)) else []
    if not files:
        there = f"only {', '.join(names[:8])}" if names else "an empty folder"
        raise SourceError(
            f"wanted {wanted}, found {there}",
            where=str(path),
            do="convert the text to one of these, or give another path",
        )
    return files


def _walk(root: Path) -> Iterator[str]:
    """Yield the names of all files below, relative to the root."""
    seen: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        status = folder.stat()
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        for name in sorted(os.listdir(folder), reverse=True):
            each = folder / name
            if each.is_dir():
                waiting.append(each)
            else:
                yield each.relative_to(root).as_posix()


def _readable(path: Path, name: str, ledger: Ledger) -> Found | None:
    """Return the file, or write down why it cannot be read."""
    kind = kind_of(path.name)
    if kind is None:
        ledger.drop("not a kind of file that can be read", file=name)
    elif not path.exists():
        ledger.drop("a link to nothing", file=name)
    elif not stat.S_ISREG(path.stat().st_mode):
        ledger.drop("not a regular file", file=name)
    else:
        return Found(path, name, kind)
    return None


def read_blocks(file: Found, ledger: Ledger) -> Iterator[bytes]:
    """Yield a file's bytes in blocks, unpacked; a broken gzip or a failing disk ends the file with a line in the
    ledger.
    """
    try:
        with _open(file) as handle:
            while block := handle.read(BLOCK_BYTES):
                yield block
    except _BROKEN_GZIP as error:
        ledger.drop("broken gzip: the rest of the file is lost", file=file.name, excerpt=str(error))
    except OSError as error:
        ledger.drop("cannot be read: the rest of the file is lost", file=file.name, excerpt=str(error))


def read_lines(file: Found, ledger: Ledger, max_line_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Yield (line number from 1, line without its end); a line over the bound is dropped without being held in
    memory.
    """
    number, parts, size = 1, [], 0
    for block in read_blocks(file, ledger):
        pieces = block.split(b"\n")
        for index, piece in enumerate(pieces):
            size += len(piece)
            if size <= max_line_bytes:
                parts.append(piece)
            elif parts:
                parts = [b"".join(parts)[:200]]
            else:
                parts = [piece[:200]]
            if index < len(pieces) - 1:
                yield from _line(number, b"".join(parts), size, (file, ledger, max_line_bytes))
                number, parts, size = number + 1, [], 0
    if size:
        yield from _line(number, b"".join(parts), size, (file, ledger, max_line_bytes))


def _line(number: int, line: bytes, size: int, context: tuple[Found, Ledger, int]) -> Iterator[tuple[int, bytes]]:
    """Yield the line, or write down that it was too long."""
    file, ledger, max_line_bytes = context
    if size <= max_line_bytes:
        yield number, line.removesuffix(b"\r")
    else:
        excerpt = line[:200].decode("utf-8", "replace")
        ledger.drop(f"line longer than {max_line_bytes:,} bytes", file=file.name, line=number, excerpt=excerpt)


def read_text(file: Found, ledger: Ledger) -> Iterator[str]:
    """Yield a file's text in blocks: no byte order mark, line ends as `\\n`, invalid UTF-8 as U+FFFD (said in the
    ledger).
    """
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8-sig")("replace"), translate=True)
    num_marks, num_written, tail = 0, 0, b""
    for block in read_blocks(file, ledger):
        text = decoder.decode(block)
        num_marks += text.count("\ufffd")
        num_written += (tail + block).count(b"\xef\xbf\xbd")  # those that the file itself holds
        tail = block[-2:]
        yield text
    text = decoder.decode(b"", final=True)
    num_marks += text.count("\ufffd")
    if num_marks > num_written:
        number = num_marks - num_written
        ledger.repair("invalid UTF-8 replaced", file=file.name, excerpt=f"{number} replaced by U+FFFD")
    yield text


def _open(file: Found) -> io.BufferedIOBase:
    return gzip.open(file.path, "rb") if file.name.lower().endswith(".gz") else file.path.open("rb")
