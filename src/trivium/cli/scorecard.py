"""A run's ending to what the terminal shows: the scorecard as a table, or one JSON document."""

from __future__ import annotations

import sys
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from trivium.evaluation.assemble.ending import Ending
from trivium.evaluation.assemble.scores import verdict_words
from trivium.evaluation.card import card_table
from trivium.evaluation.report.whiskers import interval_words, value_words

PIPE_WIDTH = 140
"""Columns where standard output is no terminal."""
_SIGNS = {"met": ("✓ met", "green"), "missed": ("✗ missed", "red"), "no bar": ("", "")}


def show(ending: Ending) -> None:
    """Print every row with value, 95 % interval, n, bar and verdict, and how many bars were met."""
    rows = ending.data.scorecard
    if not rows:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("measure", "value", "95 % interval", "n", "bar", ""):
        table.add_column(head, justify="right" if head in ("value", "n") else "left", overflow="fold")
    for group, members in groupby(rows, key=lambda row: row.group):
        table.add_row(Text(group, style="bold"))
        for row in members:
            word, style = _SIGNS[row.verdict]
            n = "" if row.n is None else f"{row.n:,}"
            table.add_row(f"  {row.label}", value_words(row), interval_words(row), n, row.bar, Text(word, style=style))
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
    console.print(table)
    console.print(verdict_words(rows), soft_wrap=True)


def document(ending: Ending) -> dict[str, Any]:
    """Return the ending as one table: stages, scorecard, bars, and where the report is."""
    rows = ending.data.scorecard
    return {
        "recipe": ending.data.run.recipe,
        "stages": {name: {"id": one.id, "path": str(one.path)} for name, one in ending.made.items()},
        "scorecard": card_table(ending.card),
        "bars": {word: [row.key for row in rows if row.verdict == word] for word in ("met", "missed")},
        "report": str(ending.report),
    }
