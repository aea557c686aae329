"""Rollouts: numbers of each reply as if it stood alone, advantages whitened together, a fixed score without an end."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from alignment.tiny_models import END, PROMPTS, SETTINGS, language, models, settings
from trivium.alignment.advantage import gae
from trivium.alignment.rollout import (
    Minibatch,
    Models,
    Reply,
    policy_logprobs,
    prepare,
    sample_replies,
    to_rows,
    values,
    whiten_together,
)
from trivium.inference.engine import Engine
from trivium.inference.sampling import Sampling
from trivium.model.lora import LoraConfig, apply_lora, lora_parameters
from trivium.training.batch import Tree, pack

SAMPLING = Sampling(max_new_tokens=6, temperature=0.9, seed=5, stop_ids=(END,))


def replies_of(given: Models) -> list[Reply]:
    return sample_replies(given.policy, PROMPTS, SAMPLING)


@torch.no_grad()
def alone(given: Models, reply: Reply) -> tuple[Tensor, Tensor, float]:
    """Log-probs and values of one reply's tokens, and its score, from plain forward passes."""
    ids = torch.tensor([[*reply.prompt.ids, *reply.ids]])
    positions = torch.arange(ids.shape[1])[None]
    first, last = len(reply.prompt.ids) - 1, ids.shape[1] - 1
    logprobs = (given.policy.logits(given.policy(ids, positions)) / 0.9).log_softmax(-1)[0, first:last]
    picked = logprobs.gather(-1, ids[0, first + 1 :, None])[:, 0]
    return picked, given.value(ids, positions)[0, first:last], float(given.reward(ids, positions)[0, -1])


def test_rows_are_laid_out_by_reply_and_gradients_flow_back() -> None:
    flat = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], requires_grad=True)
    rows, mask = to_rows(flat, torch.tensor([0, 0, 1, 2, 2, 2]), 3)
    assert rows.tolist() == [[1, 2, 0], [3, 0, 0], [4, 5, 6]]
    assert mask.tolist() == [[True, True, False], [True, False, False], [True, True, True]]
    (rows * torch.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert flat.grad is not None
    assert flat.grad.tolist() == [1, 10, 1, 1, 10, 100]


@pytest.mark.parametrize("row_tokens", [1, 32, 64])
def test_every_reply_has_the_numbers_that_it_has_alone(row_tokens: int) -> None:
    given = models()
    replies = replies_of(given)
    made = prepare(replies, given, 0.1, settings(row_tokens=row_tokens))
    for index, reply in enumerate(replies):
        logprobs, value, score = alone(given, reply)
        size = len(reply.ids)
        assert made.mask_ML[index].sum() == size
        torch.testing.assert_close(made.old_logprobs_ML[index, :size], logprobs, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(made.old_values_ML[index, :size], value, atol=1e-5, rtol=1e-5)
        expected = score if reply.stopped else -2.0
        assert float(made.scores_M[index]) == pytest.approx(expected, abs=1e-5)


def test_the_engine_that_sampled_agrees_with_the_log_probs_that_are_trained_on() -> None:
    given = models()
    generated = {}
    replies = replies_of(given)
    engine = Engine(given.policy, max_batch=16)
    keys = [f"{i} {p.id}" for i, p in enumerate(PROMPTS)]
    drawn = engine.generate([p.ids for p in PROMPTS], SAMPLING, keys=keys)
    for index, (reply, (one,)) in enumerate(zip(replies, drawn, strict=True)):
        assert reply.ids == one.ids
        generated[index] = one.logprobs
    made = prepare(replies, given, 0.1, SETTINGS)
    for index, logprobs in generated.items():
        torch.testing.assert_close(
            made.old_logprobs_ML[index, : len(logprobs)], torch.tensor(logprobs), atol=1e-4, rtol=1e-4
        )


def test_the_engine_of_a_policy_with_lora_samples_from_the_adapted_weights() -> None:
    policy = language()
    apply_lora(policy, LoraConfig(rank=2, alpha=8.0), torch.Generator().manual_seed(0))
    engine = Engine(policy, max_batch=8)
    greedy = Sampling(max_new_tokens=8, temperature=0.9, seed=1)
    before = engine.generate([p.ids for p in PROMPTS], greedy)
    with torch.no_grad():
        for name, parameter in lora_parameters(policy):
            if ".lora_B." in name:
                parameter.normal_(0, 0.5, generator=torch.Generator().manual_seed(len(name)))
    after = engine.generate([p.ids for p in PROMPTS], greedy)
    assert [row[0].ids for row in before] != [row[0].ids for row in after]
    trees = [Tree(p.ids, (row[0].ids,)) for p, row in zip(PROMPTS, after, strict=True)]
    with torch.no_grad():
        expected = policy_logprobs(policy, pack(trees), 0.9)
    found = torch.tensor([logprob for row in after for logprob in row[0].logprobs])
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_the_divergence_is_exactly_zero_while_the_policy_is_its_reference() -> None:
    given = models()
    assert prepare(replies_of(given), given, 0.1, SETTINGS).kl_M.tolist() == [0.0] * len(PROMPTS)


def test_the_penalty_is_beta_times_the_drift_and_the_score_comes_with_the_last_token() -> None:
    given = models()
    replies = replies_of(given)
    with torch.no_grad():
        given.policy.model.norm.weight.mul_(1.3)
    free, leashed = (prepare(replies, given, beta, settings(lam=1.0)) for beta in (0.0, 0.5))
    assert free.kl_M.abs().max() > 0.01
    torch.testing.assert_close(free.kl_M, leashed.kl_M)
    # With γ = λ = 1 the first return is everything that is still paid: the score less β · KL.
    torch.testing.assert_close(free.returns_ML[:, 0], free.scores_M, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(leashed.returns_ML[:, 0], leashed.scores_M - 0.5 * leashed.kl_M, atol=1e-5, rtol=1e-5)


def test_a_reply_that_does_not_end_gets_the_missing_end_score_at_its_last_token() -> None:
    given = models()
    ended = Reply(PROMPTS[0], (7, 8, END), True)
    cut = Reply(PROMPTS[0], (7, 8, END), False)
    made = prepare([ended, cut], given, 0.0, settings(missing_end_score=-7.5))
    assert float(made.scores_M[1]) == -7.5
    assert float(made.scores_M[0]) == pytest.approx(alone(given, ended)[2], abs=1e-5)
    rewards = torch.zeros(2, 3)
    rewards[:, -1] = made.scores_M
    expected, _ = gae(rewards, made.old_values_ML, made.mask_ML, 1.0, 0.95)
    torch.testing.assert_close(made.advantages_ML, expected)


def test_advantages_are_whitened_over_the_valid_tokens_of_all_minibatches() -> None:
    given = models()
    replies = replies_of(given)
    parts: list[Minibatch] = [prepare(replies[i : i + 5], given, 0.1, SETTINGS) for i in range(0, len(replies), 5)]
    raw = torch.cat([part.advantages_ML[part.mask_ML] for part in parts])
    whiten_together(parts)
    white = torch.cat([part.advantages_ML[part.mask_ML] for part in parts])
    assert float(white.mean()) == pytest.approx(0.0, abs=1e-6)
    assert float(white.std(correction=0)) == pytest.approx(1.0, abs=1e-4)
    torch.testing.assert_close(white, (raw - raw.mean()) / raw.std(correction=0), atol=1e-4, rtol=1e-4)
    assert all(float(part.advantages_ML[~part.mask_ML].abs().sum()) == 0.0 for part in parts)


def test_values_stand_one_place_before_the_token_they_judge() -> None:
    given = models()
    batch = pack([Tree(PROMPTS[0].ids, ((7, 8), (9,)))])
    with torch.no_grad():
        found = values(given.value, batch)
        ids = torch.tensor([[*PROMPTS[0].ids, 7]])
        whole = given.value(ids, torch.arange(ids.shape[1])[None])[0]
    torch.testing.assert_close(found, torch.stack([whole[-2], whole[-1], whole[-2]]), atol=1e-5, rtol=1e-5)
