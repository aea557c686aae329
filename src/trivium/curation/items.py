"""Files of evaluation items to texts that a corpus must not hold: every text in every row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from trivium.curation.files import Found, find_files, read_lines, read_text
from trivium.curation.ledger import Ledger
from trivium.curation.places import Place
from trivium.records import Document

MAX_LINE_BYTES = 64 << 20


def read_items(path: Place, *, source: str, licence: str, ledger: Ledger) -> Iterator[Document]:
    """Yield one record a row with all texts of the row, keys left out; its id is source/file:line.

    Rows of JSON lines, JSON arrays and CSV count; of any other text each line is an item.
    """
    for file in find_files(path, ledger):
        for number, text in _texts(file, ledger):
            if text.strip():
                yield Document(id=f"{source}/{file.name}:{number}", text=text, source=source, licence=licence)


def _texts(file: Found, ledger: Ledger) -> Iterator[tuple[int, str]]:
    name = file.name.lower().removesuffix(".gz").removesuffix(".zst")
    if name.endswith(".jsonl"):
        for number, line in read_lines(file, ledger, MAX_LINE_BYTES):
            yield from _row(number, line.decode("utf-8", "replace"), file, ledger)
        return
    text = "".join(read_text(file, ledger))
    if name.endswith(".json"):
        yield from _array(text, file, ledger)
    elif name.endswith(".csv"):
        for number, row in enumerate(csv.reader(io.StringIO(text)), 1):
            yield number, "\n".join(row)
    else:
        yield from enumerate(text.splitlines(), 1)


def _row(number: int, line: str, file: Found, ledger: Ledger) -> Iterator[tuple[int, str]]:
    if not line.strip():
        return
    try:
        yield number, "\n".join(_strings(json.loads(line)))
    except (ValueError, RecursionError) as error:
        ledger.drop("not valid JSON", file=file.name, line=number, excerpt=str(error))


def _array(text: str, file: Found, ledger: Ledger) -> Iterator[tuple[int, str]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        ledger.drop("not valid JSON", file=file.name, excerpt=str(error))
        return
    rows = found if isinstance(found, list) else [found]
    for number, row in enumerate(rows, 1):
        yield number, "\n".join(_strings(row))


def _strings(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value, keys left out.

    >>> list(_strings({"q": "one", "choices": ["two", {"text": "three"}], "n": 4}))
    ['one', 'two', 'three']
    """
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
