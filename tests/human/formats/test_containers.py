"""Shows that rows come in from CSV, Parquet and packed files, go out as the same bytes, and that a bomb is stopped."""

from __future__ import annotations

import codecs
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from trivium.core.errors import InputError, SourceError
from trivium.human.formats import load
from trivium.human.formats.rows import Flaw, parquet_bytes, read_rows, write_rows

ROWS: list[dict[str, Any]] = [
    {"a": "one\ntwo", "b": [{"c": 1, "d": []}], "e": {"f": "é\u2028"}},
    {"a": "", "b": [], "g": True},
]


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz", "rows.json", "rows.json.gz", "rows.parquet"])
def test_rows_are_written_and_read_again_in_every_container(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    assert write_rows(file, iter(ROWS)) == 2
    assert list(read_rows(file)) == [(1, ROWS[0]), (2, ROWS[1])]
    first = file.read_bytes()
    write_rows(file, ROWS)
    assert file.read_bytes() == first
    if name.endswith(".gz"):
        assert first[4:8] == b"\0\0\0\0"  # no time


def test_no_rows_are_a_file_too(tmp_path: Path) -> None:
    for name in ("rows.jsonl", "rows.json", "rows.parquet"):
        assert write_rows(tmp_path / name, []) == 0
        assert list(read_rows(tmp_path / name)) == []


def test_csv_fields_hold_line_breaks_and_a_short_row_is_a_flaw(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes('\ufeffa,b\n"x\ny",1\nz\nw,2,3\n"v, u",4\n'.encode())
    rows = list(read_rows(file))
    assert [line for line, _ in rows] == [3, 4, 5, 6]
    assert [row for _, row in rows if not isinstance(row, Flaw)] == [{"a": "x\ny", "b": "1"}, {"a": "v, u", "b": "4"}]
    with pytest.raises(InputError, match="read, not written"):
        write_rows(file, ROWS)


def test_alpaca_comes_from_csv(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("instruction,input,output\nAdd.,1 2,3\n")
    [one] = load("alpaca", tmp_path / "rows.csv").records
    assert (one.prompt.text, one.reply) == ("Add.\n\n1 2", "3")  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["bomb.jsonl.gz", "bomb.json.gz", "bomb.csv.gz"])
def test_a_packed_file_that_unpacks_beyond_the_limit_is_stopped_before_it_fills_the_memory(
    tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    file.write_bytes(gzip.compress(b"[" + b" " * 50_000_000))
    assert file.stat().st_size < 100_000
    with pytest.raises(SourceError, match="unpacks to more than 1 MB"):
        list(read_rows(file, max_bytes=1_000_000))


def test_parquet_beyond_the_limit_is_refused_by_its_own_sizes(tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    file.write_bytes(parquet_bytes({"a": f"{number} " * 100} for number in range(1000)))
    with pytest.raises(SourceError, match="limit"):
        list(read_rows(file, max_bytes=10_000))
    assert len(list(read_rows(file, max_bytes=10_000_000))) == 1000


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("rows.parquet", b"PAR1 nonsense", "not Parquet"),
        ("rows.csv", b"a\n\xff\n", "wanted UTF-8"),
        ("rows.csv", b'a\n"x"y\n', "not CSV"),
        ("rows.json", b"[" * 100_000, "JSON array"),
        ("rows.jsonl.gz", gzip.compress(b"{}")[:-9] + b"garbage!!", "gzip file is broken"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_one_clear_message(
    tmp_path: Path, name: str, data: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=message):
        list(read_rows(tmp_path / name))


def test_a_line_nested_without_end_is_a_flaw_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("[" * 100_000 + "\n" + json.dumps({"a": 1}) + "\n")
    [(_, first), second] = read_rows(tmp_path / "rows.jsonl")
    assert isinstance(first, Flaw)
    assert second == (2, {"a": 1})


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz", "rows.json", "rows.json.gz"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8], ids=["plain", "marked"])
@pytest.mark.parametrize("data", [
    b'{"a": 1}\n{"a": 2}\n', b'[{"a": 1}, {"a": 2}]', b'[\n {"a": 1},\n {"a": 2}\n]\n', b'\n[{"a": 1},\n{"a": 2}]\n',
], ids=["lines", "array", "spread", "array after a line feed"])  # fmt: skip
def test_what_a_file_holds_says_how_it_is_laid_out_and_not_its_name(
    tmp_path: Path, name: str, mark: bytes, data: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(mark + data) if name.endswith(".gz") else mark + data)
    assert [row for _, row in read_rows(path)] == [{"a": 1}, {"a": 2}]


def test_a_list_among_lines_is_one_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('[{"a": 1}]\n{"a": 2}\n', encoding="utf-8")
    (first, flaw), second = read_rows(path)
    assert (first, str(flaw)) == (1, "wanted an object, found list")
    assert second == (2, {"a": 2})
