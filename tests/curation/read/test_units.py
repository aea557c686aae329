"""Units: a source cut anywhere reads as the whole does, in the same order and with the same line numbers."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.core.errors import SourceError
from trivium.curation.ledger import Ledger
from trivium.curation.read import SCHEMA, SourceSpec, plan_units, read_unit
from trivium.records import content_id


def read(path: Path, unit_bytes: int, folder: Path) -> tuple[int, list[dict[str, Any]], list[str]]:
    """Read unit by unit; return how many there were, the rows, and the ledger's lines."""
    spec = SourceSpec(name="s", path=path, licence="l", unit_bytes=unit_bytes)
    with Ledger(folder / "ledger.jsonl") as ledger:
        units = plan_units(spec, ledger)
        rows = [row for unit in units for batch in read_unit(unit, ledger) for row in batch.to_pylist()]
    return len(units), rows, (folder / "ledger.jsonl").read_text().splitlines()


@given(
    lines=st.lists(
        st.sampled_from(['{"text": "one"}', '"two"', "", "broken", '{"text": "' + "x" * 50 + '"}']), max_size=30
    ),
    unit_bytes=st.integers(1, 120),
    ended=st.booleans(),
)
def test_cut_anywhere_lines_are_read_once_with_their_numbers(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], unit_bytes: int, ended: bool
) -> None:
    folder = tmp_path_factory.mktemp("units")
    (folder / "a.jsonl").write_text("\n".join(lines) + "\n" * ended)
    _number, whole, said = read(folder / "a.jsonl", 1 << 30, folder)
    number, parts, said_in_parts = read(folder / "a.jsonl", unit_bytes, folder)
    assert parts == whole
    assert said_in_parts == said
    assert number >= min(2, (folder / "a.jsonl").stat().st_size // max(2 * unit_bytes + 70, 1))


def test_a_large_file_is_cut_in_blocks_of_reading_too(tmp_path: Path) -> None:
    rows = [json.dumps({"text": f"{index} " + "word " * 200}) for index in range(4000)]
    (tmp_path / "a.jsonl").write_text("\n".join(rows))
    number, parts, _said = read(tmp_path / "a.jsonl", 700_000, tmp_path)
    assert number == 6
    assert [row["where"] for row in parts] == [f"a.jsonl:{line}" for line in range(1, 4001)]


def test_a_parquet_file_is_cut_between_row_groups(tmp_path: Path) -> None:
    table = pa.table({"text": [f"text {index} " + "x" * 100 for index in range(100)]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=10, compression="none")
    _number, whole, _said = read(tmp_path / "a.parquet", 1 << 30, tmp_path)
    number, parts, _said = read(tmp_path / "a.parquet", 500, tmp_path)
    assert number == 10
    assert parts == whole
    assert parts[42]["where"] == "a.parquet:43"


def test_each_row_says_what_it_is_and_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "one", "url": "https://example.org/1"}\n')
    (tmp_path / "b.txt").write_text("two\n\n" * 300)
    spec = SourceSpec(name="s", path=tmp_path, licence="l", max_document_chars=1000)
    with Ledger(tmp_path / "ledger.log") as ledger:
        batches = [batch for unit in plan_units(spec, ledger) for batch in read_unit(unit, ledger)]
    assert all(batch.schema.equals(SCHEMA) for batch in batches)
    first, second, third = (row for batch in batches for row in batch.to_pylist())
    assert first == {
        "id": content_id("one"), "text": "one", "source": "s", "licence": "l", "group": "s/a.jsonl:1",
        "where": "a.jsonl:1", "url": "https://example.org/1",
    }  # fmt: skip
    assert (second["where"], third["where"], second["group"], third["group"]) == (
        "b.txt",
        "b.txt#2",
        "s/b.txt",
        "s/b.txt",
    )


def test_a_source_that_cannot_be_read_is_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_text("x")
    with (
        Ledger(tmp_path / "ledger.log") as ledger,
        pytest.raises(SourceError, match=r"wanted a file or folder of \.txt"),
    ):
        plan_units(SourceSpec(name="s", path=tmp_path), ledger)
