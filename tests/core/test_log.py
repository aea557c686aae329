from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from trivium.core.errors import StorageError
from trivium.core.log import EventLog, MetricsLog, read_metrics


def test_an_event_is_a_json_line_and_a_human_line(tmp_path: Path) -> None:
    said: list[str] = []
    log = EventLog(tmp_path / "run" / "events.jsonl", said.append)
    log.write("finished", "sft made", stage="sft", seconds=1.5)
    log.write("silent", step=3)
    rows = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    assert [(row["event"], row.get("stage"), row.get("step")) for row in rows] == [
        ("finished", "sft", None),
        ("silent", None, 3),
    ]
    assert said == ["sft made"]


def test_a_resumed_metrics_log_drops_rows_from_the_step_on_and_a_half_line(tmp_path: Path) -> None:
    file = tmp_path / "metrics.jsonl"
    log = MetricsLog(file)
    for step in range(4):
        log.write(step=step, loss=1.0 / (step + 1))
    with file.open("a") as handle:
        handle.write('{"step": 4, "lo')
    assert [row["step"] for row in read_metrics(file)] == [0, 1, 2, 3]
    resumed = MetricsLog(file, resume_step=2)
    resumed.write(step=2, loss=9.0)
    assert read_metrics(file) == [{"step": 0, "loss": 1.0}, {"step": 1, "loss": 0.5}, {"step": 2, "loss": 9.0}]


def test_a_fresh_metrics_log_starts_empty(tmp_path: Path) -> None:
    MetricsLog(tmp_path / "m.jsonl").write(step=0, loss=1.0)
    MetricsLog(tmp_path / "m.jsonl")
    assert read_metrics(tmp_path / "m.jsonl") == []


def test_a_full_disk_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = MetricsLog(tmp_path / "m.jsonl")

    def full(path: Path, *_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(StorageError, match="the disk is full"):
        log.write(step=0, loss=1.0)
