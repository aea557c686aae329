"""The corpus: nothing is dropped without its reason, and what is held out never comes into training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stages.given import artifact, context, document
from trivium.core.errors import SourceError
from trivium.core.kinds import Sources
from trivium.records import Document, read_records
from trivium.stages.corpus import CorpusConfig, corpus

LONG = [f"Document number {index} says something of its own." for index in range(60)]


def texts(folder: Path, name: str) -> list[str]:
    return [document.text for document in read_records(folder / name, Document)]


def test_short_and_repeated_documents_go_to_the_ledger_with_their_reason(tmp_path: Path) -> None:
    rows = [document(text) for text in (LONG[0], "short", LONG[1], LONG[0])]
    sources = artifact(Sources, tmp_path / "in", {"documents": rows, "heldout_documents": [document(LONG[2])]})
    given = context(tmp_path)
    corpus(sources, CorpusConfig(), given)
    assert texts(given.out, "documents.jsonl") == LONG[:2]
    assert texts(given.out, "heldout.jsonl") == [LONG[2]]
    ledger = [json.loads(line) for line in (given.out / "ledger.jsonl").read_text().splitlines()]
    assert [(row["id"], row["reason"]) for row in ledger] == [
        (document("short").id, "too short"),
        (document(LONG[0]).id, "exact duplicate"),
    ]
    assert given.metrics["dropped.too_short"].value == 1


def test_a_document_that_the_source_holds_out_is_never_trained_on(tmp_path: Path) -> None:
    rows = {"documents": [document(text) for text in LONG[:3]], "heldout_documents": [document(LONG[1])]}
    given = context(tmp_path)
    corpus(artifact(Sources, tmp_path / "in", rows), CorpusConfig(), given)
    assert texts(given.out, "documents.jsonl") == [LONG[0], LONG[2]]


def test_what_is_held_out_hangs_on_the_document_alone(tmp_path: Path) -> None:
    held = []
    for name, chosen in (("all", LONG), ("half", LONG[::2])):
        sources = artifact(Sources, tmp_path / name / "in", {"documents": [document(text) for text in chosen]})
        given = context(tmp_path / name)
        corpus(sources, CorpusConfig(heldout_share=0.3), given)
        held.append(set(texts(given.out, "heldout.jsonl")))
        assert held[-1] | set(texts(given.out, "documents.jsonl")) == set(chosen)
        assert 0 < len(held[-1]) < len(chosen)
    assert held[1] == held[0] & set(LONG[::2])


def test_a_source_of_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    sources = artifact(Sources, tmp_path / "in", {"documents": [document("short")]})
    with pytest.raises(SourceError, match="no document is left"):
        corpus(sources, CorpusConfig(), context(tmp_path))
