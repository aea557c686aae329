from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from toys import pretrain, toy_road
from trivium.core.artifact import Artifact
from trivium.core.explain import Why, diff, lineage, why
from trivium.core.graph import plan
from trivium.core.recipe import load
from trivium.core.rundir import RunFolder
from trivium.core.runner import Runner
from trivium.core.store import Store


def run(root: Path, recipe_file: Path, *sets: str) -> dict[str, Artifact]:
    return Runner(Store(root)).run(toy_road(load(recipe_file, sets)))


def reasons(root: Path, recipe_file: Path, *sets: str) -> dict[str, Why]:
    store = Store(root)
    graph = toy_road(load(recipe_file, sets))
    record = RunFolder(store, graph.name).read()
    return {step.node.name: why(step, store, record) for step in plan(graph, store)}


def test_a_stage_never_made_says_so(tmp_path: Path, recipe_file: Path) -> None:
    assert str(reasons(tmp_path, recipe_file)["pretrain"]) == "will run: never made before"


def test_a_made_stage_says_when_and_that_nothing_differs(tmp_path: Path, recipe_file: Path) -> None:
    made = run(tmp_path, recipe_file)
    text = str(reasons(tmp_path, recipe_file)["pretrain"])
    assert text.startswith("made 20")
    assert text.endswith(f"as {made['pretrain'].id}; every field is the same")


def test_every_changed_field_is_named_with_both_values(tmp_path: Path, recipe_file: Path) -> None:
    made = run(tmp_path, recipe_file)
    found = reasons(tmp_path, recipe_file, "pretrain.steps=4", "pretrain.learning_rate=0.5")
    text = str(found["pretrain"])
    assert text.startswith(f"will run: unlike {made['pretrain'].id[:12]} of 20")
    assert text.endswith(": config.steps 3 → 4; config.learning_rate 0.001 → 0.5")
    before, after = made["pretrain"].id[:12], found["pretrain"].step.id[:12]
    assert str(found["policy"]).endswith(f": inputs.base {before} → {after}")
    assert str(found["sources"]).startswith("made ")


def test_after_the_run_it_still_says_why_it_was_made_again(tmp_path: Path, recipe_file: Path) -> None:
    first = run(tmp_path, recipe_file)
    run(tmp_path, recipe_file, "pretrain.steps=4")
    text = str(reasons(tmp_path, recipe_file, "pretrain.steps=4")["pretrain"])
    assert f"it was made again, unlike {first['pretrain'].id[:12]} of" in text
    assert text.endswith("for: config.steps 3 → 4")


def test_without_a_run_the_nearest_artifact_of_the_stage_is_compared(tmp_path: Path, recipe_file: Path) -> None:
    run(tmp_path, recipe_file, "name=one", "pretrain.steps=8", "pretrain.learning_rate=0.5")
    run(tmp_path, recipe_file, "name=two", "pretrain.steps=8")
    text = str(reasons(tmp_path, recipe_file, "name=three")["pretrain"])
    assert text.endswith(": config.steps 8 → 3")


def test_changed_files_of_a_source_are_named(tmp_path: Path, recipe_file: Path, data: Path) -> None:
    run(tmp_path, recipe_file)
    (data / "c.txt").write_text("Three.\n")
    differences = reasons(tmp_path, recipe_file)["sources"].differences
    assert [(one.field, one.before) for one in differences] == [("gathered.c.txt", "absent")]


def test_another_method_and_another_seed_are_named(tmp_path: Path, recipe_file: Path) -> None:
    run(tmp_path, recipe_file)
    text = str(reasons(tmp_path, recipe_file, "policy.method=dpo", "seed=8")["policy"])
    assert "config.method ppo → dpo; config.kl 0.2 → absent; seed 7 → 8" in text
    assert text.endswith("config.beta absent → 0.1")


def test_an_artifact_that_was_removed_is_said_to_be_gone(tmp_path: Path, recipe_file: Path) -> None:
    made = run(tmp_path, recipe_file)
    shutil.rmtree(made["policy"].path)
    assert str(reasons(tmp_path, recipe_file)["policy"]) == f"will run: {made['policy'].id[:12]} is gone from the store"


def test_changed_code_is_said(tmp_path: Path, recipe_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, recipe_file)
    monkeypatch.setitem(vars(pretrain), "source_hash", "edited")
    assert str(reasons(tmp_path, recipe_file)["pretrain"]).endswith("its code changed since, its version did not")


def test_a_damaged_artifact_elsewhere_does_not_stop_the_answer(tmp_path: Path, recipe_file: Path) -> None:
    made = run(tmp_path, recipe_file, "name=one", "pretrain.steps=8")
    manifest = made["pretrain"].path / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text("{")
    assert str(reasons(tmp_path, recipe_file)["pretrain"]) == "will run: never made before"


def test_diff_goes_down_to_the_setting_that_differs(tmp_path: Path, recipe_file: Path) -> None:
    first = run(tmp_path, recipe_file)
    second = run(tmp_path, recipe_file, "pretrain.steps=4")
    found = [one.field for one in diff(first["policy"], second["policy"], Store(tmp_path))]
    assert found == ["inputs.base", "base.config.steps", "files.weights"]
    metrics = [str(one) for one in diff(first["pretrain"], second["pretrain"], Store(tmp_path))]
    assert "metrics.steps 3.0 → 4.0" in metrics
    assert diff(first["policy"], first["policy"], Store(tmp_path)) == []


def test_lineage_shows_every_ancestor_with_licences(tmp_path: Path, recipe_file: Path) -> None:
    made = run(tmp_path, recipe_file)
    lines = [str(one) for one in lineage(made["policy"], Store(tmp_path))]
    ids = {name: one.id[:12] for name, one in made.items()}
    assert lines == [
        f"policy {ids['policy']} (checkpoint, made)",
        f"  base: pretrain {ids['pretrain']} (checkpoint, made)",
        f"    sources: sources {ids['sources']} (sources, gathered)  [CC0-1.0]",
    ]
    shutil.rmtree(made["sources"].path)
    assert str(lineage(made["policy"], Store(tmp_path))[-1]) == f"    sources: {made['sources'].id} (not in this store)"
