"""What was dropped or repaired to one JSON line each, with its reason: who asks for a lost document finds it here."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

EXCERPT_CHARS = 200

Action = Literal["dropped", "repaired"]


def tally(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return what a ledger holds as {dropped, repaired: [{reason, rows, first}]}, the commonest reasons first.

    `first` is where a reason was met first, as `file:line`. Nothing is in either list where there is no ledger.
    """
    met: dict[str, dict[str, dict[str, Any]]] = {"dropped": {}, "repaired": {}}
    if path.exists():
        with path.open(encoding="utf-8") as file:
            for row in map(json.loads, file):
                reason = row["reason"]
                met[row["action"]].setdefault(reason, {"reason": reason, "rows": 0, "first": _place(row)})["rows"] += 1
    return {action: sorted(reasons.values(), key=lambda each: -each["rows"]) for action, reasons in met.items()}


def _place(row: dict[str, Any]) -> str:
    return row["file"] if row["line"] is None else f"{row['file']}:{row['line']}"


class Ledger:
    """A JSONL file of rows {action, file, line, reason, excerpt}, and the counts per reason.

    >>> import tempfile, pathlib
    >>> with Ledger(pathlib.Path(tempfile.mkdtemp()) / "ledger.jsonl") as ledger:
    ...     ledger.drop("empty text", file="a.jsonl", line=3)
    >>> dict(ledger.dropped)
    {'empty text': 1}
    """

    def __init__(self, path: Path | str) -> None:
        """Open the file for writing; its folder is made."""
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("w", encoding="utf-8")
        self.dropped: Counter[str] = Counter()
        """How many rows were dropped, by reason."""
        self.repaired: Counter[str] = Counter()
        """How many were kept after a repair, by reason."""
        self.first: dict[str, str] = {}
        """Where each reason was met first, as `file:line: excerpt`."""

    def drop(self, reason: str, *, file: str, line: int | None = None, excerpt: str = "") -> None:
        """Write down what is left out; `line` counts from 1, None where the whole file is meant."""
        self.dropped[reason] += 1
        self._write("dropped", reason, file=file, line=line, excerpt=excerpt)

    def repair(self, reason: str, *, file: str, line: int | None = None, excerpt: str = "") -> None:
        """Write down what was changed and kept."""
        self.repaired[reason] += 1
        self._write("repaired", reason, file=file, line=line, excerpt=excerpt)

    def take_over(self, path: Path) -> None:
        """Append the rows that another ledger wrote, and count them."""
        with path.open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                counts = self.dropped if row["action"] == "dropped" else self.repaired
                counts[row["reason"]] += 1
                self._keep_first(row)
                self._file.write(line)

    def _write(self, action: Action, reason: str, *, file: str, line: int | None, excerpt: str) -> None:
        row = {"action": action, "file": file, "line": line, "reason": reason, "excerpt": excerpt[:EXCERPT_CHARS]}
        self._keep_first(row)
        self._file.write(json.dumps(row) + "\n")  # ASCII: an excerpt may hold anything, halves of surrogate pairs too

    def _keep_first(self, row: dict[str, Any]) -> None:
        if row["reason"] not in self.first:
            place = _place(row)
            self.first[row["reason"]] = f"{place}: {row['excerpt']}" if row["excerpt"].strip() else place

    def close(self) -> None:
        """Finish the file; the counts stay."""
        self._file.close()

    def __enter__(self) -> Self:
        """Return the open ledger."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file, whatever happened."""
        self.close()
