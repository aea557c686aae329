"""The PPO task: exact at its start, its gradient the sum of its parts, and a planted reward that rises."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from alignment.tiny_models import END, PROMPTS, SETTINGS, SHAPE, VOCAB, models
from trivium.alignment.kl import AdaptiveKL, FixedKL
from trivium.alignment.ppo import PPOData, PPOSettings, PPOTask
from trivium.alignment.rollout import Models, RolloutPrompt
from trivium.core.seed import derive, stream
from trivium.core.stage import StageContext
from trivium.inference.sampling import Sampling
from trivium.model.decoder import ScalarModel, initialise
from trivium.training.batch import Tree
from trivium.training.language import LanguageTask, Layout, Stream
from trivium.training.loop import LoopPlan, one_step, train
from trivium.training.optimizer import OptimizerConfig, Optimizers, build_optimizer
from trivium.training.schedule import ScheduleConfig

WANTED = 11
LAYOUT = Layout(32, 64)
PLAN = LoopPlan("ppo", 8, 1.0, ScheduleConfig(shape="constant", warmup_share=0.0))


class Counting(ScalarModel):
    """A reward that is the share of one token among those of the sequence so far."""

    def forward(self, ids_BT: Tensor, positions_BT: Tensor, allowed: Tensor | None = None) -> Tensor:
        assert allowed is not None
        seen = allowed[:, 0].float() @ (ids_BT == WANTED).float()[..., None]
        return 4 * seen[..., 0] / allowed[:, 0].sum(-1)


def prompts(iteration: int) -> list[RolloutPrompt]:
    order = stream(3, "prompts", iteration).permutation(len(PROMPTS))
    return [PROMPTS[index] for index in order]


def sampling(iteration: int) -> Sampling:
    return Sampling(max_new_tokens=6, temperature=0.9, seed=derive(3, "rollout", iteration), stop_ids=(END,))


def raw(step: int) -> tuple[list[Tree], None]:
    rng = stream(3, "raw", step)
    rows = [rng.integers(0, VOCAB, 9).tolist() for _ in range(4)]
    return [Tree(row, prompt_loss=[True] * 9, name=f"text {step}-{i}") for i, row in enumerate(rows)], None


def task_of(
    given: Models,
    *,
    mix: float = 0.0,
    epochs: int = 1,
    kl: FixedKL | AdaptiveKL | None = None,
    layout: Layout = LAYOUT,
    rate: float = 3e-3,
) -> PPOTask:
    config = OptimizerConfig(learning_rate=rate, weight_decay=0.0, epsilon=1e-5)
    members = [m for model in (given.policy, given.value) for m in build_optimizer([model], config).members]
    settings = PPOSettings(
        replies=len(PROMPTS),
        minibatch=8,
        epochs=epochs,
        clip=0.2,
        value_clip=0.5,
        mix_coefficient=mix,
        rollout=SETTINGS,
        layout=layout,
    )
    return PPOTask(given, Optimizers(members), PPOData(prompts, sampling, raw), settings, kl or FixedKL(0.05))


def gradients(module: nn.Module) -> Tensor:
    return torch.cat([p.grad.flatten() for p in module.parameters() if p.grad is not None])


def gradient_of(task: PPOTask, step: int, only: slice = slice(None)) -> Tensor:
    """The policy's gradient from some of the losses of a step."""
    task.models.policy.zero_grad()
    for loss, _ in list(task.losses(step))[only]:
        loss.backward()
    return gradients(task.models.policy)


def test_the_first_pass_has_ratio_one_nothing_clipped_and_no_divergence(tmp_path: Path) -> None:
    task = task_of(models())
    row = one_step(task, PLAN, 0, tmp_path)
    assert (row["ratio_max_deviation"], row["clip_share"], row["approx_kl"]) == (0.0, 0.0, 0.0)
    described = task.after_step(0)
    assert described["kl"] == 0.0
    assert described["beta"] == 0.05
    assert task.after_step(0) == {}
    assert one_step(task, PLAN, 1, tmp_path)["ratio_max_deviation"] > 0.0


def test_the_policy_loss_of_the_first_pass_is_minus_the_mean_advantage() -> None:
    task = task_of(models())
    (loss, _), (value_loss, _) = list(task.losses(0))
    first = task.minibatches[0]
    assert float(loss.detach()) == pytest.approx(-float(first.advantages_ML[first.mask_ML].mean()), abs=1e-6)
    error = (first.old_values_ML - first.returns_ML)[first.mask_ML]
    assert float(value_loss.detach()) == pytest.approx(0.5 * float(error.square().mean()), rel=1e-5)


def test_an_iteration_uses_every_minibatch_once_an_epoch_and_then_samples_anew() -> None:
    task = task_of(models(), epochs=2)
    assert task.settings.steps_per_iteration == 4
    used, seen = [], []
    for step in range(5):
        for loss, _ in task.losses(step):
            loss.backward()
        used.append(step)
        seen.append(tuple(id(m) for m in task.minibatches))
        task.models.policy.zero_grad()
        assert task.may_checkpoint(step) == (step % 4 == 0)
    assert seen[0] == seen[1] == seen[2] == seen[3] != seen[4]
    assert sorted(reply.prompt.id for m in task.minibatches for reply in m.replies) == sorted(p.id for p in PROMPTS)
    with pytest.raises(AssertionError, match="resume only where one begins"):
        next(task_of(models()).losses(1))


def test_the_gradient_with_the_mix_is_the_sum_of_both_computed_apart() -> None:
    both = gradient_of(task_of(models(), mix=0.7), 0)
    policy_only = gradient_of(task_of(models(), mix=0.0), 0)
    given = models()
    streams = [Stream("text", raw)]
    text = LanguageTask(given.policy, build_optimizer([given.policy], OptimizerConfig()), streams, Layout(32, 64))
    for loss, _ in text.losses(0):
        loss.backward()
    mix_only = gradients(given.policy)
    assert float(mix_only.norm()) > 0.01
    torch.testing.assert_close(both, policy_only + 0.7 * mix_only, atol=1e-6, rtol=1e-4)


def test_the_gradient_of_the_mix_does_not_depend_on_its_micro_batches() -> None:
    fine, coarse = (gradient_of(task_of(models(), mix=0.7, layout=Layout(9, micro)), 0) for micro in (9, 4096))
    torch.testing.assert_close(fine, coarse, atol=1e-6, rtol=1e-4)


def test_the_value_loss_leaves_the_policy_alone_and_the_frozen_models_never_learn() -> None:
    task = task_of(models(), mix=0.5)
    task.models.policy.zero_grad()
    losses = list(task.losses(0))
    losses[1][0].backward()
    assert all(parameter.grad is None for parameter in task.models.policy.parameters())
    assert any(parameter.grad is not None for parameter in task.models.value.parameters())
    for loss, _ in (losses[0], *losses[2:]):
        loss.backward()
    frozen = [*task.models.reference.parameters(), *task.models.reward.parameters()]
    assert all(parameter.grad is None for parameter in frozen)


def run(task: PPOTask, folder: Path, num_steps: int) -> list[dict[str, float]]:
    plan = LoopPlan("ppo", num_steps, 1.0, PLAN.schedule)
    rows = []
    for step in range(num_steps):
        row = one_step(task, plan, step, folder)
        rows.append(row | task.after_step(step))
    return rows


def test_a_planted_reward_rises_and_the_value_network_learns_it(tmp_path: Path) -> None:
    value = ScalarModel(SHAPE)
    initialise(value, torch.Generator().manual_seed(6))
    given = replace(models(), reward=Counting(SHAPE).requires_grad_(False), value=value)
    rows = run(task_of(given, kl=FixedKL(0.0), rate=1e-2), tmp_path, 40)
    scores = [row["score"] for row in rows if "score" in row]
    losses = [row["value_loss"] for row in rows]
    assert sum(scores[-3:]) / 3 > sum(scores[:3]) / 3 + 0.5
    assert sum(losses[10:18]) < sum(losses[:8])
    kls = [row["kl"] for row in rows if "kl" in row]
    assert kls[-1] > 0.5


def test_a_strong_leash_keeps_the_policy_near_its_reference(tmp_path: Path) -> None:
    def last_kl(beta: float) -> float:
        given = replace(models(), reward=Counting(SHAPE).requires_grad_(False))
        rows = run(task_of(given, kl=FixedKL(beta), rate=5e-3), tmp_path, 80)
        return sum([row["kl"] for row in rows if "kl" in row][-8:]) / 8

    assert last_kl(2.0) < 0.5 * last_kl(0.0)


def test_the_adaptive_coefficient_follows_the_divergence_and_is_logged_as_it_was_used(tmp_path: Path) -> None:
    control = AdaptiveKL(beta=0.1, target=5.0, horizon=100)
    rows = run(task_of(models(), kl=control), tmp_path, 4)
    betas = [row["beta"] for row in rows if "beta" in row]
    # The first iteration's KL is 0, so its error is clipped to -0.2: β · (1 - 0.2 · 16/100).
    assert betas == pytest.approx([0.1, 0.1 * (1 - 0.2 * 16 / 100)])


class Killed(BaseException):
    """Stands for SIGKILL."""


@pytest.mark.parametrize("dies_at", [1, 3, 4, 6, 7])
def test_a_killed_run_ends_with_the_weights_and_the_log_of_one_never_killed(tmp_path: Path, dies_at: int) -> None:
    def go(folder: Path, dies: int = -1) -> tuple[Tensor, list[dict[str, object]]]:
        control = AdaptiveKL(beta=0.1, target=5.0, horizon=100)
        task = task_of(models(), mix=0.5, epochs=1, kl=control)
        losses = task.losses

        def dying(step: int):
            if step == dies:
                raise Killed
            return losses(step)

        task.losses = dying  # type: ignore[method-assign]
        (folder / "out").mkdir(parents=True, exist_ok=True)
        train(task, PLAN, StageContext(folder / "out", folder / "scratch", seed=1, checkpoint_seconds=-1.0))
        lines = (folder / "out" / "metrics.jsonl").read_text().splitlines()
        rows = [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]
        parts = [p.detach().flatten() for module in task.modules.values() for p in module.parameters()]
        return torch.cat(parts), rows

    weights, rows = go(tmp_path / "whole")
    with pytest.raises(Killed):
        go(tmp_path / "killed", dies_at)
    kept = sorted(path.name for path in (tmp_path / "killed" / "scratch").glob("*.pt"))
    assert all(int(name[5:13]) % 2 == 0 for name in kept)
    again, rows_again = go(tmp_path / "killed")
    assert torch.equal(weights, again)
    assert rows == rows_again
    assert all(math.isfinite(row["loss"]) for row in rows)  # type: ignore[arg-type]
