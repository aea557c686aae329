"""Shows that every written format gives back what it can hold, and that what it cannot hold is named before."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from human.formats.domains import DOMAINS, SAID, anything
from trivium.human.formats import FORMATS, export, load
from trivium.human.formats.format import losses
from trivium.records import Record

WRITTEN = sorted(name for name, form in FORMATS.items() if form.written)


def test_every_written_format_has_a_domain() -> None:
    assert set(DOMAINS) == set(WRITTEN)


@pytest.mark.parametrize("name", WRITTEN)
@settings(max_examples=15)
@given(data=st.data())
def test_what_a_format_can_hold_comes_back_identical_and_its_bytes_too(name: str, data: st.DataObject) -> None:
    records = data.draw(DOMAINS[name]())
    assert losses(FORMATS[name], records, SAID) == []
    with tempfile.TemporaryDirectory() as folder:
        for suffix in dict.fromkeys((FORMATS[name].suffixes[0], ".jsonl.gz", ".json")):
            if name == "parquet" and suffix != ".parquet":
                continue
            first, second = (Path(folder) / f"{file}{suffix}" for file in ("one", "two"))
            export(name, records, first)
            imported = load(name, first, SAID)
            assert imported.records == records
            assert imported.rejects == []
            export(name, imported.records, second)
            assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", WRITTEN)
@settings(max_examples=15)
@given(records=anything)
def test_an_export_gives_back_all_but_what_was_named(name: str, records: list[Record]) -> None:
    form = FORMATS[name]
    named = losses(form, records, SAID)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"one{form.suffixes[0]}"
        export(name, records, file)
        again = load(name, file, SAID)
    assert named or (again.records == records and not again.rejects)
    assert all(loss.what and 1 <= loss.num_records <= len(records) for loss in named)
    # What was not said to be left out or changed in number is there.
    if not any("left out" in loss.what or "would become" in loss.what or "again" in loss.what for loss in named):
        assert len(again.records) == len(records)
