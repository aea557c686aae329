"""The ledger: one line for each thing not taken, and counts that match."""

import json
from pathlib import Path

from trivium.curation.ledger import EXCERPT_CHARS, Ledger


def test_each_row_says_what_where_and_why(tmp_path: Path) -> None:
    with Ledger(tmp_path / "new" / "ledger.jsonl") as ledger:
        ledger.drop("empty text", file="a", line=2)
        ledger.drop("empty text", file="b")
        ledger.repair("invalid UTF-8 replaced", file="c", line=1, excerpt="x" * 999 + "\ud800")
    rows = [json.loads(line) for line in ledger.path.read_text().splitlines()]
    assert rows[0] == {"action": "dropped", "file": "a", "line": 2, "reason": "empty text", "excerpt": ""}
    assert rows[2]["action"] == "repaired"
    assert len(rows[2]["excerpt"]) == EXCERPT_CHARS
    assert (dict(ledger.dropped), dict(ledger.repaired)) == ({"empty text": 2}, {"invalid UTF-8 replaced": 1})


def test_an_excerpt_may_hold_anything(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.jsonl") as ledger:
        ledger.drop("bad", file="a\ud800", excerpt="\ud800\n\x00\u2028")
    assert len(ledger.path.read_text().split("\n")) == 2
