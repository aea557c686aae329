"""Sealed milestones of the Studio to sources: the demonstrations and comparisons that people wrote, byte for byte."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from trivium.core.config import Config, FromEnvironment, NotIdentity
from trivium.core.errors import MissingExtraError, SourceError
from trivium.core.kinds import Sources
from trivium.core.stage import Gathers, StageContext, stage
from trivium.human.formats import Reject, read_comparisons, read_demonstrations
from trivium.records import Comparison, Demonstration, write_records

REFERENCE = re.compile(r"studio:(?P<project>[a-z0-9-]+)@(?P<milestone>[A-Za-z0-9._-]+)")


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


References = Annotated[tuple[str, ...], BeforeValidator(_several)]


class MilestonesConfig(Config, Gathers):
    """Which milestones are taken, and where the Studio keeps them; their bytes make the id.

    A reference is `studio:PROJECT@MILESTONE`: the project's short name and the milestone's, as the deliveries page
    shows them. Several may be given.
    """

    demonstrations: References = ()
    comparisons: References = ()
    database: Annotated[str, NotIdentity(), FromEnvironment("TRIVIUM_STUDIO")] = "studio.db"
    """What `trivium studio --database` is given: a file, or postgresql://…"""

    @model_validator(mode="after")
    def _references_are_ours(self) -> MilestonesConfig:
        if not (self.demonstrations or self.comparisons):
            raise ValueError("name a milestone of demonstrations or of comparisons: studio:PROJECT@MILESTONE")
        for one in (*self.demonstrations, *self.comparisons):
            if not REFERENCE.fullmatch(one):
                raise ValueError(f"wanted studio:PROJECT@MILESTONE, found {one!r}")
        return self

    def gathered_files(self) -> Mapping[str, Path]:
        """Return every file of every milestone, by reference and name, checked against the sealed manifest."""
        found: dict[str, Path] = {}
        for one in dict.fromkeys((*self.demonstrations, *self.comparisons)):
            folder = folder_of(one, self.database)
            found.update({f"{one}/{file.name}": file for file in sorted(folder.iterdir())})
        return found


def folder_of(reference: str, database: str) -> Path:
    """Return a folder with the milestone's files, fetched from the Studio's database and checked."""
    try:
        from trivium.human.desk.milestone_files import fetch
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"milestones of the Studio need the package {error.name}", do="pip install 'trivium[studio]'"
        ) from error
    match = REFERENCE.fullmatch(reference)
    assert match is not None, "the config has checked it"
    return fetch(database, match["project"], match["milestone"], Path(tempfile.gettempdir()))


@stage(version=2, gathered=True)
def milestones(config: MilestonesConfig, context: StageContext) -> Sources:
    """Read the records of every milestone; each keeps its prompt's origin, source and licence."""
    demonstrations: list[Demonstration] = []
    comparisons: list[Comparison] = []
    table = []
    for one in config.demonstrations:
        pairs = [_good(row, one) for row in read_demonstrations("trivium", folder_of(one, config.database))]
        demonstrations += pairs
        table.append({"name": one, "use": "demonstrations", "licence": _licences(pairs)})
    for one in config.comparisons:
        orders = [_good(row, one) for row in read_comparisons("trivium", folder_of(one, config.database))]
        comparisons += orders
        table.append({"name": one, "use": "comparisons", "licence": _licences(orders)})
    for name, rows in (("demonstrations", demonstrations), ("comparisons", comparisons)):
        write_records(context.out / f"{name}.jsonl", rows)
        context.measure(name, len(rows), n=len(rows))
        context.licences.update(row.prompt.licence for row in rows)
    prompts = {row.prompt.id: row.prompt for row in comparisons}
    write_records(context.out / "prompts.jsonl", prompts.values())
    context.measure("prompts", len(prompts), n=len(prompts))
    (context.out / "sources.json").write_text(json.dumps(table, indent=1), encoding="utf-8")
    return context.made(Sources)


def _licences(rows: Sequence[Any]) -> str:
    return ", ".join(sorted({row.prompt.licence for row in rows})) or "none stated"


def _good(row: Any, reference: str) -> Any:
    """Return the row; a sealed milestone has no bad line."""
    if isinstance(row, Reject):
        raise SourceError(f"line {row.line} cannot be read: {row.reason}", where=f"{reference}, {row.file}")
    return row
