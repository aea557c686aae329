"""Raw documents to a corpus: portions are sifted apart, duplicates are found among all, and what is kept is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from trivium.core.errors import InputError
from trivium.curation.account import take_account
from trivium.curation.classifier import TrainSettings, train
from trivium.curation.contamination import EVALUATION, EvaluationIndex, index_items
from trivium.curation.duplicates import Parts, find_copies
from trivium.curation.engine import Engine, EngineSettings
from trivium.curation.ledger import tally
from trivium.curation.part import PartSummary
from trivium.curation.portions import Portion, plan_portions
from trivium.curation.repeats import NONE, find_repeats
from trivium.curation.settings import CurationSettings
from trivium.curation.settle import Decided, settle
from trivium.curation.sift import CLASSIFIER, TOXICITY, SiftJob, sift
from trivium.records import Document, read_records

DOCUMENTS, RESERVED = "documents.jsonl", "heldout_documents.jsonl"
ITEMS = "evaluation.jsonl"
LEDGER = "ledger.jsonl"
QUALITY = ("corpus.examples", "good_examples", "bad_examples", CLASSIFIER)
TOXIC = ("corpus.toxicity", "toxic_examples", "harmless_examples", TOXICITY)
"""Which section trains a classifier, which uses of sources it learns to score high and low, and where it goes."""
Tell = Callable[[int], None]


@dataclass(frozen=True)
class Workplace:
    """Where a corpus is made: from which folder, through which scratch folder that outlives a kill, into which."""

    sources: Path
    scratch: Path
    out: Path
    seed: int
    engine: EngineSettings


def curate(place: Workplace, settings: CurationSettings, tell: Tell = lambda num_bytes: None) -> dict[str, Any]:
    """Make the corpus and return its account; `tell` hears how many bytes of the sources are sifted.

    A killed run goes on after the last whole part. Workers, engine and kills change nothing in what is written.
    """
    engine = Engine(place.engine)
    index = _prepare(place, settings)
    portions = plan_portions(place.sources / RESERVED, reserved=True) + plan_portions(place.sources / DOCUMENTS)
    summaries = _sift_all(place, settings, portions, (engine, tell))
    num_reserved = sum(
        summary.num_documents for summary, portion in zip(summaries, portions, strict=True) if portion.reserved
    )
    parts = Parts(place.scratch, summaries, num_reserved)
    copies = find_copies(parts, settings, engine)
    repeated = settings.repeated_paragraphs
    repeats = find_repeats(parts, copies.dropped(), repeated.max_copies, engine) if repeated else NONE
    settled = settle(Decided(parts, copies, repeats, settings), place.out)
    account = take_account(place.out / "scores.parquet", settings, settled, index)
    return account | {"reading": tally(place.sources / LEDGER)}


def _sift_all(
    place: Workplace, settings: CurationSettings, portions: list[Portion], by: tuple[Engine, Tell]
) -> list[PartSummary]:
    engine, tell = by
    jobs = [
        SiftJob(number=number, portion=portion, settings=settings, folder=place.scratch)
        for number, portion in enumerate(portions)
    ]
    summaries: dict[int, PartSummary] = {}
    for done in engine.each(sift, [job.model_dump_json() for job in jobs]):
        summary = PartSummary.model_validate_json(done)
        summaries[summary.number] = summary
        tell(portions[summary.number].stop - portions[summary.number].start)
    return [summaries[number] for number in range(len(portions))]


def _prepare(place: Workplace, settings: CurationSettings) -> EvaluationIndex | None:
    """Write what all portions share: the index of evaluation items, the classifiers."""
    place.scratch.mkdir(parents=True, exist_ok=True)
    for asked, of in ((settings.examples, QUALITY), (settings.toxicity, TOXIC)):
        if asked is not None:
            _train(place, *of)
    if settings.decontamination is None:
        return None
    items = _given(place, ITEMS, "corpus.decontamination", "evaluation")
    index = index_items(items, settings.decontamination.num_words, settings.decontamination.min_matches)
    index.save(place.scratch / EVALUATION)
    index.save(place.out / EVALUATION)  # the token store is checked against it once more
    return index


def _train(place: Workplace, section: str, high: str, low: str, name: str) -> None:
    """Train a classifier on the examples that the sources give."""
    high_texts, low_texts = (
        pa.array([row.text for row in _given(place, f"{use}.jsonl", section, use)], pa.large_string())
        for use in (high, low)
    )
    train(high_texts, low_texts, TrainSettings(seed=place.seed)).save(place.scratch / name)


def _given(place: Workplace, name: str, section: str, use: str) -> list[Document]:
    rows = list(read_records(place.sources / name, Document))
    if not rows:
        raise InputError(
            f"[{section}] is asked for, but the sources have nothing for it",
            where=str(place.sources / name),
            do=f'add a source with use = "{use}", or leave the section out',
        )
    return rows
