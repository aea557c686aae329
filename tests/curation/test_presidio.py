"""Presidio: what it finds is replaced and counted; what is missing is one message."""

import sys
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.core.errors import MissingExtraError
from trivium.curation import presidio as room
from trivium.curation.presidio import Entity, PresidioSettings, apart, presidio, replaced

SETTINGS = PresidioSettings(model="any")


def test_names_and_places_become_placeholders_and_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def analyze(text: str, **asked: Any) -> list[SimpleNamespace]:
        assert asked == {"language": "en", "entities": ["PERSON", "LOCATION"], "score_threshold": 0.5}
        names = {"Ann": "PERSON", "Bern": "LOCATION"}
        return [
            SimpleNamespace(start=text.index(name), end=text.index(name) + len(name), entity_type=kind, score=0.85)
            for name, kind in names.items()
            if name in text
        ]

    monkeypatch.setattr(room, "_analyzer", lambda settings: SimpleNamespace(analyze=analyze))
    new, counts = presidio(pa.array(["Ann lives in Bern.", "Nobody does."], pa.large_string()), SETTINGS)
    assert new.to_pylist() == ["[PERSON] lives in [LOCATION].", "Nobody does."]
    assert counts.to_pylist() == [{"person": 1, "location": 1}, {"person": 0, "location": 0}]


@given(
    text=st.text(max_size=30),
    spans=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9), st.floats(0, 1)), max_size=6),
)
def test_what_is_left_of_a_text_is_all_outside_the_entities(text: str, spans: list[tuple[int, int, float]]) -> None:
    found = [
        Entity(start, min(start + size, len(text)), "X", score) for start, size, score in spans if start < len(text)
    ]
    kept = apart(found)
    assert all(first.end <= second.start for first, second in pairwise(kept))
    inside = {place for each in kept for place in range(each.start, each.end)}
    outside = "".join(letter for place, letter in enumerate(text) if place not in inside)
    assert len(replaced(text, kept)) == len(outside) + 3 * len(kept)


def test_without_presidio_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    with pytest.raises(MissingExtraError) as caught:
        presidio(pa.array(["a"], pa.large_string()), PresidioSettings(model="none such"))
    assert "trivium[presidio]" in caught.value.do
