"""A milestone's files back to its records, after every hash was checked."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from trivium.core.errors import ArtifactError
from trivium.human.delivery.content import Annotator, Aside
from trivium.human.delivery.seal import CHECKSUMS, MANIFEST, Manifest
from trivium.human.ranking import Aggregate, Consensus
from trivium.records import Comparison, Demonstration, Judgement, Record

R = TypeVar("R", bound=Record)
LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


class Delivered(Record):
    """What a sealed milestone holds."""

    manifest: Manifest
    whole: str
    demonstrations: tuple[Demonstration, ...]
    comparisons: tuple[Comparison, ...]
    judgements: tuple[Judgement, ...]
    consensus: dict[str, Consensus]
    annotators: tuple[Annotator, ...]
    notes: dict[str, tuple[Aside, ...]]
    """Item → what people wrote about it."""

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """What the orders of each prompt say together."""
        return tuple(one.aggregate for one in self.consensus.values())


def files_in(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder."""
    if not (folder / CHECKSUMS).is_file():
        raise ArtifactError(f"no {CHECKSUMS} here, so this is no milestone", where=str(folder), do="check the folder")
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file()}


def verify(files: Mapping[str, bytes]) -> str:
    """Check every file against CHECKSUMS.sha256 and the manifest, and return the checksum of the whole."""
    listed = dict(_sums(files))
    for name, wanted in listed.items():
        if name not in files:
            raise ArtifactError("a file of the milestone is missing", where=name, do="fetch the milestone again")
        found = hashlib.sha256(files[name]).hexdigest()
        if found != wanted:
            raise ArtifactError(
                f"the file was changed: wanted {wanted[:12]}…, found {found[:12]}…",
                where=name,
                do="fetch the milestone again",
            )
    extra = sorted(files.keys() - listed.keys() - {CHECKSUMS})
    if extra:
        raise ArtifactError("a file is not part of the sealed milestone", where=extra[0], do="take it out")
    return hashlib.sha256(files[CHECKSUMS]).hexdigest()


def _sums(files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    lines = files.get(CHECKSUMS, b"").decode(errors="replace").splitlines()
    found = [LINE.fullmatch(line) for line in lines]
    if not found or not all(found):
        raise ArtifactError(f"{CHECKSUMS} is missing or broken", where=CHECKSUMS, do="fetch the milestone again")
    return [(match[2], match[1]) for match in found if match is not None]


def read(files: Mapping[str, bytes]) -> Delivered:
    """Return the records of a milestone; a changed, missing or added file is an error."""
    whole = verify(files)
    consensus = {}
    for line in _lines(files, "aggregates"):
        row = json.loads(line)
        item = row.pop("item")
        consensus[item] = Consensus.model_validate(row)
    notes: dict[str, tuple[Aside, ...]] = {}
    try:
        for line in _lines(files, "notes"):
            row = json.loads(line)
            item = row.pop("item")
            notes[item] = (*notes.get(item, ()), Aside.model_validate(row))
        return Delivered(
            manifest=Manifest.model_validate_json(files.get(MANIFEST, b"")),
            whole=whole,
            demonstrations=_records(files, "demonstrations", Demonstration),
            comparisons=_records(files, "comparisons", Comparison),
            judgements=_records(files, "judgements", Judgement),
            consensus=consensus,
            annotators=_records(files, "annotators", Annotator),
            notes=notes,
        )
    except ValidationError as error:
        raise ArtifactError(
            f"the milestone was sealed by another version: {error.errors()[0]['msg']}",
            where=MANIFEST,
            do="read it with the version that sealed it",
        ) from error


def _lines(files: Mapping[str, bytes], name: str) -> list[bytes]:
    data = files.get(f"{name}.jsonl.gz")
    return gzip.decompress(data).splitlines() if data is not None else []


def _records(files: Mapping[str, bytes], name: str, kind: type[R]) -> tuple[R, ...]:
    return tuple(kind.model_validate_json(line) for line in _lines(files, name))
