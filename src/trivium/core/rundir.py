"""A run to a folder that people and scripts read: run.json, one link per stage, and what stages publish."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trivium.core.artifact import Artifact
from trivium.core.errors import ArtifactError
from trivium.core.storage import storage
from trivium.core.store import Store


class StageRecord(BaseModel):
    """What one stage came to in the last run."""

    model_config = ConfigDict(extra="forbid")

    id: str
    kind: str
    seconds: float
    cached: bool
    finished_at: str


class RunRecord(BaseModel):
    """run.json: stage → artifact, and the id that each stage had before it was made again."""

    model_config = ConfigDict(extra="forbid")

    recipe: str
    stages: dict[str, StageRecord] = Field(default_factory=dict)
    previous: dict[str, str] = Field(default_factory=dict)


class RunFolder:
    """`<runs>/<recipe>/`."""

    def __init__(self, store: Store, recipe: str) -> None:
        """Remember the place; it is made with the first record."""
        self.store = store
        self.recipe = recipe
        self.path = store.root / recipe

    def read(self) -> RunRecord:
        """Return what the last run left, or an empty record."""
        file = self.path / "run.json"
        if not file.is_file():
            return RunRecord(recipe=self.recipe)
        try:
            return RunRecord.model_validate_json(file.read_bytes())
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise ArtifactError(f"run.json cannot be read: {reason}", where=str(file), do="remove it") from error

    def forget_stale(self, wanted: dict[str, str]) -> None:
        """Take away the records and links of stages that lead to another id than wanted; keep it as `previous`."""
        with storage(self.store.root), self.store.lock(f"run-{self.recipe}"):
            record = self.read()
            for name, stage in list(record.stages.items()):
                if wanted.get(name) != stage.id:
                    record.previous[name] = stage.id
                    del record.stages[name]
                    (self.path / name).unlink(missing_ok=True)
            self._write(record)

    def add(self, name: str, artifact: Artifact, *, cached: bool, publish: tuple[str, ...] = ()) -> None:
        """Record one finished stage, link it, and copy what it publishes."""
        stage = StageRecord(
            id=artifact.id,
            kind=artifact.manifest.kind,
            seconds=artifact.manifest.seconds,
            cached=cached,
            finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        with storage(self.store.root), self.store.lock(f"run-{self.recipe}"):
            record = self.read()
            record.stages[name] = stage
            self._write(record)
            self._link(name, artifact)
            for file in publish:
                draft = self.path / f".{file}"
                shutil.copyfile(artifact.path / file, draft)
                draft.replace(self.path / file)

    def _write(self, record: RunRecord) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        draft = self.path / ".run.json"
        draft.write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")
        draft.replace(self.path / "run.json")

    def _link(self, name: str, artifact: Artifact) -> None:
        draft = self.path / f".{name}"
        draft.unlink(missing_ok=True)
        draft.symlink_to(os.path.relpath(artifact.path, self.path), target_is_directory=True)
        draft.replace(self.path / name)


def runs_below(store: Store) -> list[RunRecord]:
    """Return the record of every run under the store's root."""
    return [RunFolder(store, file.parent.name).read() for file in sorted(Path(store.root).glob("*/run.json"))]
