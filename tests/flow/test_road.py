"""The whole road at a tiny size: two rounds, every number of the scorecard, a second run that does nothing, partial updates."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from flow.tiny_road import graph_of, make, write_recipe
from trivium import cli, flow
from trivium.core.artifact import Artifact
from trivium.core.errors import RecipeError
from trivium.core.graph import Graph
from trivium.core.log import EventLog
from trivium.core.runner import Runner
from trivium.core.store import Store
from trivium.evaluation.bars import TASKS
from trivium.model.exchange import load_checkpoint
from trivium.model.lora import load_adapter, merged_state

ISSUE_KEYS = {
    "base.completes_facts",
    "base.continues_questions",
    "base.stops",
    "sft.stops",
    "sft.answers_held_out",
    *(f"{model}.tasks.{task}" for model in ("sft", "base") for task in TASKS),
    "comparisons.agreement",
    "reward.pair_accuracy",
    "reward.mean_on_demonstrations",
    "sft.harmful_compliance",
    "policy.harmful_compliance",
    "policy.over_refusal",
    "sft.honest",
    "policy.honest",
    "policy.honest_on_topic",
    "policy.answers_held_out",
    "policy.gold_reward",
    "sft.gold_reward",
    "policy.kl",
    *(f"bits_per_byte.{model}" for model in ("base", "sft", "policy", "policy_without_mix")),
}
LONG = ("pretrain", "sft", "reward-1", "policy-1", "reward", "policy", "policy_without_mix")


@dataclass(frozen=True)
class Run:
    """One finished run: where, what, and what it made."""

    folder: Path
    graph: Graph
    store: Store
    made: dict[str, Artifact]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("road")
    graph, store = graph_of(folder, rounds=2), Store(folder / "runs")
    flow.walk(graph, Runner(store))
    names = [node.name for node in graph.nodes]
    return Run(folder, graph, store, {name: store.load((store.root / "tiny" / name).resolve()) for name in names})


def rows_of(artifact: Artifact) -> list[dict[str, float]]:
    return [json.loads(line) for line in (artifact.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def call(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_scorecard_has_every_key_with_value_n_and_interval(run: Run) -> None:
    card = json.loads((run.store.root / "tiny" / "scorecard.json").read_text(encoding="utf-8"))
    assert set(card) >= ISSUE_KEYS
    for key, row in card.items():
        assert {"value", "n", "low", "high"} <= set(row) <= {"value", "n", "low", "high", "undefined"}, key
        assert (row["value"] is None) == ("undefined" in row), key
        if row["low"] is not None:
            assert row["low"] <= row["value"] <= row["high"], key
    assert len(TASKS) == 10
    for key in ISSUE_KEYS - {"reward.pair_accuracy"}:
        assert card[key]["n"] > 0, key
        assert card[key]["value"] is not None, key


def test_every_round_is_kept_and_the_last_reward_model_learns_from_all_of_them(run: Run) -> None:
    assert [node.name for node in run.graph.nodes][7:14] == [
        "comparisons-1",
        "reward-1",
        "policy-1",
        "comparisons",
        "reward",
        "policy",
        "policy_without_mix",
    ]
    first, second = run.made["comparisons-1"], run.made["comparisons"]
    assert first.manifest.inputs["model"] == run.made["sft"].id
    assert second.manifest.inputs["model"] == run.made["policy-1"].id
    assert run.made["reward-1"].manifest.inputs["comparisons"] == [first.id]
    assert run.made["reward"].manifest.inputs["comparisons"] == [first.id, second.id]
    assert run.made["policy"].manifest.inputs["sft"] == run.made["sft"].id


def test_every_training_stage_shows_its_curve_and_its_first_batch(run: Run) -> None:
    for name in LONG:
        rows = rows_of(run.made[name])
        assert [row["step"] for row in rows] == list(range(len(rows))), name
        assert json.loads((run.made[name].path / "first_batch.json").read_text(encoding="utf-8")), name
    policy = rows_of(run.made["policy"])
    assert {"score", "kl", "beta", "gold", "mix_loss", "policy_loss", "value_loss"} <= set(policy[0])
    assert policy[0]["kl"] == 0.0
    assert [row["ratio_max_deviation"] for row in policy[::2]] == [0.0, 0.0, 0.0]
    assert not any("mix_loss" in row for row in rows_of(run.made["policy_without_mix"]))


def test_the_reward_model_is_shifted_to_mean_zero_on_demonstrations(run: Run) -> None:
    metric = run.made["reward"].manifest.metrics["mean_on_demonstrations"]
    assert metric.value == pytest.approx(0.0, abs=1e-4)


def test_a_second_run_does_nothing_and_says_so(run: Run) -> None:
    said: list[str] = []
    before = {path: path.stat().st_mtime_ns for path in (run.store.root / "artifacts").rglob("*")}
    card = (run.store.root / "tiny" / "scorecard.json").read_bytes()
    flow.walk(run.graph, Runner(run.store, EventLog(say=said.append)))
    assert said == [f"nothing to do: all {len(run.graph.nodes)} stages are made"]
    assert {path: path.stat().st_mtime_ns for path in (run.store.root / "artifacts").rglob("*")} == before
    assert (run.store.root / "tiny" / "scorecard.json").read_bytes() == card
    assert list((run.store.root / "scratch").iterdir()) == []


def test_plan_why_lineage_and_verify_tell_about_it(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, runs = run.folder / "tiny.toml", ("--runs", run.store.root)
    code, out, _ = call(capsys, "plan", recipe, *runs)
    assert (code, out.splitlines()[-1]) == (0, f"all {len(run.graph.nodes)} stages are made")
    code, out, _ = call(capsys, "why", recipe, "sft", *runs, "--set", "pretrain.num_steps=7")
    assert code == 0
    assert "inputs.base" in out
    code, out, _ = call(capsys, "lineage", "tiny/policy", *runs)
    assert code == 0
    assert out.splitlines()[-1].startswith("licences: CC0-1.0")
    for stage in ("primer", "corpus", "tokenizer", "tokens", "pretrain", "sft", "comparisons", "reward", "policy"):
        assert f" {stage} " in f" {out} ".replace("\n", " "), stage
    for name in run.made:
        assert call(capsys, "verify", f"tiny/{name}", *runs)[0] == 0


def test_a_change_is_made_again_only_from_where_it_counts(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, runs = run.folder / "tiny.toml", ("--runs", run.store.root)
    code, out, _ = call(capsys, "plan", recipe, *runs, "--set", "policy.clip=0.3", "--json")
    assert code == 0
    missing = [row["stage"] for row in json.loads(out) if not row["made"]]
    assert missing == ["policy-1", "comparisons", "reward", "policy", "policy_without_mix", "evaluate"]


def changed(run: Run, folder: Path, *sets: str, until: str = "policy") -> dict[str, Artifact]:
    """The same road with other settings, on a copy of the store."""
    store = Store(folder / "runs")
    shutil.copytree(run.store.root, store.root, symlinks=True)
    return make(graph_of(folder, *sets), store, until)


def weights(artifact: Artifact) -> dict[str, torch.Tensor]:
    return load_file(artifact.path / "model.safetensors")


def moved(after: Artifact, before: Artifact) -> set[str]:
    """Return the names of the tensors that training changed."""
    old, new = weights(before), weights(after)
    assert set(old) == set(new)
    return {name for name in old if not torch.equal(old[name], new[name])}


def test_lora_changes_only_the_targets_and_its_adapter_gives_the_same_model(run: Run, tmp_path: Path) -> None:
    update = '{method="lora",rank=2,targets=["q_proj","down_proj"]}'
    made = changed(run, tmp_path, f"sft.update={update}", f"policy.update={update}", "policy.iterations=4")
    expected = {
        f"model.layers.{layer}.{name}.weight" for layer in (0, 1) for name in ("self_attn.q_proj", "mlp.down_proj")
    }
    for before, after in (("pretrain", "sft"), ("sft", "policy")):
        assert moved(made[after], made[before]) == expected, after
        model = load_checkpoint(made[before].path, head="language")
        load_adapter(made[after].path / "adapter", model)  # type: ignore[arg-type]
        merged, saved = merged_state(model), weights(made[after])
        assert all(torch.equal(merged[name], saved[name]) for name in saved)
    rows = rows_of(made["policy"])
    assert rows[0]["kl"] == 0.0
    assert {row["ratio_max_deviation"] for row in rows[::2]} == {0.0}


def test_chosen_layers_are_the_only_ones_that_change(run: Run, tmp_path: Path) -> None:
    update = '{method="layers",layers=[1]}'
    made = changed(run, tmp_path, f"sft.update={update}", f"policy.update={update}")
    for before, after in (("pretrain", "sft"), ("sft", "policy")):
        names = moved(made[after], made[before])
        assert names
        assert all(name.startswith("model.layers.1.") for name in names)


def test_an_adaptive_coefficient_moves_from_iteration_to_iteration(run: Run, tmp_path: Path) -> None:
    made = changed(run, tmp_path, 'policy.kl={method="adaptive",beta=0.1,target=2.0,horizon=40}')
    betas = [row["beta"] for row in rows_of(made["policy"]) if "beta" in row]
    assert betas[0] == 0.1
    assert betas[1] == pytest.approx(0.1 * (1 - 0.2 * 8 / 40))
    assert len(set(betas)) == 3


def test_a_policy_with_no_mix_is_the_one_without_it(run: Run, tmp_path: Path) -> None:
    made = changed(run, tmp_path, "policy.mix_coefficient=0.0", until="policy_without_mix")
    assert list(made)[-1] == "policy_without_mix"
    graph = graph_of(tmp_path, "policy.mix_coefficient=0.0")
    both = make(graph, Store(tmp_path / "runs"), "evaluate")
    assert both["policy"].id == both["policy_without_mix"].id
    card = json.loads((both["evaluate"].path / "scorecard.json").read_text(encoding="utf-8"))
    assert card["bits_per_byte.policy"] == card["bits_per_byte.policy_without_mix"]


def test_a_kind_of_prompt_can_be_asked_more_often_or_not_at_all(run: Run, tmp_path: Path) -> None:
    prompts = (run.made["sources"].path / "prompts.jsonl").read_text(encoding="utf-8").splitlines()
    kinds = Counter(json.loads(line)["kind"] for line in prompts)
    made = changed(run, tmp_path, "policy.prompt_copies={harmful=3,benign=0}")
    wanted = len(prompts) + 2 * kinds["harmful"] - kinds["benign"]
    assert made["policy"].manifest.metrics["prompts"].value == wanted
    ledger = (made["policy"].path / "ledger.jsonl").read_text(encoding="utf-8")
    reasons = [json.loads(line)["reason"] for line in ledger.splitlines()]
    assert reasons.count("prompt_copies.benign = 0") == kinds["benign"] > 0
    with pytest.raises(RecipeError, match="no training prompt is of the kind 'harmfull'; did you mean `harmful`"):
        changed(run, tmp_path / "wrong", "policy.prompt_copies={harmfull=2}")


def test_a_round_may_have_settings_of_its_own(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, "policy-1.iterations=2", "policy.minibatch=8", rounds=2)
    first, last = (next(node.config for node in graph.nodes if node.name == name) for name in ("policy-1", "policy"))
    assert (first.iterations, first.minibatch, last.iterations, last.minibatch) == (2, 8, 3, 8)
    with pytest.raises(RecipeError, match="unknown key `policy-2`"):
        graph_of(tmp_path, "policy-2.iterations=2", rounds=2)


def test_a_loss_that_is_no_number_stops_with_one_message_and_exit_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIVIUM_CHECKPOINT_SECONDS", "-1")
    monkeypatch.setattr(flow, "device", lambda: "cpu")
    recipe = write_recipe(tmp_path)
    sets = ("--set", "pretrain.optimizer.learning_rate=1e39", "--set", "pretrain.schedule.warmup_share=0.0")
    code, out, err = call(capsys, "run", recipe, "--until", "pretrain", "--runs", tmp_path / "runs", *sets)
    assert (code, out) == (1, "")
    assert "Traceback" not in err
    (message,) = [line for line in err.splitlines() if line.startswith("error: ")]
    assert message == "error: the loss became nan at step 1"
    assert "stage pretrain, batch: document " in err
    checkpoint = err.split("last good checkpoint: ")[1].splitlines()[0]
    assert os.path.basename(checkpoint) == "step-00000001.pt"
    assert Path(checkpoint).is_file()
    assert list((tmp_path / "runs" / "artifacts").glob("checkpoint*/*")) == []
