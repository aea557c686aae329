"""A portion of raw documents to a part on disk: cleaned, scored, judged by rule, with the keys that duplicates share.

Everything here looks at one document at a time (and at what came before it in the portion, for exact copies), so
portions can be sifted anywhere and in any order.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from trivium.curation import rules
from trivium.curation.classifier import Classifier, classify, classify_passages
from trivium.curation.clean import clean
from trivium.curation.contamination import EVALUATION, EvaluationIndex, match, named
from trivium.curation.features import features
from trivium.curation.language import language
from trivium.curation.lexicon import lexicon
from trivium.curation.minhash import band_keys, minhash
from trivium.curation.paragraphs import paragraph_keys
from trivium.curation.part import PartSummary, PartWriter, Survivors, read_summary
from trivium.curation.portions import Portion, read_portion
from trivium.curation.presidio import presidio
from trivium.curation.privacy import privacy
from trivium.curation.settings import CurationSettings
from trivium.curation.verdict import COLUMNS, Verdict
from trivium.curation.words import Words, words
from trivium.records import content_id

CLASSIFIER, TOXICITY = "classifier.npz", "toxicity.npz"


class SiftJob(BaseModel):
    """One portion, what to do with it, and where the part goes; what all portions share lies in `folder` too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    portion: Portion
    settings: CurationSettings
    folder: Path


def sift(item: str) -> str:
    """Do a job given as JSON and return the part's summary as JSON; a part that is there already is taken as it is."""
    job = SiftJob.model_validate_json(item)
    done = read_summary(job.folder, job.number)
    if done is None:
        done = _sift(job)
    return done.model_dump_json()


def _sift(job: SiftJob) -> PartSummary:
    started = time.perf_counter()
    seen: dict[str, str] = {}
    bar = _Sieve(job.settings, job.folder)
    with PartWriter(job.folder, job.number, job.settings) as writer:
        for batch in read_portion(job.portion):
            rows, survivors = bar.batch(batch, {} if job.portion.reserved else seen, judge=not job.portion.reserved)
            writer.write(rows, survivors)
    return writer.finish(time.perf_counter() - started)


@lru_cache(maxsize=2)
def _evaluation(path: Path) -> EvaluationIndex:
    return EvaluationIndex.load(path)


@lru_cache(maxsize=2)
def _classifier(path: Path) -> Classifier:
    return Classifier.load(path)


@dataclass
class _Scored:
    """Texts on their way through the sieve, with the columns found so far."""

    texts: pa.LargeStringArray
    columns: dict[str, pa.Array]
    verdict: Verdict
    words: Words | None = None

    def add(self, found: pa.RecordBatch) -> None:
        """Keep score columns."""
        self.columns |= dict(zip(found.schema.names, found.columns, strict=True))


class _Sieve:
    """The steps that the settings ask for, in their order."""

    def __init__(self, settings: CurationSettings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        quality = settings.quality
        self.rules = quality.chosen() if quality else ()
        self.repetition = bool(quality and "gopher_repetition" in quality.groups)

    def batch(self, batch: pa.RecordBatch, seen: dict[str, str], *, judge: bool) -> tuple[pa.RecordBatch, Survivors]:
        """Sift one batch; reserved documents are not judged, only cleaned and given keys."""
        texts, ids = batch.column("text"), batch.column("id").to_pylist()
        verdict = Verdict(len(ids))
        counts: list[tuple[str, pa.Array]] = []
        if self.settings.clean is not None:
            texts, repaired = clean(texts, self.settings.clean)
            counts += [(f"clean.{name}", repaired.column(name)) for name in repaired.schema.names]
        lengths = pc.utf8_length(texts)
        keys = ids if self.settings.clean is None else [content_id(text) for text in texts.to_pylist()]
        counts.append(("characters", lengths.cast(pa.int64())))
        if judge:
            verdict.drop(pc.less(lengths, self.settings.min_characters), "too short", lengths.to_pylist())
            self._drop_copies(keys, ids, seen, verdict)
        rows = np.flatnonzero(verdict.kept)
        sub = _Scored(texts.take(pa.array(rows)), {}, Verdict(len(rows)))
        self._score(sub)
        if judge:
            self._judge(sub)
        self._privacy(sub)
        verdict.spread(sub.verdict, rows)
        survivors = self._survivors(sub, rows, [keys[row] for row in rows.tolist()])
        return _table(
            batch, _replaced(texts, rows, sub.texts), verdict, counts, _spread(sub.columns, rows, len(ids))
        ), survivors

    def _drop_copies(self, keys: Sequence[str], ids: Sequence[str], seen: dict[str, str], verdict: Verdict) -> None:
        firsts: list[str | None] = [None] * len(keys)
        copies = np.zeros(len(keys), bool)
        for index in np.flatnonzero(verdict.kept).tolist():
            if keys[index] in seen:
                firsts[index], copies[index] = seen[keys[index]], True
            else:
                seen[keys[index]] = ids[index]
        verdict.drop(copies, "exact duplicate", details=firsts)

    def _score(self, sub: _Scored) -> None:
        """Fill every score column, whatever the thresholds say: they can be changed later."""
        settings = self.settings
        if settings.language is not None:
            sub.add(language(sub.texts, settings.language.sample))
        if settings.quality is not None:
            found = features(sub.texts, repetition=self.repetition)
            sub.add(found.columns)
            sub.words = found.words
        elif any((settings.bad_words, settings.toxicity, settings.examples, settings.decontamination)) or (
            settings.near_duplicates
        ):
            sub.words = words(sub.texts)
        if sub.words is None:
            return
        if settings.bad_words is not None:
            sub.add(lexicon(sub.words, settings.bad_words.words))
        if settings.toxicity is not None:
            by = _classifier(self.folder / TOXICITY)
            sub.columns["toxicity"] = classify_passages(sub.words, by, settings.toxicity.passage_words)
        if settings.examples is not None:
            sub.columns["example_score"] = classify(sub.words, _classifier(self.folder / CLASSIFIER))

    def _judge(self, sub: _Scored) -> None:
        """Apply the thresholds to the columns; contamination last, for its verdict needs the runs of words."""
        judge(sub.columns, self.settings, self.rules, sub.verdict)
        if self.settings.decontamination is not None and sub.words is not None:
            index = _evaluation(self.folder / EVALUATION)
            found = match(sub.words, index)
            details = [named(found.items[row], index) if row in found.items else None for row in range(len(sub.texts))]
            sub.columns["evaluation_runs"] = pa.array(found.num_runs, pa.int32())
            sub.verdict.drop(found.num_runs >= index.min_matches, "evaluation item", found.num_runs, details)

    def _privacy(self, sub: _Scored) -> None:
        """Replace personal data in what is kept so far."""
        rows = np.flatnonzero(sub.verdict.kept)
        texts = sub.texts.take(pa.array(rows))
        found: dict[str, pa.Array] = {}
        if self.settings.privacy is not None:
            texts, counts = privacy(texts, self.settings.privacy)
            found |= {f"private.{name}": counts.column(name) for name in counts.schema.names}
        if self.settings.presidio is not None:
            texts, counts = presidio(texts, self.settings.presidio)
            found |= {f"private.{name}": counts.column(name) for name in counts.schema.names}
        if found:
            sub.texts = _replaced(sub.texts, rows, texts)
            sub.columns |= _spread(found, rows, len(sub.texts))

    def _survivors(self, sub: _Scored, rows: NDArray[np.int64], keys: Sequence[str]) -> Survivors:
        """Return the keys of what is kept so far: what the whole corpus is compared by."""
        kept = np.flatnonzero(sub.verdict.kept)
        signatures = bands = None
        near, repeated = self.settings.near_duplicates, self.settings.repeated_paragraphs
        if near is not None and sub.words is not None:
            signatures = minhash(_words_of(sub.words, kept), near.signature)
            bands = band_keys(signatures, near.num_bands)
        paragraphs = paragraph_keys(sub.texts.take(pa.array(kept)), repeated.min_characters) if repeated else None
        return Survivors(rows[kept], [keys[row] for row in kept.tolist()], signatures, bands, paragraphs)


def judge(
    columns: dict[str, pa.Array], settings: CurationSettings, chosen: tuple[rules.Rule, ...], verdict: Verdict
) -> None:
    """Apply thresholds to score columns alone: what a changed threshold would do needs no text."""
    if settings.language is not None and settings.language.keep:
        codes, sure = columns["language"].to_pylist(), columns["language_confidence"].to_numpy(zero_copy_only=False)
        other = np.array([code not in settings.language.keep for code in codes], bool)
        verdict.drop(other, "language", sure, codes)
        verdict.drop(sure < settings.language.min_confidence, "language unsure", sure, codes)
    if chosen:
        names = rule_columns(chosen, columns)
        found = rules.verdicts(pa.RecordBatch.from_arrays([columns[name] for name in names], names), chosen)
        verdict.drop_each(found.rule.to_pylist(), found.value.to_pylist())
    if settings.bad_words is not None:
        share = columns["bad_word_share"].to_numpy(zero_copy_only=False)
        verdict.drop(share > settings.bad_words.max_share, "bad words", share)
    if settings.toxicity is not None:
        toxicity = columns["toxicity"].to_numpy(zero_copy_only=False)
        verdict.drop(toxicity > settings.toxicity.max_score, "toxic", toxicity)
    if settings.examples is not None:
        score = columns["example_score"].to_numpy(zero_copy_only=False)
        verdict.drop(score < settings.examples.min_score, "unlike the good examples", score)


def rule_columns(chosen: tuple[rules.Rule, ...], there: Iterable[str]) -> list[str]:
    """Return the columns that the rules look at: their own, and the language, for some judge one language only."""
    return sorted({rule.column for rule in chosen} | ({"language"} & set(there)))


def _words_of(of: Words, rows: NDArray[np.int64]) -> Words:
    """Return the words of some of the documents."""
    if len(rows) == len(of.offsets) - 1:
        return of
    counts = np.diff(of.offsets)
    wanted = np.zeros(len(counts), bool)
    wanted[rows] = True
    return Words(of.hashes[np.repeat(wanted, counts)], np.concatenate([[0], np.cumsum(counts[rows])]))


def _places(rows: NDArray[np.int64], num_rows: int) -> pa.Array:
    """Return for each of all rows its place among some of them, null where it is none."""
    places = np.full(num_rows, -1)
    places[rows] = np.arange(len(rows))
    return pa.array(places, pa.int64(), mask=places < 0)


def _spread(columns: dict[str, pa.Array], rows: NDArray[np.int64], num_rows: int) -> dict[str, pa.Array]:
    """Lay columns of some rows out over all, null elsewhere."""
    places = _places(rows, num_rows)
    return {name: column.take(places) for name, column in columns.items()}


def _replaced(texts: pa.Array, rows: NDArray[np.int64], by: pa.Array) -> pa.Array:
    """Return the texts with those of some rows replaced."""
    return pc.coalesce(by.take(_places(rows, len(texts))), texts) if len(rows) < len(texts) else by


def _table(
    batch: pa.RecordBatch,
    texts: pa.Array,
    verdict: Verdict,
    counts: list[tuple[str, pa.Array]],
    scores: dict[str, pa.Array],
) -> pa.RecordBatch:
    columns: dict[str, Any] = {name: batch.column(name) for name in batch.schema.names} | {"text": texts}
    columns |= dict(zip(COLUMNS.names, verdict.columns(), strict=True)) | dict(counts) | scores
    return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
