from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from toys import PpoConfig, TrainConfig, policy, pretrain, sources
from trivium.core.config import Config
from trivium.core.identity import file_hash
from trivium.core.kinds import Checkpoint, Comparisons, Corpus, Sources
from trivium.core.manifest import Manifest, Metric
from trivium.core.stage import Input, StageContext, stage
from trivium.records import Measure


class Nothing(Config):
    pass


def test_the_signature_is_the_declaration() -> None:
    assert policy.name == "policy"
    assert policy.inputs == {
        "base": Input(Checkpoint),
        "comparisons": Input(Comparisons, many=True),
        "corpus": Input(Corpus, optional=True),
    }
    assert policy.output is Checkpoint
    assert pretrain.config_type is TrainConfig
    assert pretrain.source_hash == file_hash(Path(__file__).parent.parent / "toys.py")


def test_a_gathered_identity_is_contents_and_names_never_the_folder(data: Path, tmp_path: Path) -> None:
    read = sources.config_type
    here = sources.identity(read(folder=data), 7, {})
    moved = data.rename(tmp_path / "moved")
    assert sources.identity(read(folder=moved), 8, {}) == here
    assert sources.identity(read(folder=moved, lower=True), 7, {}) != here
    (moved / "a.txt").write_text("Other.\n")
    assert sources.identity(read(folder=moved), 7, {}) != here


def test_an_unseeded_stage_has_the_same_id_for_every_seed() -> None:
    @stage(version=1, seeded=False)
    def count(corpus: Corpus, config: Nothing, context: StageContext) -> Corpus:
        return context.made(Corpus)

    assert count.identity(Nothing(), 1, {"corpus": "a"}) == count.identity(Nothing(), 2, {"corpus": "a"})


def test_a_new_version_is_another_identity() -> None:
    def count(corpus: Corpus, config: Nothing, context: StageContext) -> Corpus:
        return context.made(Corpus)

    first, second = stage(version=1)(count), stage(version=2)(count)
    assert first.identity(Nothing(), 1, {"corpus": "a"}) != second.identity(Nothing(), 1, {"corpus": "a"})


def test_a_stage_is_called_as_its_function_and_returns_the_draft(tmp_path: Path) -> None:
    base = Checkpoint("b", tmp_path, Manifest.model_construct())
    (tmp_path / "weights").write_text("w")
    out = tmp_path / "out"
    out.mkdir()
    made = policy(base, [], None, PpoConfig(), StageContext(out=out, scratch=tmp_path, seed=0))
    assert (made.path / "weights").read_text() == "wppo"


def test_metrics_may_be_measures_metrics_or_tables(tmp_path: Path) -> None:
    context = StageContext(out=tmp_path, scratch=tmp_path, seed=0)
    context.measure("a", 1.0, n=2, low=0.5, high=1.5)
    context.metrics["b"] = Measure(value=None, n=0, undefined="no pair")
    context.metrics["c"] = {"value": 3, "n": 4}
    metrics = context.made(Checkpoint).manifest.metrics
    assert metrics["a"] == Metric(value=1.0, n=2, low=0.5, high=1.5)
    assert metrics["b"].undefined == "no pair"
    assert metrics["c"].n == 4


def test_a_signature_that_declares_nothing_is_refused() -> None:
    def no_kind(corpus: Corpus, config: Nothing, context: StageContext) -> None: ...

    def no_context(corpus: Corpus, config: Nothing) -> Corpus: ...

    def number(corpus: int, config: Nothing, context: StageContext) -> Corpus: ...

    def reads_and_takes(corpus: Sequence[Corpus], config: Nothing, context: StageContext) -> Sources: ...

    for function, words in ((no_kind, "return type"), (no_context, "last parameters"), (number, "kind of artifact")):
        with pytest.raises(TypeError, match=words):
            stage(version=1)(function)  # type: ignore[type-var]
    with pytest.raises(TypeError, match="takes no artifacts"):
        stage(version=1, gathered=True)(reads_and_takes)
