"""Prompts, a reward model and a reference to a better policy: PPO with a KL leash and a pre-training mix (Ouyang et
al. 2022, eq. 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from trivium.alignment.advantage import explained_variance
from trivium.alignment.kl import AdaptiveKL, FixedKL
from trivium.alignment.policy import ppo_policy_loss, ppo_value_loss
from trivium.alignment.rollout import (
    Minibatch,
    Models,
    Reply,
    RolloutPrompt,
    RolloutSettings,
    Watch,
    policy_logprobs,
    prepare,
    sample_replies,
    to_rows,
    values,
    whiten_together,
)
from trivium.inference.sampling import Sampling
from trivium.training.batch import Tree
from trivium.training.language import Layout, Rows, count_wanted, micro_batches, text_loss
from trivium.training.optimizer import Optimizers


@dataclass(frozen=True)
class PPOSettings:
    """One iteration samples `replies` replies and takes `replies / minibatch · epochs` optimiser steps."""

    replies: int
    minibatch: int
    epochs: int
    clip: float
    value_clip: float
    mix_coefficient: float
    """On the mean loss per raw-text token; 0 leaves the pre-training mix out."""
    rollout: RolloutSettings
    layout: Layout

    @property
    def steps_per_iteration(self) -> int:
        """Optimiser steps that one set of replies is used for."""
        return self.replies // self.minibatch * self.epochs


@dataclass(frozen=True)
class PPOData:
    """Where an iteration's prompts and a step's raw rows come from: pure functions of the iteration and the step."""

    prompts: Callable[[int], Sequence[RolloutPrompt]]
    sampling: Callable[[int], Sampling]
    raw: Callable[[int], tuple[Sequence[Tree], Rows | None]] | None
    watch: Watch | None = None
    first_seen: Callable[[Sequence[Minibatch]], None] | None = None
    """Is shown the first iteration's replies with their advantages, as they are learnt from."""


class PPOTask:
    """Clipped policy gradient on sampled replies, a clipped value loss, and raw-text gradients in the same step."""

    def __init__(
        self, models: Models, optimizers: Optimizers, data: PPOData, settings: PPOSettings, kl: FixedKL | AdaptiveKL
    ) -> None:
        self.models = models
        self.modules: Mapping[str, nn.Module] = {"policy": models.policy, "value": models.value}
        self.optimizers = optimizers
        self.data = data
        self.settings = settings
        self.kl = kl
        self.minibatches: list[Minibatch] = []
        self.pending: dict[str, float] = {}
        self.device = next(models.policy.parameters()).device

    def losses(self, step: int) -> Iterator[tuple[Tensor, dict[str, float]]]:
        """Yield the policy's, the value's and the raw text's losses of this step; sample anew where an iteration
        begins.
        """
        iteration, within = divmod(step, self.settings.steps_per_iteration)
        if within == 0:
            self._sample(iteration)
        elif not self.minibatches:
            raise AssertionError("a policy step inside an iteration without its replies: resume only where one begins")
        minibatch = self.minibatches[within % len(self.minibatches)]
        yield self._policy_loss(minibatch, first=within == 0)
        yield self._value_loss(minibatch)
        if self.data.raw is not None and self.settings.mix_coefficient > 0:
            yield from self._mix_losses(step)

    def _policy_loss(self, minibatch: Minibatch, *, first: bool) -> tuple[Tensor, dict[str, float]]:
        logprobs_N = policy_logprobs(self.models.policy, minibatch.batch, self.settings.rollout.temperature)
        logprobs_ML, _ = to_rows(logprobs_N, minibatch.batch.reply_N, len(minibatch.replies))
        loss, stats = ppo_policy_loss(
            logprobs_ML,
            minibatch.old_logprobs_ML,
            minibatch.advantages_ML,
            minibatch.mask_ML,
            self.settings.clip,
            int(minibatch.mask_ML.sum()),
        )
        deviation = float(stats.ratio_max_deviation)
        assert not first or deviation == 0.0, (
            f"the first pass must have ratio 1 exactly, found a deviation of {deviation}"
        )
        more = {"policy_loss": float(loss.detach()), "clip_share": float(stats.clip_share)}
        return loss, {**more, "approx_kl": float(stats.approx_kl), "ratio_max_deviation": deviation}

    def _value_loss(self, minibatch: Minibatch) -> tuple[Tensor, dict[str, float]]:
        values_N = values(self.models.value, minibatch.batch, self.settings.rollout.products)
        values_ML, mask_ML = to_rows(values_N, minibatch.batch.reply_N, len(minibatch.replies))
        clip, count = self.settings.value_clip, int(mask_ML.sum())
        loss, _ = ppo_value_loss(values_ML, minibatch.old_values_ML, minibatch.returns_ML, mask_ML, clip, count)
        return loss, {"value_loss": float(loss.detach())}

    def _mix_losses(self, step: int) -> Iterator[tuple[Tensor, dict[str, float]]]:
        assert self.data.raw is not None
        trees, rows = self.data.raw(step)
        wanted = count_wanted(trees)
        for batch in micro_batches(trees, rows, self.settings.layout):
            moved = batch.to(self.device)
            policy, products = self.models.policy, self.settings.rollout.products
            mean = text_loss(policy, policy.lm_head.weight, moved, products) / wanted
            yield self.settings.mix_coefficient * mean, {"mix_loss": float(mean.detach())}

    def _sample(self, iteration: int) -> None:
        """Sample this iteration's replies, score them, whiten their advantages together, and note what to log."""
        prompts = self.data.prompts(iteration)
        replies = sample_replies(self.models.policy, prompts, self.data.sampling(iteration))
        size = self.settings.minibatch
        parts = [replies[start : start + size] for start in range(0, len(replies), size)]
        self.minibatches = [prepare(part, self.models, self.kl.beta, self.settings.rollout) for part in parts]
        self.pending = self._describe(replies)
        whiten_together(self.minibatches)
        if iteration == 0 and self.data.first_seen is not None:
            self.data.first_seen(self.minibatches)
        self.pending["beta"] = self.kl.beta
        self.kl.update(self.pending["kl"], len(replies))

    def _describe(self, replies: Sequence[Reply]) -> dict[str, float]:
        scores = torch.cat([m.scores_M for m in self.minibatches])
        kl = torch.cat([m.kl_M for m in self.minibatches])
        explained = [explained_variance(m.old_values_ML, m.returns_ML, m.mask_ML) for m in self.minibatches]
        row = {
            "score": float(scores.mean()),
            "kl": float(kl.mean()),
            "entropy": sum(m.entropy for m in self.minibatches) / len(self.minibatches),
            "explained_variance": sum(explained) / len(explained),
            "reply_tokens": sum(len(r.ids) for r in replies) / len(replies),
            "stopped_share": sum(r.stopped for r in replies) / len(replies),
        }
        return row | (self.data.watch(replies) if self.data.watch else {})

    def batch_names(self, step: int) -> Sequence[str]:
        """Name the prompts of the step's replies."""
        return [reply.prompt.id for m in self.minibatches for reply in m.replies]

    def after_step(self, step: int) -> dict[str, float]:
        """Log an iteration's figures with its first step."""
        row, self.pending = self.pending, {}
        return row

    def may_checkpoint(self, step: int) -> bool:
        """Only where an iteration begins: replies are drawn anew from the weights, not saved."""
        return step % self.settings.steps_per_iteration == 0

    def state(self) -> dict[str, Any]:
        """Keep the KL coefficient."""
        return {"kl": self.kl.state_dict()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Restore the KL coefficient."""
        self.kl.load_state_dict(state["kl"])
