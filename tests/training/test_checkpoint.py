"""Resumable checkpoints: what they keep, how many, and what is said when one cannot be read."""

from pathlib import Path

import pytest
import torch
from torch import nn

from trivium.core.errors import CheckpointError
from trivium.training.checkpoint import latest_checkpoint, load_state, save_state
from trivium.training.optimizer import OptimizerConfig, build_optimizer
from trivium.training.task import SimpleTask


class Line(SimpleTask):
    """One linear layer, and a number of its own to keep."""

    def __init__(self, width: int = 4) -> None:
        self.modules = {"line": nn.Linear(width, width)}
        self.optimizers = build_optimizer(self.modules.values(), OptimizerConfig(method="muon"))
        self.coefficient = 0.5

    def state(self):
        return {"coefficient": self.coefficient}

    def load_state(self, state):
        self.coefficient = state["coefficient"]

    def learn(self) -> None:
        self.modules["line"](torch.ones(1, self.modules["line"].in_features)).square().sum().backward()
        self.optimizers.step()


def test_an_empty_folder_holds_no_checkpoint(tmp_path):
    assert latest_checkpoint(tmp_path) is None
    assert load_state(tmp_path / "never made", Line()) is None


def test_a_checkpoint_brings_back_weights_optimiser_and_the_tasks_own_state(tmp_path):
    task, other = Line(), Line()
    task.learn()
    task.coefficient = 0.75
    save_state(tmp_path, task, 1)
    assert load_state(tmp_path, other) == 1
    assert other.coefficient == 0.75
    for one in (task, other):
        one.learn()
    for mine, theirs in zip(task.modules["line"].parameters(), other.modules["line"].parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_only_the_newest_two_are_kept_and_a_draft_left_by_a_kill_goes(tmp_path):
    (tmp_path / "step-00000001.draft").write_bytes(b"half")
    for step in (2, 30, 400):
        save_state(tmp_path, Line(), step)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000030.pt", "step-00000400.pt"]
    assert latest_checkpoint(tmp_path).name == "step-00000400.pt"


def damage(path: Path, kind: str) -> None:
    whole = path.read_bytes()
    if kind == "half":
        path.write_bytes(whole[: len(whole) // 2])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "other bytes":
        path.write_bytes(b"this is not a checkpoint" * 100)
    elif kind == "other contents":
        torch.save({"something": "else"}, path)


@pytest.mark.parametrize("kind", ["half", "empty", "other bytes", "other contents"])
def test_a_damaged_checkpoint_is_named_and_training_does_not_start_again_silently(tmp_path, kind):
    save_state(tmp_path, Line(), 1)
    path = save_state(tmp_path, Line(), 2)
    damage(path, kind)
    with pytest.raises(CheckpointError, match=r"cannot be read[\s\S]*step-00000002.pt[\s\S]*delete step-00000002.pt"):
        load_state(tmp_path, Line())
    path.unlink()
    assert load_state(tmp_path, Line()) == 1


def test_a_checkpoint_of_another_shape_is_refused_with_a_message(tmp_path):
    save_state(tmp_path, Line(4), 1)
    with pytest.raises(CheckpointError, match="does not fit"):
        load_state(tmp_path, Line(5))


def test_a_checkpoint_never_runs_code(tmp_path):
    path = save_state(tmp_path, Line(), 1)
    torch.save({"step": 1, "modules": {}, "optimizers": [], "task": {"trap": nn.Linear}}, path)
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_state(tmp_path, Line())
