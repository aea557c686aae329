"""A small file that would fill the memory is refused before it has: packed, shared by all rows, or millions of nothings."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trivium.core.errors import SourceError
from trivium.human.formats.room import ROW_BYTES, Room
from trivium.human.formats.rows import read_rows

LIMIT = 64_000_000
MEMORY = 1_500_000_000
"""What the program may take in all: libraries and the limit, many times less than what the files would become."""


def shared_by_all_rows(path: Path) -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 200_000, pa.int32()), pa.array(["x" * 1_000_000]))
    pq.write_table(pa.table({"prompt": column}), path, compression="zstd")


def a_list_without_end(path: Path) -> None:
    many = pa.ListArray.from_arrays(pa.array([0, 200_000_000], pa.int32()), pa.nulls(200_000_000, pa.int8()))
    pq.write_table(pa.table({"prompt": many}), path, compression="zstd")


BOMBS: dict[str, Callable[[Path], object]] = {
    "one-text.jsonl.gz": lambda path: path.write_bytes(gzip.compress(b'{"prompt": "' + b"a" * 200_000_000 + b'"}\n')),
    "nothings.json.gz": lambda path: path.write_bytes(gzip.compress(b"[" + b"[]," * 20_000_000 + b"[]]")),
    "nothings.jsonl.gz": lambda path: path.write_bytes(gzip.compress(b'{"a": [' + b"[]," * 20_000_000 + b"[]]}\n")),
    "rows.jsonl.gz": lambda path: path.write_bytes(gzip.compress(b"{}\n" * 20_000_000)),
    "bad-lines.jsonl.gz": lambda path: path.write_bytes(gzip.compress(b"x\n" * 30_000_000)),
    "rows.csv.gz": lambda path: path.write_bytes(gzip.compress(b"a\n" * 30_000_000)),
    "entries.json.gz": lambda path: path.write_bytes(gzip.compress(b"[" + b"1," * 30_000_000 + b"1]")),
    "shared.parquet": shared_by_all_rows,
    "list.parquet": a_list_without_end,
}
PROGRAM = """
import resource, sys
from pathlib import Path
from trivium.core.errors import SourceError
from trivium.human.formats import load
resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[2]), int(sys.argv[2])))
try:
    load("trivium", Path(sys.argv[1]), None, int(sys.argv[3]))
except SourceError as error:
    print(error.message)
"""


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_the_memory(name: str, tmp_path: Path) -> None:
    bomb = tmp_path / name
    BOMBS[name](bomb)
    assert bomb.stat().st_size < 1_500_000
    given = [sys.executable, "-c", PROGRAM, str(bomb), str(MEMORY), str(LIMIT)]
    done = subprocess.run(given, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": "src"}, check=False)
    assert done.stdout.startswith("the file unpacks to more than"), done.stderr[-2_000:]


def test_a_file_within_the_limit_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"a": [1, 2, 3]}\n\n' * 40)
    assert len(list(read_rows(file, 50_000))) == 40
    with pytest.raises(SourceError, match="which is the limit"):
        list(read_rows(file, 40 * ROW_BYTES))


def test_without_a_limit_there_is_room_for_all(tmp_path: Path) -> None:
    room = Room(tmp_path, None)
    room.take(num_bytes=10**15, num_rows=10**12)
    assert room.rows_of(10**15, most=1024) == 1024


def test_a_wide_value_is_taken_a_row_at_a_time(tmp_path: Path) -> None:
    room = Room(tmp_path, 1_000)
    assert [room.rows_of(width, most=10) for width in (0, 10, 300, 5_000)] == [10, 10, 3, 1]
