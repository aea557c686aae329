"""A path to the readable files under it, and a file to bounded blocks and lines: gzip and zstd, bombs, symlink loops
and endless lines included.
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
from typing import BinaryIO, cast

import zstandard

from trivium.core.errors import SourceError
from trivium.curation.ledger import Ledger
from trivium.curation.places import Address, Place, list_files, open_bytes, unreachable

TEXT_KINDS = (".txt", ".md")
LINE_KINDS = (".jsonl", ".ndjson")
ARRAY_KINDS = (".json",)
PAGE_KINDS = (".html", ".htm", ".xhtml")
ARCHIVE_KINDS = (".warc", ".wet", ".arc")
CELL_KINDS = (".csv", ".tsv")
TABLE_KINDS = (".parquet", ".arrow", ".pdf")
PACKED_KINDS = TEXT_KINDS + LINE_KINDS + ARRAY_KINDS + PAGE_KINDS + ARCHIVE_KINDS + CELL_KINDS
KINDS = PACKED_KINDS + TABLE_KINDS
"""What can be read; `PACKED_KINDS` also with `.gz` or `.zst` behind, the others are packed within."""

_WANTED = f"a file or folder of {', '.join(KINDS)} (but for the last {len(TABLE_KINDS)} also .gz and .zst)"

DATASET_PAGES = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json")
"""What a Hugging Face dataset folder says of itself: no documents."""

BLOCK_BYTES = 1 << 20
BOMB_BYTES = 64 << 20
"""What a packed file may always unpack to, however small it is."""
MAX_UNPACK_RATIO = 200.0
_MAX_ZSTD_WINDOW = 128 << 20
_BROKEN_GZIP = (EOFError, gzip.BadGzipFile, zlib.error)


@dataclass(frozen=True)
class Found:
    """A readable file: where it lies, how the ledger names it, what kind it is, how large it is there."""

    path: Place
    name: str
    kind: str
    num_bytes: int
    """As it lies there, packed where it is packed."""


def kind_of(name: str) -> str | None:
    """Return the kind of a file by its name, None where it cannot be read.

    >>> kind_of("Novel_1864.txt.gz"), kind_of("CC-MAIN.warc.wet.gz"), kind_of("picture.png"), kind_of("a.parquet.gz")
    ('.txt', '.wet', None, None)
    """
    lower = name.lower()
    plain = lower.removesuffix(".gz").removesuffix(".zst")
    return next((kind for kind in (KINDS if plain == lower else PACKED_KINDS) if plain.endswith(kind)), None)


def find_files(path: Place, ledger: Ledger) -> list[Found]:
    """Return the readable files in the order of their names; what else lies there goes to the ledger.

    Links to folders are followed, each folder once, so that a loop ends. SourceError where nothing can be read.
    """
    if isinstance(path, Address):
        return _files_of_store(path, ledger)
    if not os.path.exists(path):
        parent = path.parent
        beside = sorted(_listed(parent)[1])[:8] if os.path.isdir(parent) else []
        around = f"beside it lie {', '.join(beside)}" if beside else "its folder is empty or missing too"
        raise SourceError(
            f"wanted {_WANTED}, found nothing at this path; {around}",
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
        raise _none_readable(path, names)
    return files


def _files_of_store(address: Address, ledger: Ledger) -> list[Found]:
    """Return the readable files under an address, as `find_files` does."""
    there = list_files(address)
    if not there:
        raise SourceError(
            f"wanted {_WANTED}, found nothing at this address",
            where=str(address),
            do="check bucket and folder, and that the keys in use may list them",
        )
    files = []
    for name, size in there:
        place = address.below(name) if name else address
        if kind := _kind_or_told(name or address.name, ledger):
            files.append(Found(place, name or address.name, kind, size))
    if not files:
        raise _none_readable(address, [name or address.name for name, _ in there])
    return files


def _none_readable(place: Place, names: list[str]) -> SourceError:
    there = f"only {', '.join(names[:8])}" if names else "an empty folder"
    return SourceError(
        f"wanted {_WANTED}, found {there}",
        where=str(place),
        do="convert the text to one of these, or give another path",
    )


def _walk(root: Path) -> Iterator[str]:
    """Yield the names of all files below, relative to the root."""
    seen: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        status, names = _listed(folder)
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        for name in sorted(names, reverse=True):
            each = folder / name
            if each.is_dir():
                waiting.append(each)
            else:
                yield each.relative_to(root).as_posix()


def _listed(folder: Path) -> tuple[os.stat_result, list[str]]:
    """Return what a folder is and the names in it; SourceError where it may not be looked into."""
    try:
        return folder.stat(), os.listdir(folder)
    except OSError as error:
        raise SourceError(
            f"cannot look into a folder: {error.strerror}",
            where=str(folder),
            do="give permission to read it, or leave it out",
        ) from error


def _readable(path: Path, name: str, ledger: Ledger) -> Found | None:
    """Return the file, or write down why it cannot be read."""
    kind = _kind_or_told(name, ledger)
    if kind is None:
        return None
    if not os.path.exists(path):
        ledger.drop("a link to nothing", file=name)
        return None
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        ledger.drop("not a regular file", file=name)
        return None
    return Found(path, name, kind, status.st_size)


def _kind_or_told(name: str, ledger: Ledger) -> str | None:
    """Return the kind of a file by its name, or write down why it is none that can be read."""
    last = name.rpartition("/")[2]
    kind = kind_of(last)
    if kind is None:
        ledger.drop("not a kind of file that can be read", file=name)
    elif last in DATASET_PAGES:
        ledger.drop("a dataset folder's description of itself, no documents", file=name)
        return None
    return kind


def read_blocks(
    file: Found, ledger: Ledger, span: tuple[int, int | None] = (0, None), max_ratio: float = MAX_UNPACK_RATIO
) -> Iterator[bytes]:
    """Yield a file's bytes in blocks, unpacked; a plain file's from the first to the last byte (not included) of
    `span`.

    A broken gzip or zstd, a bomb, or a failing disk ends the file with a line in the ledger.
    """
    try:
        with open_unpacked(file) as handle:
            packed = is_packed(file)
            allowed = max(BOMB_BYTES, file.num_bytes * max_ratio) if packed else None
            start, stop = span
            if start:
                handle.seek(start)
            done = start
            while block := handle.read(BLOCK_BYTES if stop is None else min(BLOCK_BYTES, stop - done)):
                done += len(block)
                yield block
                if allowed is not None and done > allowed:
                    reason = f"unpacks to more than {max_ratio:g} times its size, a bomb: the rest of the file is lost"
                    ledger.drop(reason, file=file.name)
                    return
    except _BROKEN_GZIP as error:
        ledger.drop("broken gzip: the rest of the file is lost", file=file.name, excerpt=str(error))
    except zstandard.ZstdError as error:
        ledger.drop("broken zstd: the rest of the file is lost", file=file.name, excerpt=str(error))
    except OSError as error:
        if isinstance(file.path, Address):  # the network's fault, not the file's: going on would lose what is there
            raise unreachable(file.path, error) from error
        ledger.drop("cannot be read: the rest of the file is lost", file=file.name, excerpt=str(error))


def read_lines(
    file: Found, ledger: Ledger, max_line_bytes: int, blocks: Iterator[bytes] | None = None, first: int = 1
) -> Iterator[tuple[int, bytes]]:
    """Yield (line number, line without its end); a line over the bound is dropped without being held in memory.

    `blocks` are the file's where only a part of it is read, and `first` is the number of their first line.
    """
    number, parts, size = first, [], 0
    for block in read_blocks(file, ledger) if blocks is None else blocks:
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


def read_text(file: Found, ledger: Ledger, max_ratio: float = MAX_UNPACK_RATIO) -> Iterator[str]:
    """Yield a file's text in blocks: no byte order mark, line ends as `\\n`, invalid UTF-8 as U+FFFD (said in the
    ledger).
    """
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8-sig")("replace"), translate=True)
    num_marks, num_written, tail = 0, 0, b""
    for block in read_blocks(file, ledger, max_ratio=max_ratio):
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


def is_packed(file: Found) -> bool:
    """Return whether the file's name says that it is packed."""
    return file.path.name.lower().endswith((".gz", ".zst"))


class _Gunzipped(gzip.GzipFile):
    """Closes the file below it too."""

    def __init__(self, below: BinaryIO) -> None:
        super().__init__(fileobj=below, mode="rb")
        self._below = below

    def close(self) -> None:
        super().close()
        self._below.close()


def open_unpacked(file: Found) -> BinaryIO:
    """Open a file for reading, unpacked."""
    name = file.path.name.lower()
    if name.endswith(".gz"):
        return cast(BinaryIO, _Gunzipped(open_bytes(file.path)))
    if name.endswith(".zst"):
        unpacker = zstandard.ZstdDecompressor(max_window_size=_MAX_ZSTD_WINDOW)
        return cast(BinaryIO, unpacker.stream_reader(open_bytes(file.path), read_across_frames=True, closefd=True))
    return open_bytes(file.path)
