"""Evaluation items are found by runs of words, however they are written, and short ones are counted as not covered."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from trivium.curation.contamination import EvaluationIndex, index_items, match, named
from trivium.curation.words import words
from trivium.records import Document

QUESTION = "If a train leaves the station at noon and travels forty miles an hour, when does it arrive?"


def item(name: str, text: str) -> Document:
    return Document(id=name, text=text, source="eval")


def found(texts: list[str], index: EvaluationIndex) -> dict[int, str]:
    matches = match(words(pa.array(texts, pa.large_string())), index)
    return {row: named(items, index) for row, items in matches.items.items()}


def test_an_item_is_found_inside_a_text_whatever_its_case_and_punctuation() -> None:
    index = index_items([item("a:1", QUESTION), item("a:2", "too short to find")], 13)
    inside = f"Before it. {QUESTION.upper().replace(',', ' -- ')} After it."
    assert found(["nothing here", inside, QUESTION[:40]], index) == {1: "a:1"}
    assert index.num_short == 1


def test_a_run_of_several_items_names_them_all() -> None:
    index = index_items([item(f"e:{number}", QUESTION) for number in range(7)], 13)
    assert found([QUESTION], index) == {0: "e:0, e:1, e:2, e:3, e:4 and 2 more"}


def test_an_index_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    index = index_items([item("a:1", QUESTION)], 13)
    index.save(tmp_path / "index.npz")
    again = EvaluationIndex.load(tmp_path / "index.npz")
    assert again.names == index.names
    assert again.hashes.tolist() == index.hashes.tolist()
    assert found([QUESTION], again) == {0: "a:1"}


def test_no_items_match_nothing() -> None:
    assert found([QUESTION], index_items([], 13)) == {}
