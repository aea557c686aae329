"""What a person names (`quickstart/policy`, the beginning of an id, a folder) to an artifact or a model's folder."""

from __future__ import annotations

import re
from pathlib import Path

from trivium.core.artifact import Artifact
from trivium.core.errors import InputError
from trivium.core.manifest import MANIFEST
from trivium.core.recipe import nearest
from trivium.core.rundir import RunFolder, runs_below
from trivium.core.store import Store


def resolve(reference: str, store: Store) -> Artifact:
    """Return the artifact that RUN/STAGE, an id (8 digits or more) or an artifact's folder names."""
    run, slash, stage = reference.partition("/")
    if slash and (store.root / run / "run.json").is_file():
        return _of_run(run, stage, store)
    if (Path(reference) / MANIFEST).is_file():
        return store.load(Path(reference).resolve())
    if re.fullmatch(r"[0-9a-f]{8,64}", reference):
        return store.match(reference)
    names = [f"{record.recipe}/{name}" for record in runs_below(store) for name in record.stages]
    raise InputError(
        f"nothing is called {reference}{nearest(reference, names)}",
        where=str(store.root),
        do="wanted RUN/STAGE, at least 8 digits of an id, or a folder"
        + (f"; there are {_list(names)}" if names else ""),
    )


def model_folder(reference: str, store: Store) -> Path:
    """Return the folder of a model: an artifact's, or any in the Hugging Face layout (it has a config.json)."""
    folder = Path(reference)
    in_run = (store.root / reference.partition("/")[0] / "run.json").is_file()
    path = folder if (folder / "config.json").is_file() and not in_run else resolve(reference, store).path
    if not (path / "config.json").is_file():
        raise InputError(f"{reference} is not a model: it has no config.json", where=str(path))
    return path


def models_below(store: Store) -> list[str]:
    """Return RUN/STAGE of every model that a run under the store's root has made, the last run first."""
    found = [
        (stage.finished_at, f"{record.recipe}/{name}")
        for record in runs_below(store)
        for name, stage in record.stages.items()
        if stage.kind == "checkpoint"
    ]
    return [name for _, name in sorted(found, reverse=True)]


def _of_run(run: str, stage: str, store: Store) -> Artifact:
    record = RunFolder(store, run).read()
    if stage not in record.stages:
        raise InputError(
            f"run {run} has no finished stage {stage}{nearest(stage, record.stages)}",
            where=str(store.root / run / "run.json"),
            do=f"finished: {_list(list(record.stages))}",
        )
    return store.open(Artifact, record.stages[stage].id)


def _list(names: list[str]) -> str:
    return ", ".join(names) or "none"
