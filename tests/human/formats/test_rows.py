"""Shows that a bad line costs one reject with its place and reason, and that a broken file is an error for people."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from trivium.core.errors import SourceError
from trivium.human.formats.rows import Flaw, Reject, Row, find_files, read_records, text_of


def convert(row: Row) -> Iterator[str | Flaw]:
    """Yield each part of a row; a part called bad is a flaw, a row without parts too."""
    if "parts" not in row:
        raise Flaw("no parts")
    yield from (Flaw("bad part") if part == "bad" else part for part in row["parts"])


def test_a_malformed_line_is_rejected_with_its_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b'{"parts": ["a"]}\n{"parts": \n\n[1]\n\xff\xfe\n{}\n{"parts": ["b", "bad", "c"]}\n')
    made = list(read_records(file, convert))
    assert [one for one in made if isinstance(one, str)] == ["a", "b", "c"]
    rejects = [one for one in made if isinstance(one, Reject)]
    assert [one.line for one in rejects] == [2, 4, 5, 6, 7]
    assert {one.file for one in rejects} == {str(file)}
    assert [one.reason.split(":")[0] for one in rejects] == [
        "not JSON",
        "wanted an object, found list",
        "not JSON",
        "no parts",
        "bad part",
    ]


def test_an_array_counts_its_entries_and_gzip_makes_no_difference(tmp_path: Path) -> None:
    file = tmp_path / "rows.json.gz"
    file.write_bytes(gzip.compress(b'[{"parts": ["a"]}, 3, {"parts": ["b"]}]'))
    assert list(read_records(file, convert)) == ["a", Reject(str(file), 2, "wanted an object, found int"), "b"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rows.jsonl.gz", gzip.compress(b'{"parts": []}\n' * 100)[:-12], "gzip file is broken"),
        ("rows.jsonl.gz", b"no gzip at all", "gzip file is broken"),
        ("rows.json", b"[1, 2", "wanted one JSON array"),
        ("rows.json", b"{}", "wanted a JSON array, found dict"),
    ],
)
def test_a_broken_file_is_one_clear_message(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=message) as caught:
        list(read_records(tmp_path / name, convert))
    assert str(tmp_path) in caught.value.where


def test_a_folder_gives_its_matching_files_in_order_and_a_missing_one_is_an_error(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl", "c.txt"):
        (tmp_path / name).touch()
    assert [file.name for file in find_files(tmp_path, "*.jsonl", "a*")] == ["a.jsonl", "b.jsonl"]
    with pytest.raises(SourceError, match=r"\*.json, found none"):
        find_files(tmp_path, "*.json")
    with pytest.raises(SourceError, match="no such file"):
        find_files(tmp_path / "nowhere", "*.json")


def test_a_field_that_is_missing_empty_or_no_text_is_a_flaw() -> None:
    for row, reason in (({}, "missing"), ({"x": " "}, "empty"), ({"x": True}, "no text but true")):
        with pytest.raises(Flaw, match=reason):
            text_of(row, "x")
    assert text_of({}, "x", may_be_empty=True) == ""
