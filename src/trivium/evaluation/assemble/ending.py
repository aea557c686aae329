"""A run that ended, well or not, to the files people open: `report.html` and `scorecard.json` in the run's folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from trivium.core.artifact import Artifact
from trivium.core.rundir import RunFolder
from trivium.core.storage import storage
from trivium.evaluation.assemble.scores import card_of
from trivium.evaluation.assemble.trail import Trail, halt_of
from trivium.evaluation.assemble.whole import assemble
from trivium.evaluation.card import card_json
from trivium.evaluation.report.data import ReportData
from trivium.evaluation.report.page import render
from trivium.records import Measure

REPORT, SCORECARD = "report.html", "scorecard.json"


@dataclass(frozen=True)
class Ending:
    """What a run came to: artifacts by stage, the report's data, its numbers, and where both files lie."""

    made: dict[str, Artifact]
    data: ReportData
    card: dict[str, Measure]
    report: Path
    scorecard: Path


def end(trail: Trail, error: BaseException | None = None) -> Ending:
    """Write the report and the scorecard of a run; `error` is what stopped it.

    The same artifacts give the same files: costs come from the manifests, not from a clock.
    """
    stage = trail.first_missing()
    if error is not None and stage is not None:
        trail = replace(trail, halt=halt_of(error, stage))
    data = assemble(trail)
    card = card_of(trail)
    folder = RunFolder(trail.store, trail.graph.name).path
    with storage(trail.store.root):
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / SCORECARD, card_json(card))
        _write(folder / REPORT, render(data))
    return Ending(trail.made, data, card, folder / REPORT, folder / SCORECARD)


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
