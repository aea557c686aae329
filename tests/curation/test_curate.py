"""The pipeline on a planted corpus: what is planted is found, and nothing else about the result hangs on how it ran."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from curation.planted import Planted, jaccard, plant
from trivium.curation.curate import Workplace, curate
from trivium.curation.engine import EngineSettings
from trivium.curation.presidio import PresidioSettings
from trivium.curation.settings import CurationSettings, Decontamination, NearDuplicates, RepeatedParagraphs
from trivium.records import Document, read_records, write_records

ALL = CurationSettings(near_duplicates=NearDuplicates(), decontamination=Decontamination(), heldout_share=0.1)


def run(sources: Path, folder: Path, settings: CurationSettings = ALL, **engine: Any) -> dict[str, Any]:
    (folder / "out").mkdir(parents=True, exist_ok=True)
    return curate(Workplace(sources, folder / "scratch", folder / "out", 1, EngineSettings(**engine)), settings)


def ledger(folder: Path) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in map(json.loads, (folder / "out" / "ledger.jsonl").read_text().splitlines())}


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "out").iterdir())}


@pytest.fixture(scope="module")
def planted() -> Planted:
    return plant(11)


@pytest.fixture(scope="module")
def made(planted: Planted, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("planted")
    return folder, run(planted.write(folder / "in"), folder)


def test_every_exact_copy_is_found(planted: Planted, made: tuple[Path, dict[str, Any]]) -> None:
    folder, account = made
    assert account["duplicates"]["exact"] == planted.copies
    rows = [json.loads(line) for line in (folder / "out" / "ledger.jsonl").read_text().splitlines()]
    assert all(row["detail"] == row["id"] for row in rows if row["reason"] == "exact duplicate")


def test_near_copies_are_found_where_alike_and_left_where_not(
    planted: Planted, made: tuple[Path, dict[str, Any]]
) -> None:
    """Recall >= 0.97 at Jaccard >= 0.8, and of what is called a copy at most 1 % has a Jaccard similarity < 0.5."""
    scores = pq.read_table(made[0] / "out" / "scores.parquet", columns=["id", "cluster"]).to_pylist()
    clusters = {row["id"]: row["cluster"] for row in scores if row["cluster"] is not None}
    alike = found = called = wrong = 0
    for original, changed in planted.edited:
        similarity = jaccard(original.text, changed.text)
        together = original.id in clusters and clusters[original.id] == clusters.get(changed.id)
        alike += similarity >= 0.8
        found += together and similarity >= 0.8
        called += together
        wrong += together and similarity < 0.5
    assert alike > 200
    assert found >= 0.97 * alike
    assert wrong <= 0.01 * called
    strangers = set(clusters) - {one.id for pair in planted.edited for one in pair}
    assert not strangers


def test_of_each_cluster_the_longest_is_kept(planted: Planted, made: tuple[Path, dict[str, Any]]) -> None:
    texts = {document.id: document.text for document in planted.documents}
    dropped = ledger(made[0])
    near = [row for row in dropped.values() if row["reason"] == "near duplicate"]
    assert near
    assert all((len(texts[row["detail"]]), row["id"]) >= (len(texts[row["id"]]), row["detail"]) for row in near)
    assert all(row["detail"] not in dropped or dropped[row["detail"]]["reason"] == "exact duplicate" for row in near)


def test_every_planted_evaluation_item_is_found_and_named(planted: Planted, made: tuple[Path, dict[str, Any]]) -> None:
    found = {id: row["detail"] for id, row in ledger(made[0]).items() if row["reason"] == "evaluation item"}
    assert found == planted.leaked


def test_everything_read_is_kept_or_held_out_or_in_the_ledger(
    planted: Planted, made: tuple[Path, dict[str, Any]]
) -> None:
    folder, account = made
    kept = [
        one.id for name in ("documents", "heldout") for one in read_records(folder / "out" / f"{name}.jsonl", Document)
    ]
    rows = (folder / "out" / "ledger.jsonl").read_text().splitlines()
    assert len(kept) + len(rows) == len(planted.documents) == account["documents"]["read"]
    assert set(kept).isdisjoint(ledger(folder).keys() - {one.id for one in planted.documents if one.source == "copies"})
    assert 0 < account["documents"]["heldout"] < 0.2 * len(kept)


def test_a_repeated_paragraph_stays_only_where_it_came_first(tmp_path: Path) -> None:
    again = "This paragraph stands in many documents, and it is long enough to be counted as a paragraph of its own, surely."
    texts = [
        f"Document {index} begins here with a line of its own.\n\n{again}\n\nAnd so it ends, {index}."
        for index in range(3)
    ]
    (tmp_path / "in").mkdir()
    write_records(tmp_path / "in" / "documents.jsonl", [Document.of(text, source="s") for text in [*texts, again]])
    settings = CurationSettings(repeated_paragraphs=RepeatedParagraphs(), heldout_share=0)
    account = run(tmp_path / "in", tmp_path, settings)
    kept = [one.text for one in read_records(tmp_path / "out" / "documents.jsonl", Document)]
    assert kept == [texts[0], *(text.replace(f"{again}\n\n", "") for text in texts[1:])]
    assert account["repeated_paragraphs"] == 3
    assert [row["reason"] for row in ledger(tmp_path).values()] == ["nothing but repeats"]


def test_nothing_found_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    rows = [
        Document.of(f"This is document number {index}, unlike any other of them.", source="s") for index in range(9)
    ]
    write_records(tmp_path / "in" / "documents.jsonl", [*rows, Document.of("tiny", source="small")])
    account = run(tmp_path / "in", tmp_path, CurationSettings(near_duplicates=NearDuplicates()))
    assert account["warnings"] == [
        "0 exact duplicates found among 10 documents",
        "0 near duplicates found among 10 documents",
        "everything removed: all 1 documents of small were dropped",
    ]


def test_a_document_near_what_the_source_holds_out_is_not_trained_on(tmp_path: Path) -> None:
    planted = plant(3, num_originals=20)
    original, changed = planted.edited[0]
    (tmp_path / "in").mkdir()
    write_records(tmp_path / "in" / "documents.jsonl", [changed, planted.documents[0]])
    write_records(tmp_path / "in" / "heldout_documents.jsonl", [original])
    run(tmp_path / "in", tmp_path, CurationSettings(near_duplicates=NearDuplicates(min_similarity=0.5)))
    assert [one.id for one in read_records(tmp_path / "out" / "heldout.jsonl", Document)] == [original.id]
    assert changed.id in ledger(tmp_path)


def test_stop_words_of_english_judge_english_alone(tmp_path: Path) -> None:
    german = "Der Hund schläft im Garten, während die Katze auf dem Dach sitzt und den Vögeln zusieht. " * 4
    english = "Dogs sleep outside today. Cats sit upon rooftops, watching birds fly past chimneys all morning long. " * 4
    (tmp_path / "in").mkdir()
    write_records(tmp_path / "in" / "documents.jsonl", [Document.of(text, source="s") for text in (german, english)])
    quality = {"groups": ["gopher_quality"], "bounds": {"stop_words": {"low": 50}}}
    settings = CurationSettings.model_validate({"language": {}, "quality": quality, "heldout_share": 0})
    account = run(tmp_path / "in", tmp_path, settings)
    assert [one.text for one in read_records(tmp_path / "out" / "documents.jsonl", Document)] == [german]
    assert [row["reason"] for row in ledger(tmp_path).values()] == ["stop_words"]
    assert account["failed"] == {"stop_words": 1}


def test_names_are_replaced_where_presidio_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step itself, with a stand-in for the language model."""

    def stand_in(texts: pa.LargeStringArray, settings: PresidioSettings) -> tuple[pa.LargeStringArray, pa.RecordBatch]:
        counts = pa.array([text.count("Ann") for text in texts.to_pylist()], pa.int32())
        return pc.replace_substring(texts, "Ann", "[PERSON]"), pa.RecordBatch.from_arrays([counts], ["person"])

    monkeypatch.setattr("trivium.curation.sift.presidio", stand_in)
    (tmp_path / "in").mkdir()
    write_records(tmp_path / "in" / "documents.jsonl", [Document.of("Ann met Ann by the river once.", source="s")])
    settings = CurationSettings.model_validate({"presidio": {"model": "none"}, "heldout_share": 0})
    account = run(tmp_path / "in", tmp_path, settings)
    (kept,) = read_records(tmp_path / "out" / "documents.jsonl", Document)
    assert kept.text == "[PERSON] met [PERSON] by the river once."
    assert account["private"] == {"person": {"found": 2, "documents": 1}}
