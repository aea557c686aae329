"""A run that ended, well or not, to the files people open: `report.html` and `scorecard.json` in the run's folder."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trivium.core.rundir import RunFolder
from trivium.core.storage import storage
from trivium.evaluation.assemble.scores import card_of
from trivium.evaluation.assemble.trail import Trail, halt_of
from trivium.evaluation.assemble.whole import assemble
from trivium.evaluation.report.data import ReportData
from trivium.evaluation.report.page import render

REPORT, SCORECARD = "report.html", "scorecard.json"


@dataclass(frozen=True)
class Ending:
    """What a run came to: the data of its report, its numbers as they stand in the file, and where both lie."""

    data: ReportData
    card: dict[str, Any]
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
    card = {key: one.row() for key, one in sorted(card_of(trail).items())}
    folder = RunFolder(trail.store, trail.graph.name).path
    with storage(trail.store.root):
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / SCORECARD, json.dumps(card, indent=1) + "\n")
        _write(folder / REPORT, render(data))
    return Ending(data, card, folder / REPORT, folder / SCORECARD)


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
