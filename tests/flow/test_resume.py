"""A run killed in the middle of any long stage continues, and ends as an uninterrupted one, bit for bit."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from flow.tiny_road import graph_of, make, write_recipe
from trivium.core.artifact import Artifact
from trivium.core.store import Store
from trivium.training import loop

STAGES = ("pretrain", "sft", "reward", "policy")
KILLED_AT = {"pretrain": 4, "sft": 3, "reward": 3, "policy": 5}
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, dict[str, Artifact]]:
    """The road up to the policy, never interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    store = Store(folder / "runs")
    return store, make(graph_of(folder), store, "policy")


def metrics_rows(artifact: Artifact) -> list[dict[str, Any]]:
    lines = (artifact.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [{key: value for key, value in json.loads(line).items() if key != "seconds"} for line in lines]


def assert_same(found: Artifact, wanted: Artifact) -> None:
    """Every file is the same byte for byte; of the metrics everything but the seconds."""
    assert found.id == wanted.id
    assert set(found.manifest.files) == set(wanted.manifest.files)
    for name, entry in wanted.manifest.files.items():
        if name != "metrics.jsonl":
            assert found.manifest.files[name].sha256 == entry.sha256, name
    # As text, so that a NaN equals itself.
    assert json.dumps(metrics_rows(found)) == json.dumps(metrics_rows(wanted))
    assert found.manifest.metrics == wanted.manifest.metrics


def run_program(program: list[str], folder: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *program, "run", str(folder / "tiny.toml"), "--until", "policy"]
    paths = [*map(str, HERE.parents[1].glob("src")), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "TRIVIUM_RUNS": str(folder / "runs"),
        "TRIVIUM_CHECKPOINT_SECONDS": "-1",
        "CUDA_VISIBLE_DEVICES": "",
    }
    return subprocess.run(command, env={**environment, **(env or {})}, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, str]:
    """The same road by the command line, killed with SIGKILL in each of its four long stages; and its last words."""
    folder = tmp_path_factory.mktemp("killed")
    write_recipe(folder)
    store = Store(folder / "runs")
    for stage in STAGES:
        done = run_program([str(HERE / "killed.py"), stage, str(KILLED_AT[stage])], folder)
        assert done.returncode == -signal.SIGKILL, done.stderr
        record = json.loads((folder / "runs" / "tiny" / "run.json").read_text(encoding="utf-8"))
        assert stage not in record["stages"]
    done = run_program(["-m", "trivium"], folder)
    assert done.returncode == 0, done.stderr
    return store, done.stderr


@pytest.mark.parametrize("stage", STAGES)
def test_a_run_killed_by_the_system_ends_with_the_weights_of_an_uninterrupted_one(
    stage: str, whole: tuple[Store, dict[str, Artifact]], killed: tuple[Store, str]
) -> None:
    wanted = whole[1][stage]
    found = killed[0].find(wanted.id)
    assert found is not None
    assert (found.path / "model.safetensors").read_bytes() == (wanted.path / "model.safetensors").read_bytes()
    assert_same(found, wanted)


def test_the_continued_run_says_where_it_goes_on_and_leaves_nothing_half_made(killed: tuple[Store, str]) -> None:
    store, said = killed
    assert "policy: goes on at step 4 of 6" in said
    assert list((store.root / "scratch").iterdir()) == []
    assert list((store.root / ".drafts").iterdir()) == []


class Killed(BaseException):
    """Stands for SIGKILL: nothing may catch it."""


def forget(store: Store, artifact: Artifact) -> None:
    """Take an artifact out of a store, as if it had never been made."""
    shutil.rmtree(store.root / "artifacts" / artifact.manifest.kind / artifact.id)


def resumed(
    stage: str, kills: list[int], sets: list[str], folder: Path, whole: tuple[Store, dict[str, Artifact]]
) -> Artifact:
    """Make one stage again, stopped at each of these steps in turn, then finished."""
    store = Store(folder / "runs")
    shutil.copytree(whole[0].root, store.root, symlinks=True)
    if (store.root / "artifacts" / whole[1][stage].manifest.kind / whole[1][stage].id).exists():
        forget(store, whole[1][stage])
    graph = graph_of(folder, *sets)
    for kill in kills:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop, "one_step", dying_at(stage, kill))
            with pytest.raises(Killed):
                make(graph, store, stage)
    return make(graph, store, stage)[stage]


def dying_at(stage: str, kill: int) -> Any:
    one_step = loop.one_step

    def step(task: loop.Task, plan: loop.LoopPlan, number: int, scratch: Path) -> dict[str, float]:
        if (plan.label, number) == (stage, kill):
            raise Killed
        return one_step(task, plan, number, scratch)

    return step


@pytest.mark.parametrize("kills", [[0], [1, 2], [3, 4]], ids=str)
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_stopped_at_any_step_ends_the_same(
    stage: str, kills: list[int], tmp_path: Path, whole: tuple[Store, dict[str, Artifact]]
) -> None:
    assert_same(resumed(stage, kills, [], tmp_path, whole), whole[1][stage])


@pytest.mark.parametrize(
    ("stage", "sets"),
    [
        ("sft", ['sft.update={method="lora",rank=2}', "sft.optimizer.method=muon"]),
        ("policy", ['policy.update={method="lora",rank=2}', 'policy.kl={method="adaptive",target=0.5,horizon=40}']),
        ("policy", ["policy.epochs=2", "policy.mix_coefficient=0.0", 'policy.update={method="layers",layers=[1]}']),
    ],
    ids=["sft-lora-muon", "policy-lora-adaptive", "policy-epochs-layers"],
)
def test_partial_updates_and_moving_coefficients_resume_the_same(
    stage: str, sets: list[str], tmp_path: Path, whole: tuple[Store, dict[str, Artifact]]
) -> None:
    once = resumed(stage, [], sets, tmp_path / "once", whole)
    again = resumed(stage, [2, 5], sets, tmp_path / "again", whole)
    assert once.id != whole[1][stage].id
    assert_same(again, once)


def test_how_often_a_checkpoint_is_kept_changes_neither_id_nor_weights(
    tmp_path: Path, whole: tuple[Store, dict[str, Artifact]]
) -> None:
    write_recipe(tmp_path)
    done = run_program(["-m", "trivium"], tmp_path, {"TRIVIUM_CHECKPOINT_SECONDS": "3600"})
    assert done.returncode == 0, done.stderr
    found = Store(tmp_path / "runs").find(whole[1]["policy"].id)
    assert found is not None
    assert_same(found, whole[1]["policy"])
