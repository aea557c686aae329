"""What was made, from what, how and by which code: the record that lies in every artifact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from trivium.core.identity import fingerprint

MANIFEST = "manifest.json"


class FileEntry(BaseModel):
    """One file of an artifact: the hash of its bytes and their number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    bytes: int


class Metric(BaseModel):
    """A number with its n and a 95 % interval where there is one; `undefined` says why there is no value."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    undefined: str | None = None


class Manifest(BaseModel):
    """The record of one artifact, written last; `seal` is the hash of everything else in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    identity: str
    """The full SHA-256 that `id` is the beginning of."""
    kind: str
    stage: str
    stage_version: int
    source_hash: str
    inputs: dict[str, str | list[str] | None]
    config: dict[str, Any]
    execution: dict[str, Any] = Field(default_factory=dict)
    """Settings that do not bear identity (device, folders): for the record only."""
    files: dict[str, FileEntry]
    metrics: dict[str, Metric] = Field(default_factory=dict)
    seed: int | None
    code_version: str
    seconds: float
    peak_memory_bytes: int
    licences: list[str] = Field(default_factory=list)
    created_at: str
    gathered: bool = False
    gathered_files: dict[str, str] = Field(default_factory=dict)
    """For a gathered artifact: name within the source → SHA-256 of what was read; of a file of an object store that of
    its size and of the mark by which the store tells versions apart."""
    seal: str = ""

    def sealed(self) -> Manifest:
        """Return the manifest with its seal set."""
        return self.model_copy(update={"seal": self._content_hash()})

    def seal_holds(self) -> bool:
        """Say whether nothing in the manifest was changed since it was written."""
        return self.seal == self._content_hash()

    def identity_settings(self) -> dict[str, Any]:
        """Return what the id is the hash of."""
        return identity_settings(
            stage=self.stage,
            version=self.stage_version,
            config=self.config,
            seed=self.seed,
            inputs=self.gathered_files if self.gathered else self.inputs,
            gathered=self.gathered,
        )

    def _content_hash(self) -> str:
        return fingerprint(self.model_dump(mode="json", exclude={"seal"}))


def draft_manifest(kind: str, metrics: Mapping[str, Any], licences: Iterable[str]) -> Manifest:
    """Return the manifest of a folder that is not finished: metrics and licences only."""
    return Manifest(
        id="draft",
        identity="",
        kind=kind,
        stage="",
        stage_version=0,
        source_hash="",
        inputs={},
        config={},
        files={},
        metrics=as_metrics(metrics),
        seed=None,
        code_version="",
        seconds=0.0,
        peak_memory_bytes=0,
        licences=sorted(licences),
        created_at="",
    )


def as_metrics(metrics: Mapping[str, Any]) -> dict[str, Metric]:
    """Return the numbers a stage reported (tables, or records with the same fields) as metrics."""
    return {name: Metric.model_validate(value, from_attributes=True) for name, value in metrics.items()}


def identity_settings(
    *,
    stage: str,
    version: int,
    config: Any,
    seed: int | None,
    inputs: Any,
    gathered: bool,
) -> dict[str, Any]:
    """Return the table whose fingerprint names an artifact: `inputs` are ids, or for a gathered one file hashes."""
    table = {"stage": stage, "version": version, "config": config, "seed": seed}
    return table | ({"gathered": inputs} if gathered else {"inputs": inputs})
