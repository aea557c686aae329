"""Records to artifacts and contexts: what a stage is given when it is tested alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from trivium.core.artifact import Artifact
from trivium.core.manifest import draft_manifest
from trivium.core.stage import StageContext
from trivium.records import Document, Prompt, write_records

A = TypeVar("A", bound=Artifact)


def artifact(kind: type[A], folder: Path, files: Mapping[str, Sequence[BaseModel]]) -> A:
    """Write the records and return the folder as an artifact."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in files.items():
        write_records(folder / f"{name}.jsonl", rows)
    return kind("made", folder, draft_manifest(kind.kind, {}, ()))


def context(folder: Path, seed: int = 5) -> StageContext:
    """Return a context with a draft folder and a scratch folder."""
    for name in ("out", "scratch"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return StageContext(folder / "out", folder / "scratch", seed)


def document(text: str) -> Document:
    return Document.of(text, source="test", licence="CC0-1.0")


def prompt(text: str, **changes: object) -> Prompt:
    return Prompt.of(text, origin="dataset", source="test", licence="CC0-1.0", **changes)
