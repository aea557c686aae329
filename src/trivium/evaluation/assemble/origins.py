"""The manifests to the table of origin: what each artifact was made from, and under which licence."""

from __future__ import annotations

import json
from collections.abc import Iterator

from trivium.evaluation.assemble.trail import Trail
from trivium.evaluation.report.data import OriginRow


def origins(trail: Trail) -> tuple[OriginRow, ...]:
    """Return a row for each finished artifact; of gathered sources, one for each source with its licence."""
    return tuple(row for name in trail.made for row in _rows(trail, name))


def _rows(trail: Trail, name: str) -> Iterator[OriginRow]:
    artifact = trail.made[name]
    listed = trail.file(name, "sources.json") if artifact.manifest.gathered else None
    if listed is not None:
        for source in json.loads(listed.read_text(encoding="utf-8")):
            made_from = (f"{source['name']}, for {source['use']}",)
            yield OriginRow(stage=name, artifact=artifact.id, made_from=made_from, licence=source["licence"])
        return
    step = trail.steps[name]
    parents = tuple(dict.fromkeys(step.node.parents()))
    licences = set(artifact.manifest.licences)
    inherited = {one for parent in parents if parent in trail.made for one in trail.made[parent].manifest.licences}
    own = ", ".join(sorted(licences - inherited)) or ("as its inputs" if parents else "none stated")
    given = parents or (f"{step.node.stage.name}, seed {step.node.seed}",)
    yield OriginRow(stage=name, artifact=artifact.id, made_from=given, licence=own)
