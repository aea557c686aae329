from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from toys import TrainConfig, pretrain
from trivium.core import store as store_module
from trivium.core.artifact import Artifact
from trivium.core.errors import ArtifactError, InputError, StorageError
from trivium.core.identity import file_hash
from trivium.core.kinds import Checkpoint, Comparisons, RewardModel
from trivium.core.manifest import Manifest, Metric
from trivium.core.store import Store


def manifest(*, kind: str = "checkpoint", steps: int = 3) -> Manifest:
    identity = pretrain.identity(TrainConfig(steps=steps), 7, {"sources": "a"})
    return Manifest(
        id=identity.id,
        identity=identity.full,
        kind=kind,
        stage="pretrain",
        stage_version=1,
        source_hash="s",
        inputs={"sources": "a"},
        config=identity.settings["config"],
        files={},
        metrics={"steps": Metric(value=3.0, n=3)},
        seed=7,
        code_version="0",
        seconds=1.5,
        peak_memory_bytes=10,
        created_at="2026-01-01T00:00:00",
    )


def finished(store: Store, *, kind: str = "checkpoint", steps: int = 3) -> Artifact:
    record = manifest(kind=kind, steps=steps)
    draft = store.draft(record.id)
    (draft / "sub").mkdir()
    (draft / "weights").write_text("1234")
    (draft / "sub" / "more").write_text("5")
    return store.finish(draft, record)


def rewrite(file: Path, text: str) -> None:
    file.chmod(0o644)
    file.write_text(text)


def test_a_finished_artifact_lists_every_file_with_hash_and_size(tmp_path: Path) -> None:
    made = finished(Store(tmp_path))
    assert {name: entry.bytes for name, entry in made.manifest.files.items()} == {"weights": 4, "sub/more": 1}
    assert made.manifest.files["weights"].sha256 == file_hash(made.path / "weights")
    assert made.path == tmp_path / "artifacts" / "checkpoint" / made.id
    assert not (tmp_path / ".drafts" / made.id).exists()


def test_an_artifact_opens_as_its_kind_and_as_the_kind_above(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = finished(store, kind="reward")
    assert isinstance(store.open(RewardModel, made.id), RewardModel)
    assert isinstance(store.open(Checkpoint, made.id), RewardModel)
    assert isinstance(store.open(Artifact, made.id), RewardModel)


def test_an_artifact_of_another_kind_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = finished(store)
    with pytest.raises(ArtifactError, match="wanted a comparisons, found a checkpoint"):
        store.open(Comparisons, made.id)


def test_a_missing_artifact_is_none_to_find_and_an_error_to_open(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.find("0" * 32) is None
    with pytest.raises(ArtifactError, match="no artifact 000"):
        store.open(Checkpoint, "0" * 32)


def test_a_truncated_file_is_named_with_both_hashes_on_load(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = finished(store)
    wanted = file_hash(made.path / "weights")
    rewrite(made.path / "weights", "12")
    with pytest.raises(ArtifactError, match="weights was truncated or changed") as caught:
        store.find(made.id)
    assert wanted in caught.value.message
    assert file_hash(made.path / "weights") in caught.value.message
    assert caught.value.exit_code == 2


def test_a_file_changed_at_the_same_size_is_found_by_verify(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = finished(store)
    rewrite(made.path / "weights", "4321")
    assert store.find(made.id) is not None
    with pytest.raises(ArtifactError, match=file_hash(made.path / "weights")):
        store.verify(made)


def test_a_missing_file_and_a_foreign_file_are_named(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = finished(store)
    (made.path / "foreign").write_text("x")
    with pytest.raises(ArtifactError, match="a file that no stage wrote: foreign"):
        store.verify(made)
    (made.path / "sub" / "more").unlink()
    with pytest.raises(ArtifactError, match=r"sub/more was truncated or changed: .* found no such file"):
        store.find(made.id)


def test_verify_counts_the_files_of_a_good_artifact(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.verify(finished(store)) == 2


def test_a_changed_manifest_is_refused_on_load(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = finished(store)
    file = made.path / "manifest.json"
    table = json.loads(file.read_text())
    table["metrics"]["steps"]["value"] = 9.0
    rewrite(file, json.dumps(table))
    with pytest.raises(ArtifactError, match=r"manifest\.json was truncated or changed"):
        store.find(made.id)
    rewrite(file, file.read_text()[:40])
    with pytest.raises(ArtifactError, match=r"manifest\.json cannot be read"):
        store.find(made.id)


def test_an_artifact_moved_to_another_id_is_found_by_verify(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = finished(store)
    other = made.path.with_name("f" * 32)
    made.path.rename(other)
    with pytest.raises(ArtifactError, match=r"manifest\.json"):
        store.verify(store.load(other))


def test_a_prefix_of_eight_digits_finds_the_one_artifact(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = finished(store)
    assert store.match(made.id[:8]).id == made.id
    with pytest.raises(InputError, match="at least 8"):
        store.match(made.id[:7])
    with pytest.raises(ArtifactError, match="found none"):
        store.match("0" * 8)


def test_a_draft_starts_empty_after_a_killed_one(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (store.draft("a" * 32) / "half").write_text("x")
    assert list(store.draft("a" * 32).iterdir()) == []


def test_scratch_outlives_a_draft_and_goes_when_the_artifact_is_finished(tmp_path: Path) -> None:
    store = Store(tmp_path)
    record = manifest()
    (store.scratch(record.id) / "step").write_text("3")
    store.draft(record.id)
    assert (store.scratch(record.id) / "step").read_text() == "3"
    store.finish(store.draft(record.id), record)
    assert not (tmp_path / "scratch" / record.id).exists()


def test_manifests_come_oldest_first(tmp_path: Path) -> None:
    store = Store(tmp_path)
    ids = [finished(store, steps=steps).id for steps in (3, 4)]
    assert [one.id for one in store.manifests()] == sorted(ids)


def test_a_full_disk_leaves_nothing_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    finished(store, steps=4)

    def full(file: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))

    monkeypatch.setattr(store_module, "_write_synced", full)
    with pytest.raises(StorageError, match="the disk is full") as caught:
        finished(store)
    assert caught.value.exit_code == 2
    assert store.find(manifest().id) is None
    assert store.find(manifest(steps=4).id) is not None


def test_a_root_that_is_a_file_cannot_be_written(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    root.write_text("")
    with pytest.raises(StorageError, match="cannot write here"):
        Store(root).draft("a" * 32)
