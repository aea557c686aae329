"""The two classifiers one trains from examples, through the pipeline: score, ledger, report, and what they cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.test_curate import ledger, run
from trivium.core.errors import InputError
from trivium.curation.classifier import Classifier, TrainSettings, classify, classify_passages, train
from trivium.curation.curate import QUALITY, TOXIC
from trivium.curation.settings import CurationSettings, Examples, Toxicity
from trivium.curation.words import words
from trivium.evaluation.report.corpus import render_corpus
from trivium.records import Document, write_records

COMMON = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "that",
    "was",
    "his",
    "it",
    "with",
    "as",
    "had",
    "for",
    "you",
    "at",
    "by",
    "on",
    "not",
    "be",
    "her",
    "this",
    "from",
    "all",
    "one",
    "they",
    "said",
    "so",
]
SIDES = {
    "fair": ["garden", "river", "letter", "window", "kindly", "supper", "lantern", "meadow"],
    "foul": ["grimble", "snark", "vilest", "oaf", "cursed"],
}


def text(rng: np.random.Generator, side: str, num_words: int, share: float = 0.2) -> str:
    return " ".join(str(rng.choice(SIDES[side] if rng.random() < share else COMMON)) for _ in range(num_words)) + "."


def write(folder: Path, name: str, texts: list[str]) -> None:
    write_records(folder / f"{name}.jsonl", [Document.of(each, source="s", licence="l") for each in texts])


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Forty fair and ten foul documents, one long fair one with a foul passage in it, and examples of both sides."""
    rng, folder = np.random.default_rng(5), tmp_path / "in"
    folder.mkdir()
    hidden = " ".join([text(rng, "fair", 400), text(rng, "foul", 100), text(rng, "fair", 400)])
    texts = [text(rng, "fair", 80) for _ in range(40)] + [text(rng, "foul", 80) for _ in range(10)] + [hidden, "tiny"]
    write(folder, "documents", texts)
    for name, side in (("good", "fair"), ("bad", "foul"), ("harmless", "fair"), ("toxic", "foul")):
        write(folder, f"{name}_examples", [text(rng, side, 60) for _ in range(80)])
    return folder


def of_rule(folder: Path, rule: str) -> list[dict[str, Any]]:
    return [row for row in ledger(folder).values() if row["reason"] == rule]


def test_what_is_like_the_toxic_examples_is_dropped_with_its_score(sources: Path, tmp_path: Path) -> None:
    account = run(sources, tmp_path, CurationSettings(toxicity=Toxicity(), heldout_share=0))
    rows = of_rule(tmp_path, "toxic")
    assert len(rows) == 11
    assert all(0.9 < row["value"] <= 1 for row in rows)
    scores = pq.read_table(tmp_path / "out" / "scores.parquet", columns=["toxicity", "rule"]).to_pylist()
    assert sum(row["toxicity"] is None for row in scores) == 1  # too short to be scored
    assert all((row["toxicity"] > 0.9) == (row["rule"] == "toxic") for row in scores if row["toxicity"] is not None)
    assert {"rule": "toxic", "documents": 11, "by_source": {"s": 11}} in account["dropped"]
    assert sum(account["scores"]["toxicity"]["read"]) == 51
    assert sum(account["scores"]["toxicity"]["kept"]) == 40
    page = render_corpus(account)
    assert "Toxicity <span>documents by score" in page
    assert "<b>toxic</b>" in page


def test_the_threshold_of_toxicity_is_the_recipes(sources: Path, tmp_path: Path) -> None:
    account = run(sources, tmp_path, CurationSettings(toxicity=Toxicity(max_score=1.0), heldout_share=0))
    assert account["documents"]["kept"] == 51
    assert not of_rule(tmp_path, "toxic")


def test_what_is_unlike_the_good_examples_is_dropped_with_its_score(sources: Path, tmp_path: Path) -> None:
    account = run(sources, tmp_path, CurationSettings(examples=Examples(), heldout_share=0))
    rows = of_rule(tmp_path, "unlike the good examples")
    assert 10 <= len(rows) <= 11  # the long one is mostly fair
    assert all(row["value"] < 0.5 for row in rows)
    assert account["documents"]["kept"] == 51 - len(rows)
    assert "Like the good examples <span>documents by score" in render_corpus(account)


@pytest.mark.parametrize(
    ("settings", "of"),
    [(CurationSettings(examples=Examples()), QUALITY), (CurationSettings(toxicity=Toxicity()), TOXIC)],
)
def test_a_side_without_examples_says_which_use_to_give(
    sources: Path, tmp_path: Path, settings: CurationSettings, of: tuple[str, str, str, str]
) -> None:
    section, _high, low, _name = of
    (sources / f"{low}.jsonl").unlink()
    with pytest.raises(InputError, match=rf"\[{section}\] is asked for") as caught:
        run(sources, tmp_path, settings)
    assert f'use = "{low}"' in caught.value.do


def test_a_document_scores_as_its_worst_passage_does_alone() -> None:
    rng = np.random.default_rng(7)
    some = {side: pa.array([text(rng, side, 60) for _ in range(60)], pa.large_string()) for side in SIDES}
    by = train(some["foul"], some["fair"], TrainSettings(num_buckets=1 << 12))
    parts = [text(rng, side, 50) for side in ("fair", "foul", "fair")]
    whole = words(pa.array([" ".join(parts), "", "the river"], pa.large_string()))
    alone = classify(words(pa.array(parts, pa.large_string())), by).to_pylist()
    assert classify_passages(whole, by, 50)[0].as_py() == pytest.approx(max(alone))
    assert classify_passages(whole, by, 1000).to_pylist() == pytest.approx(classify(whole, by).to_pylist())
    assert len(classify_passages(words(pa.array([], pa.large_string())), by, 50)) == 0
    bias = Classifier(np.zeros(8, np.float32), 1.0)
    assert classify_passages(whole, bias, 7).to_pylist() == pytest.approx([1 / (1 + np.exp(-1))] * 3)
