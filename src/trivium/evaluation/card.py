"""A scorecard to its JSON and back: `{key: {"value", "n", "low", "high"}}`, flat dotted keys, sorted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trivium.records import Measure


def card_table(card: Mapping[str, Measure]) -> dict[str, dict[str, Any]]:
    """Return the card as a JSON table. Every row has the four keys; one without a value says why in `undefined`.

    >>> card_table({"sft.stops": Measure(value=1.0, n=9)})
    {'sft.stops': {'value': 1.0, 'n': 9, 'low': None, 'high': None}}
    """
    return {key: _row(measure) for key, measure in sorted(card.items())}


def _row(measure: Measure) -> dict[str, Any]:
    row = measure.model_dump(mode="json")
    if measure.undefined is None:
        del row["undefined"]
    return row


def card_json(card: Mapping[str, Measure]) -> str:
    """Return the card as the text of its file."""
    return json.dumps(card_table(card), indent=1, allow_nan=False) + "\n"


def read_card(path: Path) -> dict[str, Measure]:
    """Read a card that `card_json` wrote."""
    table = json.loads(path.read_text(encoding="utf-8"))
    return {key: Measure.model_validate(row) for key, row in table.items()}
