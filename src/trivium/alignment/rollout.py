"""A policy's replies to numbers a policy step can learn from: log-probs, values, rewards, advantages.

Shapes: N reply tokens of a minibatch laid end to end, M replies, L tokens of the longest reply.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from trivium.alignment.advantage import gae, whiten
from trivium.alignment.rollout_reward import ended_scores, token_rewards
from trivium.inference.engine import Engine
from trivium.inference.sampling import Sampling
from trivium.model.decoder import LanguageModel, ScalarModel
from trivium.training.batch import PackedBatch, Tree, pack
from trivium.training.losses import token_logprobs, token_logprobs_and_entropies
from trivium.training.precision import PLAIN, Products
from trivium.training.scores import end_scores


@dataclass(frozen=True)
class RolloutPrompt:
    """A prompt as tokens, with its id."""

    id: str
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Reply:
    """What the policy said once."""

    prompt: RolloutPrompt
    ids: tuple[int, ...]
    stopped: bool


@dataclass
class Minibatch:
    """Replies of one optimiser step, packed once so that the first pass repeats the very same numbers."""

    replies: list[Reply]
    batch: PackedBatch
    old_logprobs_ML: Tensor
    old_values_ML: Tensor
    mask_ML: Tensor
    advantages_ML: Tensor
    returns_ML: Tensor
    scores_M: Tensor
    kl_M: Tensor
    entropy: float


def to_rows(flat_N: Tensor, reply_N: Tensor, num_replies: int) -> tuple[Tensor, Tensor]:
    """Lay a flat [N] of reply tokens into right-padded rows [M, L]; return (rows, mask). Differentiable in `flat_N`."""
    lengths_M = torch.bincount(reply_N, minlength=num_replies)
    starts_M = torch.cumsum(lengths_M, 0) - lengths_M
    column_N = torch.arange(len(reply_N), device=reply_N.device) - starts_M[reply_N]
    rows_ML = flat_N.new_zeros(num_replies, int(lengths_M.max())).index_put((reply_N, column_N), flat_N)
    mask_ML = torch.arange(rows_ML.shape[1], device=reply_N.device) < lengths_M[:, None]
    return rows_ML, mask_ML


def sample_replies(model: LanguageModel, prompts: Sequence[RolloutPrompt], sampling: Sampling) -> list[Reply]:
    """Sample one reply per prompt; every token is kept exactly as it was drawn."""
    engine = Engine(model, max_batch=min(256, len(prompts)))
    drawn = engine.generate([p.ids for p in prompts], sampling, keys=[f"{i} {p.id}" for i, p in enumerate(prompts)])
    return [Reply(p, tuple(g[0].ids), g[0].stopped) for p, g in zip(prompts, drawn, strict=True)]


def policy_logprobs(model: LanguageModel, batch: PackedBatch, temperature: float) -> Tensor:
    """Return the log-probs [N] of the reply tokens; the temperature divides the logits as it did when sampling."""
    return token_logprobs(_before_replies(model, batch), model.lm_head.weight, batch.target_N, temperature)


def _before_replies(model: LanguageModel, batch: PackedBatch) -> Tensor:
    """Return the hidden states [N, D] that the reply tokens were chosen from."""
    hidden_BTD: Tensor = model(batch.ids_BT, batch.positions_BT, batch.allowed)
    return hidden_BTD.flatten(0, 1).index_select(0, batch.source_N)


def values(model: ScalarModel, batch: PackedBatch, products: Products = PLAIN) -> Tensor:
    """Return the value [N] of the state each reply token was chosen in: the place just before it."""
    with products():
        scores_BT: Tensor = model(batch.ids_BT, batch.positions_BT, batch.allowed)
    return scores_BT.flatten().index_select(0, batch.source_N)


@dataclass(frozen=True)
class RolloutSettings:
    """What turns scores into advantages. `beta` is the KL coefficient in reward per nat."""

    temperature: float
    gamma: float
    lam: float
    missing_end_score: float
    row_tokens: int
    whiten_rewards: bool = False
    products: Products = PLAIN
    """Of the value network and of raw text. The policy's and the reference's log-probs stay in the weights' own type:
    ratio and KL are differences of theirs, which are small."""


@dataclass(frozen=True)
class Models:
    """The four models of PPO: two learn, two are frozen."""

    policy: LanguageModel
    reference: LanguageModel
    value: ScalarModel
    reward: ScalarModel


@torch.no_grad()
def prepare(replies: list[Reply], models: Models, beta: float, settings: RolloutSettings) -> Minibatch:
    """Score one minibatch's replies with all four models and make advantages, not whitened yet.

    no_grad, not inference_mode: the numbers must come from the kernels that training uses, so that the first ratio is
    exactly 1.
    """
    trees = [Tree(prompt=reply.prompt.ids, replies=(reply.ids,), name=reply.prompt.id) for reply in replies]
    device = next(models.policy.parameters()).device
    batch = pack(trees, row_tokens=settings.row_tokens).to(device)
    num = len(replies)
    hidden_ND, weight_VD = _before_replies(models.policy, batch), models.policy.lm_head.weight
    logprobs_N, entropy_N = token_logprobs_and_entropies(hidden_ND, weight_VD, batch.target_N, settings.temperature)
    reference_N = policy_logprobs(models.reference, batch, settings.temperature)
    logprobs_ML, mask_ML = to_rows(logprobs_N, batch.reply_N, num)
    reference_ML, _ = to_rows(reference_N, batch.reply_N, num)
    values_ML, _ = to_rows(values(models.value, batch, settings.products), batch.reply_N, num)
    stopped_M = torch.tensor([reply.stopped for reply in replies], device=device)
    scores_M = ended_scores(end_scores(models.reward, batch), stopped_M, settings.missing_end_score)
    paid = token_rewards(scores_M, logprobs_ML, reference_ML, mask_ML, beta, whitened=settings.whiten_rewards)
    advantages_ML, returns_ML = gae(paid.rewards_BT, values_ML, mask_ML, settings.gamma, settings.lam)
    return Minibatch(
        replies=replies,
        batch=batch,
        old_logprobs_ML=logprobs_ML,
        old_values_ML=values_ML,
        mask_ML=mask_ML,
        advantages_ML=advantages_ML,
        returns_ML=returns_ML,
        scores_M=scores_M,
        kl_M=paid.kl_B,
        entropy=float(entropy_N.mean()),
    )


def whiten_together(minibatches: Sequence[Minibatch]) -> None:
    """Whiten the advantages over all of an iteration's valid tokens, with the mean shifted, before any minibatch is
    used.
    """
    flat = torch.cat([m.advantages_ML[m.mask_ML] for m in minibatches])
    white = whiten(flat[None], torch.ones_like(flat[None], dtype=torch.bool))[0]
    start = 0
    for m in minibatches:
        count = int(m.mask_ML.sum())
        m.advantages_ML = torch.zeros_like(m.advantages_ML).masked_scatter(m.mask_ML, white[start : start + count])
        start += count


Watch = Callable[[Sequence[Reply]], dict[str, float]]
"""Looks at an iteration's replies and returns more to log, such as the truth where it is known."""
