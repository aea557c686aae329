"""Reading in units gives the documents that reading a source in one go gives, in any number of workers and after a kill."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from trivium.core.errors import SourceError
from trivium.curation import gather
from trivium.curation.engine import Engine, EngineSettings
from trivium.curation.gather import gather_text, join
from trivium.curation.ledger import Ledger
from trivium.curation.read import SourceSpec
from trivium.curation.reader import ReaderConfig, read_documents
from trivium.records import Document, read_records


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(gather, "GROUP_BYTES", 400)
    folder = tmp_path / "source"
    folder.mkdir()
    novel = "\n\n".join(f"Paragraph {index} " + "word " * 20 for index in range(60))
    (folder / "novel.txt.gz").write_bytes(gzip.compress(novel.encode()))
    (folder / "notes.md").write_text("# Notes\r\n\r\nA line.")
    rows = [{"text": f"row {index} says something"} for index in range(40)] + [{"sections": ["one", "two"]}, {"no": 1}]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "array.json").write_text(json.dumps(["first", {"text": "second"}]))
    return folder


def gathered(source: Path, folder: Path, max_rows: int | None = None) -> tuple[list[Document], list[dict[str, object]]]:
    spec = SourceSpec(name="s", path=source, licence="l", max_document_chars=900, unit_bytes=300)
    with Ledger(folder / "ledger.jsonl") as ledger, (folder / "all.jsonl").open("wb") as file:
        files = gather_text(spec, folder / "units", Engine(EngineSettings()), ledger, max_rows)
        count = join(files, file, max_rows)
    documents = list(read_records(folder / "all.jsonl", Document))
    assert count == len(documents)
    return documents, [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]


def test_units_give_what_reading_in_one_go_gives(source: Path, tmp_path: Path) -> None:
    with Ledger(tmp_path / "plain.jsonl") as ledger:
        config = ReaderConfig(max_document_chars=900)
        wanted = list(read_documents(source, source="s", licence="l", ledger=ledger, config=config))
    documents, rows = gathered(source, tmp_path)
    assert documents == wanted
    assert rows == [json.loads(line) for line in (tmp_path / "plain.jsonl").read_text().splitlines()]
    assert len(list((tmp_path / "units").glob("*.json"))) > 5


def test_small_files_are_read_together_to_the_same_documents(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = gathered(source, tmp_path)
    monkeypatch.setattr(gather, "GROUP_BYTES", 1 << 20)
    assert gathered(source, tmp_path / "together") == wanted
    assert len(list((tmp_path / "together" / "units").glob("*.json"))) == 1


def test_at_most_so_many_rows_are_taken_and_no_more_units_are_read(source: Path, tmp_path: Path) -> None:
    documents, _rows = gathered(source, tmp_path, max_rows=3)
    assert documents == gathered(source, tmp_path / "again")[0][:3]
    assert len(list((tmp_path / "units").glob("*.json"))) < len(list((tmp_path / "again" / "units").glob("*.json")))


def test_what_was_read_before_a_kill_is_not_read_again(source: Path, tmp_path: Path) -> None:
    wanted, _rows = gathered(source, tmp_path)
    (tmp_path / "units" / "unit-00000.json").unlink()
    (tmp_path / "units" / "unit-00000.documents").write_text("half")
    (source / "rows.jsonl").touch()
    kept = (tmp_path / "units" / "unit-00001.json").stat().st_mtime_ns
    assert gathered(source, tmp_path)[0] == wanted
    assert (tmp_path / "units" / "unit-00001.json").stat().st_mtime_ns == kept


def test_a_source_without_one_document_is_an_error_that_says_why(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "rows.jsonl").write_text('{"body": 1}\n')
    with pytest.raises(
        SourceError,
        match=r"found none in 1 file: no text under 'text', 'sections' \(1, first rows\.jsonl:1: its keys are body\)",
    ):
        gathered(folder, tmp_path)
