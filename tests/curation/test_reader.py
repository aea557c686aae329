"""The plain reader: what it takes, in which order, and that bad input costs one line in the ledger and nothing else."""

import gzip
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.core.errors import SourceError
from trivium.curation.ledger import Ledger
from trivium.curation.reader import ReaderConfig, pieces, read_documents
from trivium.records import Document, content_id


def taken(
    path: Path, ledger_path: Path, config: ReaderConfig | None = None
) -> tuple[list[str], list[dict[str, object]]]:
    with Ledger(ledger_path) as ledger:
        documents = list(read_documents(path, source="s", licence="l", ledger=ledger, config=config))
    assert all(
        document == Document.of(document.text, source="s", licence="l", group=document.group) for document in documents
    )
    return [document.text for document in documents], [
        json.loads(line) for line in ledger_path.read_text().splitlines()
    ]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def test_each_kind_of_file_is_read_in_the_order_of_names(source: Path, log: Path) -> None:
    (source / "b.txt").write_text("text")
    (source / "a.md").write_text("# markdown")
    (source / "c.TXT.gz").write_bytes(gzip.compress(b"packed"))
    (source / "d.jsonl").write_text('{"text": "one"}\n\n"two"\n')
    (source / "e").mkdir()
    (source / "e" / "f.jsonl.gz").write_bytes(gzip.compress(b'{"text": "three", "other": 1}'))
    (source / "g.json").write_text('[{"text": "four"}, "five"]')
    texts, rows = taken(source, log)
    assert texts == ["# markdown", "text", "packed", "one", "two", "three", "four", "five"]
    assert rows == []


def test_a_single_file_is_a_source_too(source: Path, log: Path) -> None:
    (source / "b.txt").write_text("text")
    assert taken(source / "b.txt", log)[0] == ["text"]


def test_sections_are_joined_by_blank_lines_and_keys_reach_inside(source: Path, log: Path) -> None:
    (source / "a.jsonl").write_text('{"sections": ["one", "two"]}\n{"page": {"body": "three"}, "text": 5}\n')
    config = ReaderConfig(text_keys=("sections", "page.body"))
    assert taken(source, log, config)[0] == ["one\n\ntwo", "three"]
    (source / "b.jsonl").write_text('{"sections": ["four"]}')
    assert taken(source / "b.jsonl", log)[0] == ["four"]


def test_a_malformed_line_is_in_the_ledger_with_file_and_line_and_the_rest_goes_on(source: Path, log: Path) -> None:
    deep = "[" * 100_000
    lines = ['{"text": "one"}', '{"text": ', '{"body": "x"}', '{"text": 7}', '{"text": "  "}', deep, '{"text": "two"}']
    (source / "a.jsonl").write_text("\n".join(lines))
    texts, rows = taken(source, log)
    assert texts == ["one", "two"]
    assert [(row["file"], row["line"], row["reason"]) for row in rows] == [
        ("a.jsonl", 2, "not valid JSON"),
        ("a.jsonl", 3, "no text under 'text', 'sections'"),
        ("a.jsonl", 4, "no text under 'text', 'sections'"),
        ("a.jsonl", 5, "empty text"),
        ("a.jsonl", 6, "not valid JSON"),
    ]
    assert "body" in str(rows[1]["excerpt"])


def test_a_line_over_the_bound_is_dropped_without_being_held(source: Path, log: Path) -> None:
    long = json.dumps({"text": "x" * 3_000_000})
    (source / "a.jsonl").write_text('{"text": "one"}\n' + long + '\n{"text": "two"}\n' + long)
    texts, rows = taken(source, log, ReaderConfig(max_line_bytes=1000))
    assert texts == ["one", "two"]
    assert [row["line"] for row in rows] == [2, 4]
    assert rows[0]["reason"] == "line longer than 1,000 bytes"


def test_a_line_may_be_as_long_as_the_bound(source: Path, log: Path) -> None:
    (source / "a.jsonl").write_text(f'"{"x" * 98}"\n"{"x" * 99}"\n')
    texts, rows = taken(source, log, ReaderConfig(max_line_bytes=100))
    assert (texts, len(rows)) == (["x" * 98], 1)


def test_invalid_utf8_is_replaced_and_said(source: Path, log: Path) -> None:
    (source / "a.txt").write_bytes("\ufeffcaf\ufffd ".encode() + b"caf\xe9 \xff!")
    (source / "b.jsonl").write_bytes(b'{"text": "caf\xe9"}\n{"text": "half \\ud800"}')
    texts, rows = taken(source, log)
    assert texts == ["caf\ufffd caf\ufffd \ufffd!", "caf\ufffd", "half \ufffd"]
    assert [(row["action"], row["file"], row["line"]) for row in rows] == [
        ("repaired", "a.txt", None),
        ("repaired", "b.jsonl", 1),
        ("repaired", "b.jsonl", 2),
    ]
    assert rows[0]["excerpt"] == "2 replaced by U+FFFD"


def test_line_ends_become_one_character_and_a_byte_order_mark_goes(source: Path, log: Path) -> None:
    (source / "a.txt").write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree")
    (source / "b.jsonl").write_bytes(b'\xef\xbb\xbf{"text": "one\\r\\ntwo"}\r\n')
    assert taken(source, log) == (["one\ntwo\nthree", "one\ntwo"], [])


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: b"not gzip", lambda data: data[:20] + b"\xff" * 99]
)
def test_a_broken_gzip_costs_one_line_and_the_rest_goes_on(source: Path, log: Path, damage: object) -> None:
    assert callable(damage)
    data = gzip.compress("".join(json.dumps({"text": f"line {index}"}) + "\n" for index in range(5000)).encode())
    (source / "a.jsonl.gz").write_bytes(damage(data))
    (source / "b.txt").write_text("whole")
    texts, rows = taken(source, log)
    assert texts[-1] == "whole"
    assert any(
        row["reason"] == "broken gzip: the rest of the file is lost" and row["file"] == "a.jsonl.gz" for row in rows
    )


def test_what_else_lies_in_the_folder_is_in_the_ledger(source: Path, log: Path) -> None:
    (source / "a.txt").write_text("text")
    (source / "b.md").write_text("left out by include")
    (source / "c.docx").write_text("x")
    (source / "d.txt").symlink_to(source / "nowhere")
    os.mkfifo(source / "e.txt")
    texts, rows = taken(source, log, ReaderConfig(include="*.txt"))
    assert texts == ["text"]
    assert {row["file"]: row["reason"] for row in rows} == {
        "b.md": "name does not match include = '*.txt'",
        "c.docx": "not a kind of file that can be read",
        "d.txt": "a link to nothing",
        "e.txt": "not a regular file",
    }


def test_a_loop_of_links_ends(source: Path, log: Path) -> None:
    (source / "a").mkdir()
    (source / "a" / "t.txt").write_text("text")
    (source / "a" / "back").symlink_to(source)
    (source / "self.txt").symlink_to(source / "self.txt")
    assert taken(source, log)[0] == ["text"]


def test_a_folder_that_may_not_be_looked_into_is_named(
    source: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source / "open").mkdir()
    (source / "open" / "t.txt").write_text("text")
    (source / "closed").mkdir()
    listed = os.listdir

    def forbidding(folder: Path) -> list[str]:
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(os, "listdir", forbidding)
    with pytest.raises(SourceError, match="cannot look into a folder: Permission denied") as caught:
        taken(source, log)
    assert caught.value.where == str(source / "closed")
    assert "leave it out" in caught.value.do
    with pytest.raises(SourceError, match="cannot look into a folder"):
        taken(source / "closed" / "t.txt", log)


@pytest.mark.parametrize("make", ["missing", "empty", "other"])
def test_a_source_that_cannot_be_read_says_what_was_wanted_found_and_where(source: Path, log: Path, make: str) -> None:
    path = source / "missing" if make == "missing" else source
    if make == "other":
        (source / "image.png").write_text("x")
    found = {"missing": "nothing at this path", "empty": "an empty folder", "other": r"only image\.png"}[make]
    with pytest.raises(SourceError, match=r"wanted a file or folder of \.txt.*found " + found) as caught:
        taken(path, log)
    assert caught.value.where == str(path)
    assert caught.value.do


def test_files_without_one_document_are_an_error_that_counts_the_reasons(source: Path, log: Path) -> None:
    (source / "a.jsonl").write_text('{"body": 1}\n{"body": 2}\n')
    with pytest.raises(
        SourceError,
        match=r"found none in 1 file: no text under 'text', 'sections' \(2, first a\.jsonl:1: its keys are body\)",
    ):
        taken(source, log)
    (source / "a.jsonl").write_text("")
    with pytest.raises(SourceError, match=r"nothing in it \(1, first a\.jsonl\)"):
        taken(source, log)
    with pytest.raises(SourceError, match=r"include = '\*\.md', found a\.jsonl"):
        taken(source, log, ReaderConfig(include="*.md"))


def test_an_array_that_is_none_is_in_the_ledger(source: Path, log: Path) -> None:
    (source / "a.json").write_text('{"text": "an object"}')
    (source / "b.json").write_text("[1, ")
    (source / "c.json").write_text(json.dumps(["x" * 2000]))
    (source / "d.json").write_text('["kept", 5]')
    texts, rows = taken(source, log, ReaderConfig(max_line_bytes=1000))
    assert texts == ["kept"]
    assert [(row["file"], row["line"]) for row in rows] == [
        ("a.json", None),
        ("b.json", None),
        ("c.json", None),
        ("d.json", 2),
    ]


def test_a_novel_is_cut_at_paragraph_borders_into_documents_by_content(source: Path, log: Path) -> None:
    paragraphs = [f"Paragraph {index} " + "word " * 20 for index in range(200)]
    (source / "novel.txt").write_text("\n\n".join(paragraphs))
    texts, _rows = taken(source, log, ReaderConfig(max_document_chars=1000))
    assert all(500 <= len(text) <= 1000 for text in texts[:-1])
    assert all(text.startswith("Paragraph") for text in texts)
    assert "\n\n".join(texts) == "\n\n".join(paragraphs)
    with Ledger(log) as ledger:
        config = ReaderConfig(max_document_chars=1000)
        first = next(read_documents(source, source="s", licence="l", ledger=ledger, config=config))
    assert first.id == content_id(texts[0])


@given(blocks=st.lists(st.text(alphabet="ab \n", max_size=30)), max_chars=st.integers(1, 12))
def test_cutting_loses_only_blanks_and_line_ends_at_the_cuts(blocks: list[str], max_chars: int) -> None:
    cut = list(pieces(blocks, max_chars))
    assert all(len(piece) <= max_chars for piece in cut)
    letters = str.maketrans("", "", " \n")
    assert "".join(cut).translate(letters) == "".join(blocks).translate(letters)


@given(text=st.text(alphabet="ab \n", max_size=60), max_chars=st.integers(1, 12), block_chars=st.integers(1, 9))
def test_a_text_is_cut_alike_whatever_blocks_it_comes_in(text: str, max_chars: int, block_chars: int) -> None:
    blocks = [text[start : start + block_chars] for start in range(0, len(text), block_chars)]
    assert list(pieces(blocks, max_chars)) == list(pieces([text], max_chars))
