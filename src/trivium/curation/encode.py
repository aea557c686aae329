"""A portion of kept documents to a file of token ids: done anywhere, in any order, and after a kill not done again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from trivium.curation.engine import Engine
from trivium.curation.portions import Portion, plan_portions, read_rows
from trivium.text.tokenizer import Tokenizer

DOCUMENTS_AT_ONCE = 512
Encoded = tuple[NDArray[np.uint32], int, str]
"""A document's ids, the UTF-8 bytes of its text, and its source."""


class EncodeJob(BaseModel):
    """One portion, the tokenizer's folder, and the file that the ids go to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    portion: Portion
    tokenizer: Path
    stem: Path


class EncodeSummary(BaseModel):
    """What the ids are of; written last, so a file with a summary is whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lengths: list[int]
    num_bytes: list[int]
    sources: list[str]


def encode_job(item: str) -> str:
    """Encode a portion given as JSON, each document after a beginning-of-document token; return the file's stem."""
    job = EncodeJob.model_validate_json(item)
    done = job.stem.with_suffix(".json")
    if done.exists():
        return str(job.stem)
    job.stem.parent.mkdir(parents=True, exist_ok=True)
    encoder = Tokenizer.load(job.tokenizer)
    summary = EncodeSummary(lengths=[], num_bytes=[], sources=[])
    rows = read_rows(job.portion)
    with job.stem.with_suffix(".ids").open("wb") as file:
        while batch := list(islice(rows, DOCUMENTS_AT_ONCE)):
            for row, ids in zip(batch, encoder.encode_batch([row["text"] for row in batch]), strict=True):
                file.write(np.array([encoder.bos_id, *ids], "<u4").tobytes())
                summary.lengths.append(len(ids) + 1)
                summary.num_bytes.append(len(row["text"].encode()))
                summary.sources.append(row["source"])
    draft = job.stem.with_suffix(".draft")
    draft.write_text(summary.model_dump_json(), encoding="utf-8")
    draft.replace(done)
    return str(job.stem)


def encode(documents: Path, tokenizer: Path, folder: Path, engine: Engine) -> Iterator[Encoded]:
    """Yield every document of a file of records, encoded, in its order; work goes through `folder`."""
    jobs = [
        EncodeJob(portion=portion, tokenizer=tokenizer, stem=folder / f"encoded-{number:05d}")
        for number, portion in enumerate(plan_portions(documents))
    ]
    for _ in engine.each(encode_job, [job.model_dump_json() for job in jobs]):
        pass
    for job in jobs:
        yield from _read(job.stem)


def _read(stem: Path) -> Iterator[Encoded]:
    summary = EncodeSummary.model_validate_json(stem.with_suffix(".json").read_bytes())
    with stem.with_suffix(".ids").open("rb") as file:
        for length, num_bytes, source in zip(summary.lengths, summary.num_bytes, summary.sources, strict=True):
            yield np.frombuffer(file.read(4 * length), "<u4"), num_bytes, source
