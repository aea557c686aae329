"""The quality classifier: it learns from examples, the same every time, and a saved one scores alike."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from trivium.core.errors import SourceError
from trivium.curation.classifier import Classifier, TrainSettings, classify, train
from trivium.curation.words import words


def made(rng: np.random.Generator, kind: str, count: int) -> pa.LargeStringArray:
    """Make texts of common words with some of a kind's own among them."""
    own = [f"{kind}{index}" for index in range(40)]
    common = [f"word{index}" for index in range(400)]
    return pa.array(
        [" ".join(str(rng.choice(own if rng.random() < 0.15 else common)) for _ in range(60)) for _ in range(count)],
        pa.large_string(),
    )


@pytest.fixture(scope="module")
def trained() -> tuple[Classifier, pa.LargeStringArray, pa.LargeStringArray]:
    rng = np.random.default_rng(3)
    by = train(made(rng, "good", 120), made(rng, "bad", 60), TrainSettings(num_buckets=1 << 14))
    return by, made(rng, "good", 100), made(rng, "bad", 100)


def test_it_tells_new_texts_apart(trained: tuple[Classifier, pa.LargeStringArray, pa.LargeStringArray]) -> None:
    by, good, bad = trained
    right = (np.array(classify(words(good), by)) > 0.5).sum() + (np.array(classify(words(bad), by)) < 0.5).sum()
    assert right >= 190


def test_training_again_gives_the_same_weights() -> None:
    sides = [made(np.random.default_rng(1), kind, 20) for kind in ("good", "bad")]
    first, again = (train(*sides, TrainSettings(num_buckets=1 << 10, epochs=2)) for _ in range(2))
    assert (first.weights == again.weights).all()
    assert first.bias == again.bias


def test_a_score_is_the_sigmoid_of_the_weights_of_words_and_pairs() -> None:
    by = Classifier(np.zeros(64, np.float32), 0.5)
    assert classify(words(pa.array(["a b", ""], pa.large_string())), by).to_pylist() == pytest.approx(
        [1 / (1 + np.exp(-0.5))] * 2
    )
    by = Classifier(np.ones(64, np.float32), 0.0)
    (score,) = classify(words(pa.array(["a b c"], pa.large_string())), by).to_pylist()
    assert score == pytest.approx(1 / (1 + np.exp(-np.sqrt(5))))  # three words, two pairs: 5 / √5


def test_a_saved_classifier_scores_alike(
    tmp_path: Path, trained: tuple[Classifier, pa.LargeStringArray, pa.LargeStringArray]
) -> None:
    by, good, _bad = trained
    by.save(tmp_path / "quality.npz")
    assert classify(words(good), Classifier.load(tmp_path / "quality.npz")).equals(classify(words(good), by))


def test_a_side_without_examples_and_a_file_that_is_none_are_one_message(tmp_path: Path) -> None:
    some = pa.array(["a"], pa.large_string())
    with pytest.raises(SourceError, match="bad examples"):
        train(some, some.slice(0, 0), TrainSettings())
    (tmp_path / "broken.npz").write_bytes(b"no archive")
    for name in ("broken.npz", "missing.npz"):
        with pytest.raises(SourceError, match="wanted a classifier"):
            Classifier.load(tmp_path / name)
