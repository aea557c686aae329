"""The draw: filters against brute force, frequencies against the distribution, streams by name."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats

from trivium.inference.sampling import Sampling, draw, invert, keep_top_k, keep_top_p, uniforms

LARGEST_UNIFORM = 1 - 2**-24
logit_rows = st.lists(st.floats(-20, 20, width=32), min_size=2, max_size=40)
unit = st.floats(0, LARGEST_UNIFORM, width=32)


@given(logit_rows, unit, st.integers(1, 45))
@settings(max_examples=150, deadline=None)
def test_top_k_never_draws_outside_the_k_largest_and_their_ties(row: list[float], uniform: float, top_k: int) -> None:
    logits_BV = torch.tensor([row])
    drawn, _ = draw(logits_BV, torch.tensor([uniform]), Sampling(top_k=top_k))
    probabilities = logits_BV.softmax(-1)[0].tolist()
    assert probabilities[drawn] >= sorted(probabilities, reverse=True)[min(top_k, len(row)) - 1]


@given(logit_rows, unit, st.floats(0.01, 0.99))
@settings(max_examples=150, deadline=None)
def test_top_p_never_draws_a_token_that_more_likely_ones_already_outweigh(
    row: list[float], uniform: float, top_p: float
) -> None:
    logits_BV = torch.tensor([row])
    drawn, _ = draw(logits_BV, torch.tensor([uniform]), Sampling(top_p=top_p))
    probabilities = logits_BV.softmax(-1)[0].tolist()
    more_likely = math.fsum(p for p in probabilities if p > probabilities[drawn])
    assert more_likely < top_p + 1e-5


def test_top_p_keeps_the_smallest_set_that_reaches_the_share() -> None:
    row = torch.tensor([[0.4, 0.1, 0.3, 0.2]])
    assert (keep_top_p(row, 0.65) > 0).tolist() == [[True, False, True, False]]
    assert (keep_top_p(row, 0.75) > 0).tolist() == [[True, False, True, True]]
    assert keep_top_p(row, 1e-9).count_nonzero() == 1
    assert keep_top_p(row, 1.0) is row


def test_top_k_and_top_p_together_measure_the_share_among_the_k() -> None:
    row = torch.tensor([[0.4, 0.3, 0.2, 0.1]])
    # Of the two largest, the first holds 4/7 = 0.571 of the weight.
    assert keep_top_p(keep_top_k(row, 2), 0.5).count_nonzero() == 1
    assert keep_top_p(keep_top_k(row, 2), 0.6).count_nonzero() == 2


@given(st.lists(st.sampled_from([0.0, 1e-30, 1e-8, 0.1, 1.0, 7.0]), min_size=1, max_size=30), unit)
@settings(max_examples=300, deadline=None)
def test_a_token_of_no_weight_is_never_drawn(weights: list[float], uniform: float) -> None:
    weights.append(0.5)
    weights.append(0.0)
    chosen = int(invert(torch.tensor([weights]), torch.tensor([uniform])))
    assert weights[chosen] > 0


@given(logit_rows)
@settings(max_examples=100, deadline=None)
def test_temperature_zero_is_the_argmax(row: list[float]) -> None:
    logits_BV = torch.tensor([row])
    drawn, logprobs = draw(logits_BV, torch.tensor([0.5]), Sampling(temperature=0))
    assert row[drawn] == max(row)
    assert logprobs.item() == pytest.approx(logits_BV.log_softmax(-1)[0, drawn].item(), abs=1e-5)


@pytest.mark.parametrize(
    ("temperature", "top_k", "top_p"), [(1.0, 0, 1.0), (0.7, 0, 1.0), (1.3, 5, 1.0), (1.0, 0, 0.8)]
)
def test_frequencies_fit_the_distribution(temperature: float, top_k: int, top_p: float) -> None:
    count, logits_V = (
        20_000,
        torch.linspace(-1.5, 1.5, 12)[torch.randperm(12, generator=torch.Generator().manual_seed(1))],
    )
    draws = torch.from_numpy(np.random.default_rng(3).random(count, dtype=np.float32))
    sampling = Sampling(temperature=temperature, top_k=top_k, top_p=top_p)
    drawn, logprobs = draw(logits_V.expand(count, -1), draws, sampling)
    expected = (logits_V.double() / temperature).softmax(-1).numpy()
    assert logprobs.numpy() == pytest.approx(np.log(expected[drawn.numpy()]), abs=1e-5)
    order = np.argsort(-expected)
    kept = order[: top_k or None]
    shares = expected[kept] / expected[kept].sum()
    kept = kept[: int(np.searchsorted(np.cumsum(shares), top_p)) + 1] if top_p < 1 else kept
    observed = np.bincount(drawn.numpy(), minlength=12)
    assert observed[kept].sum() == count
    assert stats.chisquare(observed[kept], expected[kept] / expected[kept].sum() * count).pvalue > 0.001


def test_uniforms_depend_on_seed_key_and_sample_and_not_on_the_count() -> None:
    first = uniforms(7, "a", 0, 50)
    assert torch.equal(first[:20], uniforms(7, "a", 0, 20))
    for other in (uniforms(8, "a", 0, 50), uniforms(7, "b", 0, 50), uniforms(7, "a", 1, 50)):
        assert not torch.equal(first, other)
    assert 0 <= first.min() <= first.max() <= LARGEST_UNIFORM


@pytest.mark.parametrize(
    "fields", [{"temperature": -1}, {"top_p": 0}, {"top_p": 1.5}, {"top_k": -1}, {"max_new_tokens": 0}, {"topk": 3}]
)
def test_settings_without_a_meaning_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Sampling.model_validate(fields)
