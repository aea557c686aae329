"""Demonstrations: copies and empty replies leave with a reason, and no prompt is on both sides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stages.given import artifact, context, prompt
from trivium.core.errors import SourceError
from trivium.core.kinds import Sources
from trivium.records import Demonstration, read_records
from trivium.stages.demonstrations import DemonstrationsConfig, demonstrations


def shown(index: int, reply: str) -> Demonstration:
    return Demonstration(prompt=prompt(f"Question {index}?"), reply=reply)


def made(folder: Path, rows: list[Demonstration], **settings: object) -> tuple[list[Demonstration], list[Demonstration]]:
    sources = artifact(Sources, folder / "in", {"demonstrations": rows})
    given = context(folder)
    demonstrations(sources, DemonstrationsConfig(**settings), given)
    return tuple(list(read_records(given.out / f"{name}.jsonl", Demonstration)) for name in ("demonstrations", "heldout"))


def test_all_replies_to_a_prompt_stand_on_the_same_side(tmp_path: Path) -> None:
    rows = [shown(index, f"Reply {number}.") for index in range(40) for number in range(2)]
    train, heldout = made(tmp_path, rows, heldout_share=0.3)
    assert len(train) + len(heldout) == 80
    assert heldout
    assert not {row.prompt.id for row in train} & {row.prompt.id for row in heldout}


def test_copies_and_empty_replies_are_in_the_ledger(tmp_path: Path) -> None:
    train, _ = made(tmp_path, [shown(1, "Yes."), shown(1, "Yes."), shown(2, " \n"), shown(1, "No.")], heldout_share=0.0)
    assert [row.reply for row in train] == ["Yes.", "No."]
    ledger = [json.loads(line)["reason"] for line in (tmp_path / "out" / "ledger.jsonl").read_text().splitlines()]
    assert ledger == ["exact duplicate", "empty reply"]


def test_a_limit_takes_a_seeded_part_in_the_given_order(tmp_path: Path) -> None:
    rows = [shown(index, "Yes.") for index in range(20)]
    train, _ = made(tmp_path / "a", rows, heldout_share=0.0, max_demonstrations=5)
    again, _ = made(tmp_path / "b", rows, heldout_share=0.0, max_demonstrations=5)
    assert train == again
    assert len(train) == 5
    order = [row.prompt.id for row in rows]
    assert [order.index(row.prompt.id) for row in train] == sorted(order.index(row.prompt.id) for row in train)


def test_none_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="hold no demonstrations"):
        made(tmp_path, [])
