"""An uploaded file to records and rejects: sniffed or read as told, bounded in size, its name never a path."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import NamedTuple

from starlette.datastructures import UploadFile

from trivium.human.desk.errors import Invalid
from trivium.human.formats import FORMATS, Imported, Provenance, load, sniff

_ENDING = re.compile(r"(?:\.[a-z0-9]{1,8}){1,2}$")
COPIED_BYTES = 1 << 20


class Read(NamedTuple):
    """What an upload gave: the format it was read as, and its records and rejects."""

    format_name: str
    imported: Imported


def read_upload(file: UploadFile, format_name: str, provenance: Provenance, unpacked_bytes: int) -> Read:
    """Return the records of an uploaded file; its name gives the ending and the source, never a path."""
    name = (file.filename or "").replace("\\", "/").rsplit("/", 1)[-1]
    ending = _ENDING.search(name.lower())
    if ending is None:
        raise Invalid({"file": "the file's name has no ending such as .jsonl, .json, .csv or .parquet"})
    if format_name and format_name not in FORMATS:
        raise Invalid({"format": "choose a format of the list"})
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", name[: ending.start()])[:64].strip("-") or "upload"
    with tempfile.TemporaryDirectory(prefix="trivium-import-") as folder:
        path = Path(folder) / f"{stem}{ending.group()}"
        with path.open("wb") as out:
            while part := file.file.read(COPIED_BYTES):
                out.write(part)
        if not format_name:
            likely = sniff(path, unpacked_bytes)
            if not likely:
                raise Invalid({"format": "no format is like this file; choose one, or look at its first lines"})
            format_name = likely[0][0]
        return Read(format_name, load(format_name, path, provenance, unpacked_bytes))
