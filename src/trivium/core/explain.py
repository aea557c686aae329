"""Manifests and plans to words: why a stage will run, what differs between two artifacts, what one descends from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from trivium.core.artifact import Artifact
from trivium.core.graph import Step
from trivium.core.identity import canonical
from trivium.core.manifest import Manifest
from trivium.core.rundir import RunRecord
from trivium.core.store import Store

ABSENT = "absent"
SHORT = 12


@dataclass(frozen=True)
class Difference:
    """One field that is not the same: `config.learning_rate 0.0003 → 0.0001`."""

    field: str
    before: Any
    after: Any

    def __str__(self) -> str:
        """Return the line that a person reads."""
        return f"{self.field} {_short(self.before)} → {_short(self.after)}"


@dataclass(frozen=True)
class Why:
    """Why a stage will run or will not: the artifact it was compared with, and every field that differs."""

    step: Step
    compared: Manifest | None = None
    differences: list[Difference] = field(default_factory=list)
    gone: bool = False
    """The last run made it, but it is no longer in the store."""

    def __str__(self) -> str:
        """Return the reason in one line."""
        made = self.step.artifact
        if made is not None:
            reason = f"made {made.manifest.created_at[:19]} as {made.id}; every field is the same"
            if self.differences:
                reason += f"; it was made again, unlike {self._other()}, for: {self._fields()}"
            return reason + ("; its code changed since, its version did not" if self.step.source_changed else "")
        if self.gone:
            return f"will run: {self.step.id[:SHORT]} is gone from the store"
        if self.compared is None:
            return "will run: never made before"
        return f"will run: unlike {self._other()}: {self._fields()}"

    def _other(self) -> str:
        assert self.compared is not None
        return f"{self.compared.id[:SHORT]} of {self.compared.created_at[:19]}"

    def _fields(self) -> str:
        return "; ".join(str(difference) for difference in self.differences)


def why(step: Step, store: Store, record: RunRecord) -> Why:
    """Compare a step, field by field, with what the last run made under its name, else with its stage's nearest."""
    manifests = {manifest.id: manifest for manifest in store.manifests() if manifest.id != step.id}
    entry = record.stages.get(step.node.name)
    if entry is not None and entry.id == step.id and step.artifact is None:
        return Why(step, gone=True)
    last = entry.id if entry is not None and entry.id != step.id else record.previous.get(step.node.name)
    if last is not None and last in manifests:
        compared = manifests[last]
        return Why(step, compared, _differences(compared.identity_settings(), step.identity.settings))
    if step.artifact is not None:
        return Why(step)
    same = [manifest for manifest in manifests.values() if manifest.stage == step.node.stage.name]
    found = [Why(step, one, _differences(one.identity_settings(), step.identity.settings)) for one in reversed(same)]
    return min(found, key=lambda one: len(one.differences), default=Why(step))


def diff(a: Artifact, b: Artifact, store: Store) -> list[Difference]:
    """Return every field that differs: settings, then those of inputs that differ, then code, metrics and files."""
    settings = list(_deep(a.manifest, b.manifest, "", store))
    code = _differences({"source_hash": a.manifest.source_hash}, {"source_hash": b.manifest.source_hash})
    metrics = _differences(
        {"metrics": {name: metric.value for name, metric in a.manifest.metrics.items()}},
        {"metrics": {name: metric.value for name, metric in b.manifest.metrics.items()}},
    )
    files = _differences(
        {"files": {name: entry.sha256 for name, entry in a.manifest.files.items()}},
        {"files": {name: entry.sha256 for name, entry in b.manifest.files.items()}},
    )
    return settings + code + metrics + files


@dataclass(frozen=True)
class Ancestor:
    """One artifact of a lineage: how deep it lies, by which input it came in, its manifest where it is still there."""

    depth: int
    parameter: str
    id: str
    manifest: Manifest | None
    seen_above: bool = False

    def __str__(self) -> str:
        """Return an indented line: stage, id, licences."""
        indent = "  " * self.depth + (f"{self.parameter}: " if self.parameter else "")
        if self.manifest is None:
            return f"{indent}{self.id} (not in this store)"
        if self.seen_above:
            return f"{indent}{self.manifest.stage} {self.id[:SHORT]} (above)"
        way = "gathered" if self.manifest.gathered else "made"
        licences = (
            f"  [{', '.join(self.manifest.licences)}]" if not _ids(self.manifest) and self.manifest.licences else ""
        )
        return f"{indent}{self.manifest.stage} {self.id[:SHORT]} ({self.manifest.kind}, {way}){licences}"


def lineage(artifact: Artifact, store: Store) -> list[Ancestor]:
    """Return the artifact and every ancestor down to the sources, depth first; one met before is only named."""
    seen: set[str] = set()

    def visit(depth: int, parameter: str, artifact_id: str) -> Iterator[Ancestor]:
        found = store.find(artifact_id)
        manifest = found.manifest if found is not None else None
        again = artifact_id in seen
        seen.add(artifact_id)
        yield Ancestor(depth, parameter, artifact_id, manifest, again)
        if manifest is not None and not again:
            for name, parent in _ids(manifest):
                yield from visit(depth + 1, name, parent)

    return list(visit(0, "", artifact.id))


def _ids(manifest: Manifest) -> list[tuple[str, str]]:
    pairs = []
    for name, value in manifest.inputs.items():
        pairs += [(name, one) for one in ([value] if isinstance(value, str) else value or [])]
    return pairs


def _deep(a: Manifest, b: Manifest, prefix: str, store: Store) -> Iterator[Difference]:
    for difference in _differences(a.identity_settings(), b.identity_settings()):
        yield Difference(prefix + difference.field, difference.before, difference.after)
    after = dict(_ids(b))
    for name, before in _ids(a):
        if name in after and after[name] != before:
            first, second = store.find(before), store.find(after[name])
            if first is not None and second is not None:
                yield from _deep(first.manifest, second.manifest, f"{prefix}{name}.", store)


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    flat_before, flat_after = dict(_flatten(before)), dict(_flatten(after))
    names = list(flat_before) + [name for name in flat_after if name not in flat_before]
    pairs = [Difference(name, flat_before.get(name, ABSENT), flat_after.get(name, ABSENT)) for name in names]
    return [pair for pair in pairs if canonical(pair.before) != canonical(pair.after)]


def _flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _short(value: Any) -> str:
    if isinstance(value, str) and len(value) >= 32 and set(value) <= set("0123456789abcdef"):
        return value[:SHORT]
    if isinstance(value, list):
        return "[" + ", ".join(_short(item) for item in value) + "]"
    return value if isinstance(value, str) else canonical(value)
