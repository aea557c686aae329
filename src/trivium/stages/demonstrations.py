"""Sources to demonstrations: what people wrote, deduplicated, and split so that no prompt is on both sides."""

from __future__ import annotations

import json
from collections import Counter

from pydantic import Field

from trivium.core.config import Config
from trivium.core.errors import SourceError
from trivium.core.kinds import Demonstrations, Sources
from trivium.core.seed import stream
from trivium.core.stage import StageContext, stage
from trivium.records import Demonstration, content_id, read_records, write_records


class DemonstrationsConfig(Config):
    """How many are taken (all when None), and the share of prompts held out for validation where sources hold out
    none.
    """

    max_demonstrations: int | None = Field(default=None, gt=0)
    heldout_share: float = Field(default=0.04, ge=0, lt=1)


@stage(version=1)
def demonstrations(sources: Sources, config: DemonstrationsConfig, context: StageContext) -> Demonstrations:
    """Drop exact copies and empty replies with a reason; hold out what the sources hold out, else by the hash of the
    prompt's id.
    """
    train: list[Demonstration] = []
    heldout: list[Demonstration] = []
    seen: set[str] = set()
    types: Counter[str] = Counter()
    rows = list(read_records(sources.path / "demonstrations.jsonl", Demonstration))
    reserved = any(row.prompt.split != "train" for row in rows)
    with (context.out / "ledger.jsonl").open("w", encoding="utf-8") as ledger:
        for row in rows:
            identity = content_id(row.prompt.id, row.reply)
            reason = "empty reply" if not row.reply.strip() else "exact duplicate" if identity in seen else None
            if reason:
                ledger.write(json.dumps({"id": row.prompt.id, "reason": reason}) + "\n")
                continue
            seen.add(identity)
            share = int(content_id("demonstration", row.prompt.id)[:12], 16) / 16**12
            held = row.prompt.split != "train" if reserved else share < config.heldout_share
            (heldout if held else train).append(row)
            types[row.task_type or "other"] += 1
            context.licences.add(row.prompt.licence)
    if config.max_demonstrations is not None and len(train) > config.max_demonstrations:
        picked = stream(context.seed, "demonstrations").permutation(len(train))[: config.max_demonstrations]
        train = [train[index] for index in sorted(picked)]
    if not train:
        raise SourceError(
            "the sources hold no demonstrations", where=str(sources.path), do="add a source with use = demonstrations"
        )
    write_records(context.out / "demonstrations.jsonl", train)
    write_records(context.out / "heldout.jsonl", heldout)
    context.measure("demonstrations", len(train), n=len(train))
    context.measure("heldout", len(heldout), n=len(heldout))
    for name, number in sorted(types.items()):
        context.measure(f"tasks.{name}", number, n=len(train) + len(heldout))
    return context.made(Demonstrations)
