"""The loop: resume bit for bit, metrics once a step, and a stop at a loss that is not finite."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from trivium.core.errors import DivergenceError
from trivium.core.seed import stream
from trivium.core.stage import StageContext
from trivium.model.config import ModelConfig
from trivium.model.decoder import LanguageModel, ScalarModel, initialise
from trivium.training import loop
from trivium.training.batch import Tree, pack
from trivium.training.loop import LoopPlan, train
from trivium.training.losses import chunked_cross_entropy
from trivium.training.optimizer import OptimizerConfig, build_optimizer
from trivium.training.schedule import ScheduleConfig
from trivium.training.task import SimpleTask

SHAPE = ModelConfig(vocab_size=20, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
                    num_key_value_heads=2, head_dim=8)  # fmt: skip
NUM_STEPS = 7


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the loop may catch it, and nothing is tidied up."""


class Policy(SimpleTask):
    """A language model, and beside it a value network when asked, with a coefficient that moves as it learns."""

    def __init__(self, method: str, num_modules: int, dies_at: int = -1, nan_at: int = -1) -> None:
        self.model = LanguageModel(SHAPE)
        initialise(self.model, torch.Generator().manual_seed(1))
        self.modules: dict[str, torch.nn.Module] = {"policy": self.model}
        if num_modules == 2:
            self.value = ScalarModel(SHAPE)
            initialise(self.value, torch.Generator().manual_seed(2))
            self.modules["value"] = self.value
        self.optimizers = build_optimizer(self.modules.values(), OptimizerConfig(method=method, learning_rate=0.01))
        self.coefficient, self.dies_at, self.nan_at = 1.0, dies_at, nan_at

    def trees(self, step: int) -> list[Tree]:
        rng = stream(5, "batch", step)
        return [
            Tree(rng.integers(0, 20, 9).tolist(), prompt_loss=[True] * 9, name=f"text {step}-{i}") for i in range(12)
        ]

    def losses(self, step: int) -> Iterator[tuple[Tensor, dict[str, float]]]:
        for trees in (self.trees(step)[:6], self.trees(step)[6:]):
            batch = pack(trees, row_tokens=20)
            hidden = self.model(batch.ids_BT, batch.positions_BT, batch.allowed).flatten(0, 1)
            loss = chunked_cross_entropy(hidden[batch.source_N], self.model.lm_head.weight, batch.target_N) / 96
            if "value" in self.modules:
                scores = self.value(batch.ids_BT, batch.positions_BT, batch.allowed).flatten()[batch.end_M]
                loss = loss + self.coefficient * (scores - 0.5).square().sum() / 12
            if step == self.dies_at:
                raise Killed
            yield loss * (float("nan") if step == self.nan_at else 1.0), {"tokens": float(batch.num_real_tokens)}

    def batch_names(self, step: int) -> list[str]:
        return [tree.name for tree in self.trees(step)]

    def after_step(self, step: int) -> dict[str, float]:
        self.coefficient *= 0.9 if step % 2 else 1.05
        return {"coefficient": self.coefficient}

    def state(self):
        return {"coefficient": self.coefficient}

    def load_state(self, state):
        self.coefficient = state["coefficient"]


def go(folder: Path, task: SimpleTask, checkpoint_seconds: float = -1.0) -> int:
    """Train in a folder; by default a checkpoint is kept before every step."""
    folder.mkdir(exist_ok=True)
    (folder / "out").mkdir(exist_ok=True)
    plan = LoopPlan("test", NUM_STEPS, 0.5, ScheduleConfig())
    context = StageContext(folder / "out", folder / "scratch", seed=5, checkpoint_seconds=checkpoint_seconds)
    return train(task, plan, context)


def rows(folder: Path) -> list[dict]:
    lines = (folder / "out" / "metrics.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]


def weights(task: SimpleTask) -> Tensor:
    return torch.cat([p.detach().flatten() for module in task.modules.values() for p in module.parameters()])


@pytest.mark.parametrize("num_modules", [1, 2])
@pytest.mark.parametrize("method", ["adamw", "muon"])
def test_a_run_killed_at_any_step_ends_with_the_weights_and_metrics_of_one_never_killed(tmp_path, method, num_modules):
    whole = Policy(method, num_modules)
    assert go(tmp_path / "whole", whole) == 0
    for step in range(NUM_STEPS):
        folder = tmp_path / f"killed {step}"
        with pytest.raises(Killed):
            go(folder, Policy(method, num_modules, dies_at=step))
        again = Policy(method, num_modules)
        assert go(folder, again) == step
        assert torch.equal(weights(again), weights(whole))
        assert rows(folder) == rows(tmp_path / "whole")


def test_a_run_killed_again_and_again_still_arrives(tmp_path):
    whole, task = Policy("adamw", 2), Policy("adamw", 2)
    go(tmp_path / "whole", whole)
    for step in range(1, NUM_STEPS):
        with pytest.raises(Killed):
            go(tmp_path / "killed", Policy("adamw", 2, dies_at=step))
    go(tmp_path / "killed", task)
    assert torch.equal(weights(task), weights(whole))
    assert rows(tmp_path / "killed") == rows(tmp_path / "whole")


def test_a_kill_before_the_first_checkpoint_begins_again_and_doubles_no_row(tmp_path):
    with pytest.raises(Killed):
        go(tmp_path, Policy("adamw", 1, dies_at=3), checkpoint_seconds=1e9)
    assert len((tmp_path / "scratch" / "metrics.jsonl").read_text().splitlines()) == 3
    assert go(tmp_path, Policy("adamw", 1)) == 0
    assert [row["step"] for row in rows(tmp_path)] == list(range(NUM_STEPS))


def test_a_finished_run_started_again_does_no_step(tmp_path):
    task, again = Policy("muon", 1), Policy("muon", 1, dies_at=0)
    go(tmp_path, task)
    assert go(tmp_path, again) == NUM_STEPS
    assert torch.equal(weights(again), weights(task))
    assert len(rows(tmp_path)) == NUM_STEPS


def test_no_checkpoint_is_made_where_the_task_says_it_cannot_be_taken_up(tmp_path):
    class Episodes(Policy):
        def may_checkpoint(self, step: int) -> bool:
            return step % 4 == 0

    with pytest.raises(Killed):
        go(tmp_path, Episodes("adamw", 1, dies_at=6))
    assert [path.name for path in (tmp_path / "scratch").glob("*.pt")] == ["step-00000004.pt"]


def test_a_loss_of_nan_stops_with_the_step_the_batch_and_the_last_checkpoint(tmp_path):
    with pytest.raises(DivergenceError) as caught:
        go(tmp_path, Policy("adamw", 1, nan_at=4))
    message = str(caught.value)
    assert "loss became nan at step 4" in message
    assert "text 4-0, text 4-1" in message
    assert "… 4 more" in message
    assert str(tmp_path / "scratch" / "step-00000004.pt") in message
    written = (tmp_path / "scratch" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in written] == [0, 1, 2, 3]


def test_a_gradient_that_is_not_finite_is_called_a_gradient(tmp_path):
    class Steep(Policy):
        def losses(self, step):
            weight = self.model.model.norm.weight
            for loss, stats in super().losses(step):
                yield loss + (weight - weight.detach()).sum().square().sqrt(), stats  # 0, and its slope 0/0

    with pytest.raises(DivergenceError, match="gradient norm of policy became nan at step 0"):
        go(tmp_path, Steep("adamw", 1))


def test_the_gradients_of_each_module_are_clipped_by_themselves(tmp_path, monkeypatch):
    seen = {}
    task = Policy("adamw", 2)

    def look() -> None:
        for name, module in task.modules.items():
            grads = [p.grad.flatten() for p in module.parameters() if p.grad is not None]
            seen[name] = torch.cat(grads).norm().item()
        raise Killed

    monkeypatch.setattr(task.optimizers, "step", look)
    plan = LoopPlan("test", 1, 1e-3, ScheduleConfig())
    with pytest.raises(Killed):
        loop.one_step(task, plan, 0, tmp_path)
    assert seen == pytest.approx({"policy": 1e-3, "value": 1e-3}, rel=1e-2)


def test_the_rows_go_to_the_loggers_asked_for_too(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    plan = LoopPlan("policy", NUM_STEPS, 0.5, ScheduleConfig())
    context = StageContext(tmp_path, tmp_path / "scratch", seed=5, loggers=("tensorboard",), logs=tmp_path / "logs")
    train(Policy("adamw", 1), plan, context)
    events = EventAccumulator(str(tmp_path / "logs" / "tensorboard" / "policy"))
    events.Reload()
    losses = [json.loads(line)["loss"] for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [point.value for point in events.Scalars("loss")] == pytest.approx(losses)


def test_each_row_holds_the_sum_of_the_micro_batches(tmp_path):
    go(tmp_path, Policy("adamw", 2))
    first = rows(tmp_path)[0]
    assert first["tokens"] == 12 * 9
    assert {"loss", "grad_norm_policy", "grad_norm_value", "learning_rate_share", "coefficient"} <= set(first)
    assert 2.5 < first["loss"] < 4.5  # about ln 20 for the policy and a small square error for the value
