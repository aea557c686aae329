"""Drafts to finished, read-only folders with a manifest, and back: the store of artifacts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from trivium.core.artifact import Artifact
from trivium.core.errors import ArtifactError, InputError
from trivium.core.identity import file_hash, fingerprint
from trivium.core.kinds import kinds_of
from trivium.core.lock import lock
from trivium.core.manifest import MANIFEST, FileEntry, Manifest
from trivium.core.storage import storage

A = TypeVar("A", bound=Artifact)


class Store:
    """All artifacts under one root: `artifacts/<kind>/<id>` finished, `.drafts` in the making, `scratch` resumable."""

    def __init__(self, root: Path) -> None:
        """Remember the root; nothing is created before something is made."""
        self.root = Path(root)

    def find(self, artifact_id: str) -> Artifact | None:
        """Return the artifact of that id (whole), or None; raise where it is truncated or its manifest was changed."""
        for path in sorted((self.root / "artifacts").glob(f"*/{artifact_id}")):
            return self.load(path)
        return None

    def open(self, wanted: type[A], artifact_id: str) -> A:
        """Return the artifact of that id as the wanted kind (or a kind of it), every file's size checked."""
        artifact = self.find(artifact_id)
        if artifact is None:
            where = str(self.root / "artifacts")
            raise ArtifactError(f"no artifact {artifact_id}", where=where, do="run the recipe that makes it")
        if not isinstance(artifact, wanted):
            raise ArtifactError(f"wanted a {wanted.kind}, found a {artifact.manifest.kind}", where=str(artifact.path))
        return artifact

    def match(self, prefix: str) -> Artifact:
        """Return the one artifact whose id begins with `prefix` (8 digits or more)."""
        if len(prefix) < 8:
            raise InputError(f"wanted at least 8 digits of an id, found {len(prefix)}: {prefix}")
        paths = sorted((self.root / "artifacts").glob(f"*/{prefix}*"))
        if len(paths) != 1:
            found = ", ".join(path.name for path in paths) or "none"
            raise ArtifactError(
                f"wanted one artifact whose id begins with {prefix}, found {found}", where=f"{self.root}"
            )
        return self.load(paths[0])

    def manifests(self) -> Iterator[Manifest]:
        """Yield the manifest of every finished artifact, oldest first; one that cannot be read is left to `find`."""
        read = []
        for file in (self.root / "artifacts").glob(f"*/*/{MANIFEST}"):
            try:
                read.append(_read_manifest(file.parent))
            except ArtifactError:
                continue
        yield from sorted(read, key=lambda manifest: (manifest.created_at, manifest.id))

    def verify(self, artifact: Artifact) -> int:
        """Hash every file again; return how many there are, raise naming the first that differs, and both hashes."""
        manifest = _read_manifest(artifact.path)
        for name, entry in manifest.files.items():
            found = _found_hash(artifact.path / name)
            if found != entry.sha256:
                raise _damaged(artifact.path, name, entry.sha256, found)
        extra = sorted(set(_files(artifact.path)) - set(manifest.files) - {MANIFEST})
        if extra:
            raise ArtifactError(f"a file that no stage wrote: {extra[0]}", where=str(artifact.path), do="remove it")
        identity = fingerprint(manifest.identity_settings())
        if identity != manifest.identity or not identity.startswith(manifest.id) or artifact.path.name != manifest.id:
            raise _damaged(artifact.path, MANIFEST, manifest.identity, identity)
        return len(manifest.files)

    def lock(self, artifact_id: str, waiting: Callable[[str], None] | None = None) -> AbstractContextManager[None]:
        """Return the lock that guards the making of one artifact against a second writer."""
        return lock(self.root / ".locks" / f"{artifact_id}.lock", waiting)

    def draft(self, artifact_id: str) -> Path:
        """Return a fresh, empty draft folder; what a killed process left under that id is removed. Hold the lock."""
        path = self.root / ".drafts" / artifact_id
        with storage(self.root):
            if path.exists():
                shutil.rmtree(path)
            path.mkdir(parents=True)
        return path

    def scratch(self, artifact_id: str) -> Path:
        """Return the folder for resumable state of that id: the same after a kill, gone once it is finished."""
        path = self.root / "scratch" / artifact_id
        with storage(self.root):
            path.mkdir(parents=True, exist_ok=True)
        return path

    def finish(self, draft: Path, manifest: Manifest) -> Artifact:
        """List and hash the draft's files, write the manifest last, and rename the folder into its place."""
        with storage(self.root):
            files = {name: _entry(draft / name) for name in _files(draft)}
            sealed = manifest.model_copy(update={"files": files}).sealed()
            _write_synced(draft / MANIFEST, sealed.model_dump_json(indent=1))
            for name in [*files, MANIFEST]:
                (draft / name).chmod(0o444)
            path = self.root / "artifacts" / manifest.kind / manifest.id
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.rename(path)
            _sync_folder(path.parent)
            shutil.rmtree(self.root / "scratch" / manifest.id, ignore_errors=True)
        return self.load(path)

    def load(self, path: Path) -> Artifact:
        """Return the artifact in that folder, every file's size checked."""
        manifest = _read_manifest(path)
        kinds = kinds_of(Artifact)
        if manifest.kind not in kinds:
            known = ", ".join(sorted(kinds))
            raise ArtifactError(f"unknown kind {manifest.kind}; known: {known}", where=str(path / MANIFEST))
        for name, entry in manifest.files.items():
            file = path / name
            if not file.is_file() or file.stat().st_size != entry.bytes:
                raise _damaged(path, name, entry.sha256, _found_hash(file))
        return kinds[manifest.kind](id=manifest.id, path=path, manifest=manifest)


def _read_manifest(path: Path) -> Manifest:
    file = path / MANIFEST
    if not file.is_file():
        raise ArtifactError("no manifest: not a finished artifact", where=str(path), do="remove the folder, run again")
    try:
        manifest = Manifest.model_validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        reason = f"{'.'.join(map(str, first['loc']))} {first['msg']}".strip()
        raise ArtifactError(
            f"{MANIFEST} cannot be read: {reason}", where=str(file), do="remove the artifact's folder and run again"
        ) from error
    if not manifest.seal_holds():
        found = manifest.sealed().seal
        raise _damaged(path, MANIFEST, manifest.seal, found)
    return manifest


def _damaged(path: Path, name: str, wanted: str, found: str) -> ArtifactError:
    return ArtifactError(
        f"{name} was truncated or changed: wanted sha256 {wanted}, found {found}",
        where=str(path / name),
        do=f"put the file back, or remove {path} and run the recipe again",
    )


def _found_hash(file: Path) -> str:
    return file_hash(file) if file.is_file() else "no such file"


def _files(folder: Path) -> list[str]:
    """Return every file in the folder, relative, with forward slashes, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _entry(file: Path) -> FileEntry:
    with file.open("rb") as handle:
        os.fsync(handle.fileno())
    return FileEntry(sha256=file_hash(file), bytes=file.stat().st_size)


def _write_synced(file: Path, text: str) -> None:
    with file.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
