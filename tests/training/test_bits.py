"""Bits per byte against a computation document by document, one window after the other."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from tiny import TEXTS, tiny_checkpoint
from trivium.core.seed import stream
from trivium.model.decoder import LanguageModel
from trivium.model.exchange import load_checkpoint
from trivium.text.tokenizer import Tokenizer
from trivium.training.bits import bits_per_byte, clustered_ratio, document_nats
from trivium.training.language import Layout
from trivium.training.shards import TokenDocument, TokenShards, write_shards


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[LanguageModel, Tokenizer]:
    folder = tiny_checkpoint(tmp_path_factory.mktemp("tiny"))
    model = load_checkpoint(folder, head="language")
    assert isinstance(model, LanguageModel)
    return model, Tokenizer.load(folder)


@torch.no_grad()
def window_nats(model: LanguageModel, ids: list[int]) -> float:
    """-log p of every token after the first, from the whole row of logits."""
    if len(ids) < 2:
        return 0.0
    logits = model.logits(model(torch.tensor([ids]), torch.arange(len(ids))[None]))[0]
    logprobs = logits.double().log_softmax(-1)
    return -float(sum(logprobs[place, token] for place, token in enumerate(ids[1:])))


def one_by_one(model: LanguageModel, ids: list[int], window: int) -> float:
    """Windows that overlap by one token, until every token after the first was predicted once."""
    total, start = 0.0, 0
    while start == 0 or start < len(ids) - 1:
        total += window_nats(model, ids[start : start + window])
        start += window - 1
    return total


@pytest.mark.parametrize(("row_tokens", "micro_tokens"), [(8, 8), (8, 64), (16, 40), (48, 200)])
def test_each_document_costs_what_it_costs_alone(
    loaded: tuple[LanguageModel, Tokenizer], row_tokens: int, micro_tokens: int
) -> None:
    model, words = loaded
    lengths = [1, 2, 7, 8, 9, 15, 16, 17, 40, 100, 3, 1, 47]
    rng = stream(2, "documents")
    documents = [rng.integers(0, words.vocab_size, length) for length in lengths]
    found = document_nats(model, documents, Layout(row_tokens, micro_tokens))
    wanted = [one_by_one(model, ids.tolist(), row_tokens) for ids in documents]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-4)


def test_a_document_within_one_window_costs_the_same_for_any_window(loaded: tuple[LanguageModel, Tokenizer]) -> None:
    model, _ = loaded
    documents = [np.arange(10, 30)]
    narrow, wide = (document_nats(model, documents, Layout(rows, 400)) for rows in (20, 48))
    np.testing.assert_allclose(narrow, wide, rtol=1e-5)


def test_bits_per_byte_is_nats_over_ln_2_and_utf_8_bytes(
    loaded: tuple[LanguageModel, Tokenizer], tmp_path: Path
) -> None:
    model, words = loaded
    texts = [TEXTS[0], "Où est l’été? 東京", "a", TEXTS[1] * 4]
    encoded = [[words.bos_id, *words.encode(text)] for text in texts]
    rows = (TokenDocument(ids, len(text.encode())) for ids, text in zip(encoded, texts, strict=True))
    write_shards(tmp_path, rows, vocab_size=words.vocab_size, fingerprint=words.fingerprint)
    measure = bits_per_byte(model, words, TokenShards.open(tmp_path), Layout(24, 96))
    nats = sum(one_by_one(model, ids, 24) for ids in encoded)
    assert measure.n == len(texts)
    assert measure.value == pytest.approx(nats / math.log(2) / sum(len(text.encode()) for text in texts), rel=1e-5)
    assert measure.low is not None
    assert measure.high is not None
    assert measure.low <= measure.value <= measure.high


def test_a_uniform_model_needs_the_logarithm_of_the_vocabulary(loaded: tuple[LanguageModel, Tokenizer]) -> None:
    _, words = loaded
    model = load_checkpoint_like(loaded[0])
    nats = document_nats(model, [np.arange(2, 13)], Layout(16, 64))
    assert nats[0] == pytest.approx(10 * math.log(words.vocab_size), rel=1e-6)


def load_checkpoint_like(model: LanguageModel) -> LanguageModel:
    """A model of the same shape whose every logit is 0."""
    flat = LanguageModel(model.config)
    with torch.no_grad():
        for parameter in flat.parameters():
            parameter.zero_()
    return flat


def test_the_interval_draws_whole_documents_and_is_the_same_each_time() -> None:
    bits, sizes = np.array([10.0, 20.0, 400.0]), np.array([10.0, 10.0, 100.0])
    one, two = clustered_ratio(bits, sizes), clustered_ratio(bits, sizes)
    assert one == two
    assert one.value == pytest.approx(430 / 120)
    assert (one.low, one.high) == (pytest.approx(1.0), pytest.approx(4.0))
