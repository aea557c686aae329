"""A run's scorecard.json to the table in the README, between its markers.

    python scripts/readme_scorecard.py runs/quickstart/scorecard.json
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from trivium.core.errors import InputError
from trivium.evaluation.assemble.scores import rows_of, verdict_words
from trivium.evaluation.report.data import ScoreRow
from trivium.evaluation.report.whiskers import interval_words, value_words
from trivium.records import Measure

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- scorecard: begin -->", "<!-- scorecard: end -->"
SIGNS = {"met": "✓", "missed": "✗ missed", "no bar": ""}


def table(rows: tuple[ScoreRow, ...]) -> str:
    """Return the rows as a Markdown table, one heading a group; a number comes with its interval and n."""
    lines = ["| measure | value | 95 % interval | n | bar | |", "|---|--:|---|--:|---|---|"]
    for group, members in groupby(rows, key=lambda row: row.group):
        lines.append(f"| **{group}** | | | | | |")
        for row in members:
            n = "" if row.n is None else f"{row.n:,}"
            cells = (f"{row.label} `{row.key}`", value_words(row), interval_words(row), n, row.bar, SIGNS[row.verdict])
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"{verdict_words(rows)}."])


def replaced(text: str, block: str) -> str:
    """Return the page with the block between its markers.

    >>> replaced("a <!-- scorecard: begin -->old<!-- scorecard: end --> b", "new").splitlines()
    ['a <!-- scorecard: begin -->', 'new', '<!-- scorecard: end --> b']
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(f"wanted the markers {BEGIN} and {END}, found none", where=str(README))
    return f"{before}{BEGIN}\n{block}\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Write the table into the README."""
    if len(arguments) != 1:
        print(__doc__)
        return 2
    try:
        card = TypeAdapter(dict[str, Measure]).validate_json(Path(arguments[0]).read_bytes())
        rows = rows_of(card, truth_known="policy.honest" in card)
        README.write_text(replaced(README.read_text(encoding="utf-8"), table(rows)), encoding="utf-8")
    except (OSError, ValidationError, InputError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{README}: {verdict_words(rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
