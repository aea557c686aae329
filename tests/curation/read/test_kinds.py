"""Kinds of files: tables, pages, PDF, dataset folders, packed ones, and what each says of what it cannot take."""

import gzip
import json
import os
import resource
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from curation.read.conftest import Take
from trivium.curation import files


def texts(rows: list[dict[str, object]]) -> list[object]:
    return [row["text"] for row in rows]


def test_parquet_takes_text_lists_and_inner_fields(source: Path, take: Take) -> None:
    pq.write_table(pa.table({"text": ["one", None, "two"], "url": ["u1", "u2", None]}), source / "a.parquet")
    pq.write_table(pa.table({"sections": [["three", "four"], []]}), source / "b.parquet")
    pq.write_table(pa.table({"page": [{"body": "five", "other": 1}]}), source / "c.parquet")
    pq.write_table(pa.table({"number": [1]}), source / "d.parquet")
    (source / "e.parquet").write_bytes(b"PAR1 not parquet PAR1")
    rows, said = take(text_keys=("text", "sections", "page.body"))
    assert texts(rows) == ["one", "two", "three\n\nfour", "five"]
    assert [row["url"] for row in rows] == ["u1", "", "", ""]
    assert [(row["file"], row["line"]) for row in said] == [
        ("a.parquet", 2),
        ("b.parquet", 2),
        ("d.parquet", None),
        ("e.parquet", 1),
    ]


def test_a_dataset_folder_is_read_and_its_own_pages_are_not(source: Path, take: Take) -> None:
    table = pa.table({"text": [f"text {index}" for index in range(600)]})
    with (
        pa.OSFile(str(source / "data-00000-of-00001.arrow"), "wb") as sink,
        pa.ipc.new_stream(sink, table.schema) as writer,
    ):
        writer.write_table(table)
    with pa.OSFile(str(source / "file.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.slice(0, 2))
    (source / "dataset_info.json").write_text("{}")
    (source / "state.json").write_text("[]")
    rows, said = take()
    assert texts(rows) == [*table["text"].to_pylist(), "text 0", "text 1"]
    assert rows[599]["where"] == "data-00000-of-00001.arrow:600"
    assert {row["file"] for row in said} == {"dataset_info.json", "state.json"}


def test_cells_are_read_line_ends_in_quotes_included_and_bad_rows_are_said(source: Path, take: Take) -> None:
    (source / "a.csv").write_bytes(b'id,text,url\n1,"one, and\nmore",u\n2,too,many,cells\n3,two,\n4,caf\xe9,x\n')
    (source / "b.tsv.gz").write_bytes(gzip.compress(b"text\tn\nthree\t1\n"))
    (source / "c.csv").write_text("a,b\n1,2\n")
    rows, said = take()
    assert texts(rows) == ["one, and\nmore", "two", "caf\ufffd", "three"]
    assert [row["where"] for row in rows[:2]] == ["a.csv:1", "a.csv:2"]
    assert [(row["file"], row["reason"]) for row in said] == [
        ("a.csv", "wanted 3 cells, found 4"),
        ("a.csv", "invalid UTF-8 replaced"),
        ("c.csv", "no column under 'text', 'sections'"),
    ]


def test_pages_are_read_to_their_main_text(source: Path, take: Take) -> None:
    prose = "The river runs to the sea, and the people of the town have lived with it for a very long time."
    (source / "a.html").write_text(
        f"<html><body><nav><a href=x>Menu</a></nav><article><p>{prose}</p></article></body></html>"
    )
    (source / "b.xhtml").write_text(
        f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body><p>{prose}</p></body></html>'
    )
    (source / "c.htm.gz").write_bytes(gzip.compress(b"<html><body></body></html>"))
    rows, said = take()
    assert texts(rows) == [prose, prose]
    assert [(row["file"], row["reason"]) for row in said] == [
        ("c.htm.gz", "page without main text"),
        ("c.htm.gz", "empty text"),
    ][:1]


def pdf(text: str) -> bytes:
    """Write the smallest PDF of one page that says the text."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        out
        + b"xref\n0 6\n0000000000 65535 f \n"
        + table
        + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(out)
    )


def test_a_pdf_is_read_where_pypdf_is_there_and_a_broken_one_is_said(
    source: Path, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source / "a.pdf").write_bytes(pdf("A page of text"))
    (source / "b.pdf").write_bytes(b"%PDF-1.4 broken")
    (source / "c.txt").write_text("beside")
    rows, said = take()
    assert texts(rows) == ["A page of text", "beside"]
    assert [(row["file"], row["reason"]) for row in said] == [("b.pdf", "broken PDF: the rest of the file is lost")]
    monkeypatch.setitem(sys.modules, "pypdf", None)
    rows, said = take()
    assert texts(rows) == ["beside"]
    assert [row["reason"] for row in said] == ["a PDF needs pypdf: pip install 'trivium[pdf]'"] * 2


def test_zstd_is_unpacked_frame_by_frame_and_a_broken_one_is_said(source: Path, take: Take) -> None:
    (source / "a.jsonl.zst").write_bytes(
        zstandard.compress(b'{"text": "one"}\n') + zstandard.compress(b'{"text": "two"}\n')
    )
    (source / "b.txt.zst").write_bytes(b"no zstd")
    rows, said = take()
    assert texts(rows) == ["one", "two"]
    assert [row["reason"] for row in said] == ["broken zstd: the rest of the file is lost", "empty text"][: len(said)]


@pytest.mark.parametrize(
    "name", ["a.txt.gz", "a.jsonl.gz", "a.html.gz", "a.warc.gz", "a.csv.gz", "a.json.gz", "a.txt.zst"]
)
def test_a_bomb_ends_with_a_line_in_the_ledger(
    source: Path, take: Take, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BOMB_BYTES", 4 << 20)
    zeros = b"text\n" + (b'"' + b"0" * 65_533 + b'"\n') * 160
    (source / name).write_bytes(zstandard.compress(zeros) if name.endswith("zst") else gzip.compress(zeros))
    (source / "b.txt").write_text("whole")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows, said = take(max_unpack_ratio=2.0, max_line_bytes=100 << 20)
    assert rows[-1]["text"] == "whole"
    assert any("a bomb" in str(row["reason"]) for row in said)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 20


def test_zeros_are_no_text(source: Path, take: Take) -> None:
    (source / "a.txt.gz").write_bytes(gzip.compress(b"\0" * 3_000_000))
    (source / "b.txt").write_text("whole")
    rows, said = take()
    assert texts(rows) == ["whole"]
    assert {row["reason"] for row in said} == {"empty text"}


def test_empty_pieces_of_one_whole_are_one_line_with_their_number(source: Path, take: Take) -> None:
    (source / "a.txt").write_text("one" + " " * 3000 + "two" + " " * 3000)
    (source / "b.jsonl").write_text("".join(f"{json.dumps({'text': text})}\n" for text in (" " * 3000, "", "three")))
    rows, said = take(max_document_chars=1000)
    assert [text.strip() for text in texts(rows)] == ["one", "two", "three"]
    assert [(row["file"], row["line"], row["reason"], row["excerpt"]) for row in said] == [
        ("a.txt", None, "empty text", "4 pieces"),
        ("b.jsonl", 1, "empty text", "3 pieces"),
        ("b.jsonl", 2, "empty text", ""),
    ]


def test_a_file_with_nothing_in_it_is_said_whatever_its_kind(source: Path, take: Take) -> None:
    (source / "whole.txt").write_text("whole")
    (source / "a.txt").write_bytes(b"")
    (source / "b.jsonl").write_text("\n\n")
    (source / "c.jsonl.gz").write_bytes(gzip.compress(b""))
    (source / "d.csv").write_text("text,url\n")
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), source / "e.parquet")
    (source / "f.warc").write_bytes(b"WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 0\r\n\r\n\r\n\r\n")
    (source / "g.json").write_text("[]")
    rows, said = take()
    assert texts(rows) == ["whole"]
    assert [row["file"] for row in said] == [
        "a.txt", "b.jsonl", "c.jsonl.gz", "d.csv", "e.parquet", "f.warc", "g.json",
    ]  # fmt: skip
    assert {row["reason"] for row in said} == {"nothing in it"}


def test_one_endless_line_is_cut_or_dropped_in_bounded_memory(source: Path, take: Take) -> None:
    for name in ("a.txt", "a.jsonl"):
        with (source / name).open("wb") as file:
            for _block in range(40):
                file.write(b"word " * 200_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows, said = take(max_line_bytes=1 << 20)
    assert len(rows) == 40
    assert [row["reason"] for row in said] == ["line longer than 1,048,576 bytes"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 20


def test_what_cannot_be_opened_is_said(source: Path, take: Take) -> None:
    (source / "a.txt").write_text("kept")
    for name in ("b.txt", "c.parquet", "d.csv", "e.html", "f.warc", "g.arrow", "h.pdf", "i.jsonl.gz"):
        (source / name).write_bytes(os.urandom(300))
        if os.geteuid():
            (source / name).chmod(0)
    rows, said = take()
    assert rows[0]["text"] == "kept"
    assert {row["file"] for row in said} >= {"c.parquet", "f.warc", "g.arrow", "i.jsonl.gz"}


def test_json_rows_bear_their_address(source: Path, take: Take) -> None:
    (source / "a.json").write_text(json.dumps([{"text": "one", "url": "u"}, {"text": "two", "url": 5}]))
    assert [(row["text"], row["url"]) for row in take()[0]] == [("one", "u"), ("two", "")]
