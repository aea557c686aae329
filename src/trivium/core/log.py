"""Events and measurements to JSON lines, with one human line beside each event."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trivium.core.storage import storage


class EventLog:
    """Events with fields: one JSON line each in `path`, and the human line to `say`, where they are given."""

    def __init__(self, path: Path | None = None, say: Callable[[str], None] | None = None) -> None:
        """Remember where to write; the file is made with the first event."""
        self.path = path
        self.say = say

    def write(self, event: str, text: str = "", **fields: Any) -> None:
        """Record an event; `text` is what a person reads."""
        if self.path is not None:
            row = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, "text": text, **fields}
            with storage(self.path.parent):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self.path.open("a", encoding="utf-8") as handle:
                    handle.write(json.dumps(row, ensure_ascii=False) + "\n")
        if text and self.say is not None:
            self.say(text)


class MetricsLog:
    """One JSON line per step. Keep it in scratch while a stage runs: rows after the resumed checkpoint are cut off."""

    def __init__(self, path: Path, *, resume_step: int = 0) -> None:
        """Open the log; rows of a step ≥ `resume_step` and a half-written last line are removed."""
        self.path = path
        with storage(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            kept = [row for row in read_metrics(path) if row["step"] < resume_step] if path.exists() else []
            draft = path.with_suffix(path.suffix + ".draft")
            draft.write_text("".join(_line(row) for row in kept), encoding="utf-8")
            draft.replace(path)

    def write(self, *, step: int, **fields: Any) -> None:
        """Append one row."""
        with storage(self.path.parent), self.path.open("a", encoding="utf-8") as handle:
            handle.write(_line({"step": step, **fields}))


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a metrics log; a last line that a kill cut short is left out."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"
