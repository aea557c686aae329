"""A milestone to its sealed files: rows sorted by item, gzip without times, checksums over everything.

The same milestone gives the same bytes, whenever and wherever it is sealed with the same versions of zlib and pyarrow.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from trivium.core.errors import RefusedError
from trivium.human.delivery.checks import Check
from trivium.human.delivery.content import Aside, Milestone
from trivium.human.delivery.datasheet import datasheet
from trivium.human.delivery.difference import difference
from trivium.human.formats.rows import Row, parquet_bytes
from trivium.human.ranking import Consensus
from trivium.records import Record

MANIFEST, CHECKSUMS, DATASHEET = "manifest.json", "CHECKSUMS.sha256", "DATASHEET.md"
VERSION = 1


class FileEntry(Record):
    """A sealed file."""

    sha256: str
    num_bytes: int
    num_rows: int | None = None


class Manifest(Record):
    """What was sealed: files with hashes, and item → hash, by which milestones are compared."""

    version: int = VERSION
    project: str
    milestone: str
    files: dict[str, FileEntry]
    items: dict[str, str]
    previous: str | None = None
    """The checksum of the milestone that this one is compared with."""


class Sealed(Record):
    """A milestone's files, byte for byte, with the manifest and the checksum of the whole."""

    files: dict[str, bytes]
    manifest: Manifest
    whole: str
    """SHA-256 of CHECKSUMS.sha256, and so of everything."""


def seal(
    milestone: Milestone, checked: Iterable[Check], previous: Sealed | Manifest | None = None, previous_whole: str = ""
) -> Sealed:
    """Return the files of a milestone; refused where a check says stop. `checked` are the checks of this milestone.

    Give the previous milestone for the difference in the datasheet: as it was sealed, or its manifest and checksum.
    """
    found = list(checked)
    stops = [one for one in found if one.state == "stop"]
    if stops:
        raise RefusedError(
            "; ".join(f"{one.name}: {one.text}" for one in stops),
            where=f"{milestone.project}@{milestone.milestone}",
            do="mend the items, or clear them if a person has looked at them",
        )
    earlier = previous.manifest if isinstance(previous, Sealed) else previous
    whole_before = previous.whole if isinstance(previous, Sealed) else previous_whole or None
    items = milestone.item_hashes()
    changed = difference(earlier.items, items) if earlier is not None else None
    files: dict[str, bytes] = {}
    counts: dict[str, int] = {}
    consensus = milestone.consensus()
    for name, rows in _tables(milestone, consensus):
        if rows:
            files[f"{name}.jsonl.gz"] = _lines(rows)
            counts[f"{name}.jsonl.gz"] = len(rows)
            if name in {"demonstrations", "comparisons", "judgements"}:
                files[f"{name}.parquet"] = parquet_bytes(rows)
                counts[f"{name}.parquet"] = len(rows)
    for guideline in milestone.guidelines:
        files[f"guideline-{guideline.version}.md"] = guideline.markdown.encode()
        if guideline.rubric is not None:
            files[f"rubric-{guideline.version}.json"] = _document(guideline.rubric.model_dump(mode="json"))
    if milestone.requirement is not None:
        files["requirement.json"] = _document(milestone.requirement.model_dump(mode="json"))
    files[DATASHEET] = datasheet(milestone, consensus, found, changed).encode()
    manifest = Manifest(
        project=milestone.project,
        milestone=milestone.milestone,
        files={name: _entry(files[name], counts.get(name)) for name in sorted(files)},
        items=items,
        previous=whole_before if earlier is not None else None,
    )
    files[MANIFEST] = _document(manifest.model_dump(mode="json"))
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    files[CHECKSUMS] = sums.encode()
    return Sealed(files=dict(sorted(files.items())), manifest=manifest, whole=hashlib.sha256(sums.encode()).hexdigest())


def _tables(milestone: Milestone, consensus: Mapping[str, Consensus]) -> Iterator[tuple[str, list[Row]]]:
    """Yield (name, rows sorted by item and person)."""
    yield "demonstrations", [_plain(one) for _, one in sorted(milestone.demonstrations.items())]
    yield "comparisons", [_plain(one) for _, row in sorted(milestone.comparisons.items()) for one in _by_person(row)]
    yield "judgements", [_plain(one) for _, row in sorted(milestone.judgements.items()) for one in _by_person(row)]
    yield "aggregates", [{"item": item, **_plain(one)} for item, one in sorted(consensus.items())]
    yield "marks", list(_marks(milestone))
    yield "notes", [{"item": item, **_plain(one)} for item, one in _asides(milestone) if one.text]
    yield "annotators", [_plain(one) for one in sorted(milestone.annotators, key=lambda one: one.pseudonym)]
    yield "items", [{"item": item, "sha256": value} for item, value in milestone.item_hashes().items()]


def _by_person(rows: Iterable[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: (getattr(row, "ranker", getattr(row, "judge", "")), row.model_dump_json()))


def _marks(milestone: Milestone) -> Iterator[Row]:
    """Yield one row a mark: item, person, reply (from 0, as in the comparison's replies; none where the mark is of the
    item as a whole), axis, value.
    """
    unranked = {one.version for one in milestone.guidelines if one.rubric is not None and not one.rubric.ranked}
    for item, rows in sorted(milestone.comparisons.items()):
        for one in _by_person(rows):
            base = {"item": item, "person": one.ranker, "guideline": one.guideline or ""}
            for place, rank in enumerate(one.ranks if one.guideline not in unranked else ()):
                yield base | {"reply": place, "axis": "order", "value": float(rank)}
            for axis, marks in sorted(one.scores.items()):
                yield from (base | {"reply": at, "axis": axis, "value": mark} for at, mark in enumerate(marks))
            for at, flags in enumerate(one.flags):
                yield from (base | {"reply": at, "axis": f"flag:{flag}", "value": 1.0} for flag in sorted(flags))


    for item, aside in _asides(milestone):
        if aside.value is not None:
            base = {"item": item, "person": aside.person, "guideline": aside.guideline, "reply": None}
            yield base | {"axis": aside.axis, "value": aside.value}


def _asides(milestone: Milestone) -> Iterator[tuple[str, Aside]]:
    for item, said in sorted(milestone.asides.items()):
        yield from ((item, one) for one in sorted(said, key=lambda one: (one.person, one.axis, one.model_dump_json())))


def _plain(record: Record) -> Row:
    return record.model_dump(mode="json", exclude_defaults=True)


def _lines(rows: Iterable[Row]) -> bytes:
    """Return rows as JSON lines under gzip, without a time or a name in its header."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return gzip.compress(text.encode(), mtime=0)


def _document(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _entry(data: bytes, num_rows: int | None) -> FileEntry:
    return FileEntry(sha256=hashlib.sha256(data).hexdigest(), num_bytes=len(data), num_rows=num_rows)


def write(sealed: Sealed, folder: Path) -> None:
    """Write the files into a new folder; `sha256sum -c CHECKSUMS.sha256` there checks them."""
    folder.mkdir(parents=True)
    for name, data in sealed.files.items():
        (folder / name).write_bytes(data)


def archive(files: Mapping[str, bytes], name: str) -> bytes:
    """Return the files as one zip below a folder of that name; the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for file in sorted(files):
            entry = zipfile.ZipInfo(f"{name}/{file}", date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            # What is packed already is only stored.
            stored = file.endswith((".gz", ".parquet"))
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            packed.writestr(entry, files[file])
    return out.getvalue()
