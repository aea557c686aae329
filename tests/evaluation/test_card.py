from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from trivium.evaluation.card import card_json, read_card
from trivium.records import Measure

numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
reasons = st.none() | st.sampled_from(["", "no outcomes", "Kendall W: “two” replies\n"])
measures = st.builds(Measure, value=numbers, n=st.integers(0, 10**6), low=numbers, high=numbers, undefined=reasons)
keys = st.sampled_from(["sft.stops", "base.tasks.open_qa", "ä", ""])


@given(card=st.dictionaries(keys, measures, max_size=4))
def test_a_card_is_read_back_as_it_was_written(card: dict[str, Measure]) -> None:
    table = json.loads(card_json(card))
    assert {key: Measure.model_validate(row) for key, row in table.items()} == card


def test_every_row_has_four_keys_and_rows_are_sorted(tmp_path: Path) -> None:
    file = tmp_path / "scorecard.json"
    card = {"b": Measure(value=1.0, n=3), "a": Measure(value=None, n=0, undefined="nobody was asked")}
    file.write_text(card_json(card))
    assert json.loads(file.read_text()) == {
        "a": {"value": None, "n": 0, "low": None, "high": None, "undefined": "nobody was asked"},
        "b": {"value": 1.0, "n": 3, "low": None, "high": None},
    }
    assert list(json.loads(file.read_text())) == ["a", "b"]
    assert read_card(file) == card
