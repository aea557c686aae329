from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from toys import pretrain, toy_road
from trivium.core.artifact import Artifact
from trivium.core.errors import SourceError, StorageError
from trivium.core.graph import Graph, plan
from trivium.core.kinds import Checkpoint
from trivium.core.log import EventLog
from trivium.core.recipe import load
from trivium.core.runner import Runner
from trivium.core.stage import StageContext
from trivium.core.store import Store


def graph(recipe_file: Path, *sets: str) -> Graph:
    return toy_road(load(recipe_file, sets))


def run(
    root: Path, wanted: Graph, until: str | None = None, *, device: str = "cpu"
) -> tuple[dict[str, Artifact], list[str]]:
    said: list[str] = []
    made = Runner(Store(root), EventLog(root / "events.jsonl", said.append), device=device).run(wanted, until)
    return made, said


def leftovers(root: Path) -> list[Path]:
    return [path for name in (".drafts", "scratch") if (root / name).is_dir() for path in (root / name).iterdir()]


def test_a_run_makes_every_stage_once_and_a_second_one_does_nothing(tmp_path: Path, recipe_file: Path) -> None:
    first, said = run(tmp_path / "runs", graph(recipe_file))
    assert list(first) == ["sources", "pretrain", "policy"]
    assert said[-1] == "done: 3 stages made, 0 made before"
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs" / "artifacts").rglob("*")}
    second, said = run(tmp_path / "runs", graph(recipe_file))
    assert said == ["nothing to do: all 3 stages are made"]
    assert second == first
    assert times == {path: path.stat().st_mtime_ns for path in (tmp_path / "runs" / "artifacts").rglob("*")}
    assert leftovers(tmp_path / "runs") == []


def test_ids_do_not_depend_on_device_or_folder(tmp_path: Path, recipe_file: Path, data: Path) -> None:
    here, _ = run(tmp_path / "here", graph(recipe_file))
    moved = data.rename(tmp_path / "moved")
    there, _ = run(
        tmp_path / "there", graph(recipe_file, f"sources.folder={moved}", "pretrain.device=cuda"), device="cuda"
    )
    assert [one.id for one in here.values()] == [one.id for one in there.values()]
    assert there["pretrain"].manifest.execution["device"] == "cuda"


def test_the_manifest_says_what_was_made_from_what(tmp_path: Path, recipe_file: Path) -> None:
    made, _ = run(tmp_path, graph(recipe_file))
    manifest = made["policy"].manifest
    assert manifest.inputs == {"base": made["pretrain"].id, "comparisons": [], "corpus": None}
    assert manifest.config == {"method": "ppo", "kl": 0.2}
    assert (manifest.seed, manifest.gathered, manifest.licences) == (7, False, ["CC0-1.0"])
    assert manifest.peak_memory_bytes > 1_000_000
    gathered = made["sources"].manifest
    assert (gathered.gathered, gathered.seed, sorted(gathered.gathered_files)) == (True, None, ["a.txt", "b.txt"])
    assert "folder" in gathered.execution
    assert "folder" not in gathered.config
    assert made["pretrain"].manifest.metrics["steps"].n == 3
    for artifact in made.values():
        assert Store(tmp_path).verify(artifact) > 0


def test_only_what_changed_and_what_hangs_on_it_runs_again(tmp_path: Path, recipe_file: Path) -> None:
    first, _ = run(tmp_path, graph(recipe_file))
    second, said = run(tmp_path, graph(recipe_file, "pretrain.steps=4"))
    assert second["sources"] == first["sources"]
    assert second["pretrain"].id != first["pretrain"].id
    assert second["policy"].id != first["policy"].id
    assert said[-1] == "done: 2 stages made, 1 made before"
    assert Store(tmp_path).find(first["policy"].id) is not None


def test_until_makes_a_stage_and_what_it_needs(tmp_path: Path, recipe_file: Path) -> None:
    made, _ = run(tmp_path, graph(recipe_file), until="pretrain")
    assert list(made) == ["sources", "pretrain"]
    assert [step.artifact is not None for step in plan(graph(recipe_file), Store(tmp_path))] == [True, True, False]


def test_the_run_folder_has_run_json_links_and_what_is_published(tmp_path: Path, recipe_file: Path) -> None:
    made, _ = run(tmp_path, graph(recipe_file))
    record = json.loads((tmp_path / "toy" / "run.json").read_text())
    assert {name: entry["id"] for name, entry in record["stages"].items()} == {
        name: one.id for name, one in made.items()
    }
    assert not record["stages"]["policy"]["cached"]
    assert (tmp_path / "toy" / "policy").resolve() == made["policy"].path.resolve()
    assert (tmp_path / "toy" / "report.html").read_text() == "<p>done"
    run(tmp_path, graph(recipe_file))
    assert json.loads((tmp_path / "toy" / "run.json").read_text())["stages"]["policy"]["cached"]


def test_a_stale_stage_is_no_longer_named_by_the_run(tmp_path: Path, recipe_file: Path) -> None:
    first, _ = run(tmp_path, graph(recipe_file))
    run(tmp_path, graph(recipe_file, "pretrain.steps=4"), until="pretrain")
    record = json.loads((tmp_path / "toy" / "run.json").read_text())
    assert sorted(record["stages"]) == ["pretrain", "sources"]
    assert record["previous"]["policy"] == first["policy"].id
    assert not (tmp_path / "toy" / "policy").is_symlink()


def test_a_stage_that_fails_leaves_nothing_half_made_and_continues(tmp_path: Path, recipe_file: Path) -> None:
    whole, _ = run(tmp_path / "whole", graph(recipe_file))
    with pytest.raises(ZeroDivisionError):
        run(tmp_path / "cut", graph(recipe_file, "pretrain.crash_at=2"))
    assert list((tmp_path / "cut" / "artifacts").glob("checkpoint/*")) == []
    assert list((tmp_path / "cut" / ".drafts").iterdir()) == []
    continued, _ = run(tmp_path / "cut", graph(recipe_file))
    events = [json.loads(line) for line in (tmp_path / "cut" / "events.jsonl").read_text().splitlines()]
    assert [event["steps"] for event in events if event["event"] == "resumed"] == [0, 2]
    assert continued["policy"].manifest.files == whole["policy"].manifest.files
    assert leftovers(tmp_path / "cut") == []


KILLED = """
import sys
from pathlib import Path
from toys import toy_road
from trivium.core.store import Store
from trivium.core.recipe import load
from trivium.core.runner import Runner
Runner(Store(Path(sys.argv[1]))).run(toy_road(load(Path(sys.argv[2]), sys.argv[3:])))
"""


def in_another_process(root: Path, recipe_file: Path, *sets: str) -> subprocess.Popen[bytes]:
    folders = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "src")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    return subprocess.Popen([sys.executable, "-c", KILLED, str(root), str(recipe_file), *sets], env=environment)


def test_a_run_killed_with_sigkill_continues_to_the_same_files(tmp_path: Path, recipe_file: Path) -> None:
    whole, _ = run(tmp_path / "whole", graph(recipe_file))
    process = in_another_process(tmp_path / "cut", recipe_file, "pretrain.kill_at=2")
    assert process.wait(timeout=60) == -signal.SIGKILL
    store = Store(tmp_path / "cut")
    assert [manifest.stage for manifest in store.manifests()] == ["sources"]
    assert store.verify(next(iter(store.open(Artifact, manifest.id) for manifest in store.manifests()))) == 1
    continued, _ = run(tmp_path / "cut", graph(recipe_file))
    events = [json.loads(line) for line in (tmp_path / "cut" / "events.jsonl").read_text().splitlines()]
    assert [event["steps"] for event in events if event["event"] == "resumed"] == [2]
    assert continued["policy"].manifest.files == whole["policy"].manifest.files
    assert leftovers(tmp_path / "cut") == []


def test_a_second_writer_waits_says_for_whom_and_takes_what_was_made(tmp_path: Path, recipe_file: Path) -> None:
    wanted = graph(recipe_file)
    store = Store(tmp_path)
    made, _ = run(tmp_path, wanted, until="sources")
    step = plan(wanted, store)[1]
    said: list[str] = []
    result: dict[str, Artifact] = {}
    waits = threading.Event()

    def say(text: str) -> None:
        said.append(text)
        if "waiting" in text:
            waits.set()

    def second() -> None:
        result.update(Runner(store, EventLog(say=say)).run(wanted, "pretrain"))

    with store.lock(step.id):
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(timeout=20)
        draft = store.draft(step.id)
        context = StageContext(out=draft, scratch=store.scratch(step.id), seed=7)
        Runner(store)._finish(step, made, context)
    thread.join(timeout=20)
    assert f"pretrain is being made by process {os.getpid()} on" in next(text for text in said if "waiting" in text)
    assert said[-1] == "nothing to do: all 2 stages are made"
    assert result["pretrain"].id == step.id


def test_two_runs_at_once_make_each_artifact_once(tmp_path: Path, recipe_file: Path) -> None:
    both = [in_another_process(tmp_path, recipe_file) for _ in range(2)]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    store = Store(tmp_path)
    assert sorted(manifest.stage for manifest in store.manifests()) == ["policy", "pretrain", "sources"]
    assert leftovers(tmp_path) == []


def test_a_full_disk_inside_a_stage_names_the_stage_and_keeps_the_rest(
    tmp_path: Path, recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_text = Path.write_text

    def full(path: Path, text: str, **options: Any) -> int:
        if path.name == "half":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return write_text(path, text, **options)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(StorageError, match="the disk is full") as caught:
        run(tmp_path, graph(recipe_file))
    assert caught.value.where.startswith("stage pretrain, ")
    monkeypatch.undo()
    made, said = run(tmp_path, graph(recipe_file))
    assert said[-1] == "done: 2 stages made, 1 made before"
    assert "half" not in made["pretrain"].manifest.files


def test_a_source_without_files_is_refused_before_anything_runs(tmp_path: Path, recipe_file: Path, data: Path) -> None:
    for file in data.iterdir():
        file.unlink()
    with pytest.raises(SourceError, match=r"no \.txt file"):
        run(tmp_path / "runs", graph(recipe_file))
    assert not (tmp_path / "runs").exists()


def test_a_source_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, recipe_file: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = graph(recipe_file)
    read_text = Path.read_text

    def while_read(path: Path, **options: Any) -> str:
        text = read_text(path, **options)
        if path == data / "b.txt":
            path.write_text("changed")
        return text

    monkeypatch.setattr(Path, "read_text", while_read)
    with pytest.raises(SourceError, match="a source changed while it was read"):
        run(tmp_path / "runs", wanted)
    assert list((tmp_path / "runs" / "artifacts").rglob("manifest.json")) == []


def test_a_source_that_cannot_be_read_is_named(tmp_path: Path, recipe_file: Path, data: Path) -> None:
    (data / "c.txt").mkdir()
    with pytest.raises(SourceError, match="cannot read a source") as caught:
        run(tmp_path, graph(recipe_file))
    assert caught.value.where == str(data / "c.txt")


def test_changed_code_of_the_same_version_is_said_aloud(
    tmp_path: Path, recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, graph(recipe_file))
    monkeypatch.setitem(vars(pretrain), "source_hash", "edited")
    _, said = run(tmp_path, graph(recipe_file))
    assert [line for line in said if line.startswith("warning: the code of pretrain changed")]


def test_an_artifact_made_elsewhere_may_be_an_input(tmp_path: Path, recipe_file: Path) -> None:
    from toys import PpoConfig, policy
    from trivium.core.graph import Node

    made, _ = run(tmp_path, graph(recipe_file), until="pretrain")
    base = Store(tmp_path).open(Checkpoint, made["pretrain"].id)
    other = Graph("other", [Node("policy", policy, PpoConfig(kl=0.2), {"base": base, "comparisons": []}, 7)])
    alone, _ = run(tmp_path, other)
    whole, _ = run(tmp_path, graph(recipe_file))
    assert alone["policy"].id == whole["policy"].id
