"""The ledger: one line for each thing not taken, and counts that match."""

import json
from pathlib import Path

from trivium.curation.ledger import EXCERPT_CHARS, Ledger, tally


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


def test_a_tally_counts_by_reason_and_says_where_each_was_met_first(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.jsonl") as ledger:
        ledger.drop("a link to nothing", file="z")
        for line in (2, 5):
            ledger.drop("empty text", file="a", line=line)
        ledger.repair("empty text", file="c", line=1)
    assert tally(ledger.path) == {
        "dropped": [
            {"reason": "empty text", "rows": 2, "first": "a:2"},
            {"reason": "a link to nothing", "rows": 1, "first": "z"},
        ],
        "repaired": [{"reason": "empty text", "rows": 1, "first": "c:1"}],
    }
    assert tally(tmp_path / "none.jsonl") == {"dropped": [], "repaired": []}
