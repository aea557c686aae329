"""A folder to put sources into, and what a reader makes of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trivium.curation.ledger import Ledger
from trivium.curation.read import SourceSpec, read_batches

Taken = tuple[list[dict[str, Any]], list[dict[str, Any]]]
Take = Callable[..., Taken]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


@pytest.fixture
def take(tmp_path: Path, source: Path) -> Take:
    """Read the source folder (or a path) to the rows of its batches and the rows of the ledger."""

    def read(path: Path | None = None, **settings: Any) -> Taken:
        spec = SourceSpec(name="s", path=path or source, licence="l", **settings)
        with Ledger(tmp_path / "ledger.jsonl") as ledger:
            rows = [row for batch in read_batches(spec, ledger) for row in batch.to_pylist()]
        return rows, [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]

    return read
