"""Raw documents to a corpus: what is kept for training, what is held out, and a ledger of what was dropped and why."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from trivium.core.config import Config
from trivium.core.errors import SourceError
from trivium.core.kinds import Corpus, Sources
from trivium.core.stage import StageContext, stage
from trivium.curation.heldout import split_heldout
from trivium.records import Document, read_records, write_records


class CorpusConfig(Config):
    """What is kept. Lengths are in characters; `heldout_share` in [0, 1) applies where the source holds nothing out
    itself.

    It is a share of whole texts: the pieces of one file or row are all held out, or none is.
    """

    min_characters: int = Field(default=16, ge=0)
    heldout_share: float = Field(default=0.02, ge=0, lt=1)


@stage(version=1)
def corpus(sources: Sources, config: CorpusConfig, context: StageContext) -> Corpus:
    """Drop exact duplicates and what is too short; hold texts out by the hash of their name or id, never by chance."""
    heldout_file = sources.path / "heldout_documents.jsonl"
    reserved = list(read_records(heldout_file, Document))
    seen = {document.id for document in reserved}
    reasons: Counter[str] = Counter()
    heldout: list[Document] = list(reserved)
    characters = num_words = 0

    with (context.out / "ledger.jsonl").open("w", encoding="utf-8") as ledger:

        def drop(document: Document, reason: str, **more: Any) -> None:
            reasons[reason] += 1
            row = {"id": document.id, "source": document.source, "reason": reason, **more}
            ledger.write(json.dumps(row, ensure_ascii=False) + "\n")

        def kept() -> Iterator[Document]:
            nonlocal characters, num_words
            for document in read_records(sources.path / "documents.jsonl", Document):
                if len(document.text) < config.min_characters:
                    drop(document, "too short", characters=len(document.text))
                elif document.id in seen:
                    drop(document, "exact duplicate")
                elif not reserved and split_heldout(document.group or document.id, config.heldout_share):
                    seen.add(document.id)
                    heldout.append(document)
                else:
                    seen.add(document.id)
                    characters += len(document.text)
                    num_words += len(document.text.split())
                    yield document

        count = write_records(context.out / "documents.jsonl", kept())
    write_records(context.out / "heldout.jsonl", heldout)
    if not count:
        raise SourceError(
            "no document is left", where=str(sources.path), do="look at the source, or lower min_characters"
        )
    context.measure("documents", count, n=count)
    context.measure("heldout_documents", len(heldout), n=len(heldout))
    context.measure("characters", characters, n=count)
    context.measure("words", num_words, n=count)
    for reason, number in sorted(reasons.items()):
        context.measure(f"dropped.{reason.replace(' ', '_')}", number, n=count + number)
    return context.made(Corpus)
