"""The engine: one worker, two, a killed run and a Ray cluster give the same bytes."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.planted import plant
from trivium.core.errors import InputError, SourceError
from trivium.curation import engine as engine_file
from trivium.curation.engine import Engine, EngineSettings

HERE = Path(__file__).parent
SETTINGS = {
    "near_duplicates": {},
    "decontamination": {},
    "repeated_paragraphs": {},
    "clean": {},
    "language": {},
    "privacy": {},
    "quality": {"groups": ["c4"], "bounds": {"too_few_sentences": {"low": 2}}},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A planted corpus, and what one worker makes of it."""
    folder = tmp_path_factory.mktemp("engine")
    plant(5, num_originals=200).write(folder / "in")
    assert curated(folder, "one").returncode == 0
    return folder


def curated(folder: Path, name: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the pipeline as a program of its own, for Daft allows one engine in a process."""
    asked = {
        "sources": str(folder / "in"),
        "folder": str(folder / name),
        "settings": SETTINGS,
        "portion_bytes": 60_000,
        "engine": {},
    }
    command = [sys.executable, str(HERE / "curated.py"), json.dumps(asked | more)]
    paths = [str(HERE.parents[1] / "src"), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400, check=False)


def written(folder: Path, name: str) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in sorted((folder / name / "out").iterdir())}
    assert {"documents.jsonl", "heldout.jsonl", "ledger.jsonl", "scores.parquet", "evaluation.index"} == set(found)
    return found


@pytest.mark.parametrize(
    ("engine", "keys_at_once"),
    [({"workers": 2}, 300), ({"method": "ray"}, 1_000_000)],  # on Ray a grouping costs a second: each of them once
    ids=["two workers", "ray"],
)
def test_the_same_is_kept_wherever_the_work_is_done(folder: Path, engine: dict[str, Any], keys_at_once: int) -> None:
    name = "other-" + "-".join(map(str, engine.values()))
    ended = curated(folder, name, engine=engine, keys_at_once=keys_at_once)
    assert ended.returncode == 0, ended.stderr
    assert written(folder, name) == written(folder, "one")


def test_how_many_keys_are_grouped_at_once_changes_nothing(folder: Path) -> None:
    assert curated(folder, "here", few_keys=1_000_000).returncode == 0
    assert written(folder, "here") == written(folder, "one")


def test_a_killed_run_goes_on_after_its_last_whole_part_and_ends_the_same(folder: Path) -> None:
    killed = curated(folder, "killed", die_after=2)
    assert killed.returncode == -signal.SIGKILL
    scratch = folder / "killed" / "scratch"
    finished = sorted(scratch.glob("part-*.json"))
    assert len(finished) == 2
    (scratch / "part-00002.documents.parquet").write_bytes(b"half a part")
    before = [path.stat().st_mtime_ns for path in finished]
    assert curated(folder, "killed").returncode == 0
    assert [path.stat().st_mtime_ns for path in finished] == before
    assert written(folder, "killed") == written(folder, "one")


def test_an_error_for_people_comes_back_from_the_worker_as_it_was() -> None:
    with pytest.raises(SourceError, match="no good") as caught:
        list(Engine(EngineSettings()).each(refuse, ["x"]))
    assert (caught.value.where, caught.value.do) == ("x", "mend it")


def test_a_full_disk_comes_back_from_the_worker_as_one() -> None:
    with pytest.raises(OSError, match="No space left on device") as caught:
        list(Engine(EngineSettings()).each(fill, ["part"]))
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, "part")
    with pytest.raises(OSError, match="of no number"):
        list(Engine(EngineSettings()).each(fail, ["part"]))


def fill(item: str) -> str:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), item)


def fail(item: str) -> str:
    raise OSError("of no number")


def refuse(item: str) -> str:
    raise SourceError("no good", where=item, do="mend it")


def test_repeated_keys_come_sorted_and_nulls_are_no_keys(tmp_path: Path) -> None:
    keys = pa.array([2**64 - 1, 7, None, 7, 5, None, 2**64 - 1, 7], pa.uint64())
    pq.write_table(pa.table({"place": np.arange(8), "key": keys, "more": np.arange(8) * 2}), tmp_path / "keys.parquet")
    (found,) = Engine(EngineSettings()).repeated([tmp_path / "keys.parquet"], "key", 8, ("more",))
    assert found["key"].tolist() == [7, 7, 7, 2**64 - 1, 2**64 - 1]
    assert found["place"].tolist() == [1, 3, 7, 0, 6]
    assert found["more"].tolist() == [2, 6, 14, 0, 12]


def test_one_process_runs_one_kind_of_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_file, "_running", "ray")
    with pytest.raises(InputError, match="runs ray already, wanted native"):
        list(Engine(EngineSettings()).repeated([], "key", engine_file.FEW_KEYS + 1))
