"""Pairs of real dialogues in OpenAI's and TRL's layouts, written and read by a few lines that know nothing of ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from human.third_party import data_file
from trivium.human.formats import export, load
from trivium.records import Comparison, Demonstration, Judgement

Pair = tuple[list[dict[str, str]], str, str]
"""Turns before the replies, the better reply, the worse one."""
Rows = list[dict[str, Any]]
ROLE = {"human": "user", "gpt": "assistant", "system": "system"}


def pairs(folder: Path) -> list[Pair]:
    """Return the pairs of the file as they stand in it."""
    rows = json.loads(data_file("sharegpt", folder).read_text(encoding="utf-8"))
    return [
        ([{"role": ROLE[turn["from"]], "content": turn["value"]} for turn in row["conversations"]],
         row["chosen"]["value"], row["rejected"]["value"])
        for row in rows
    ]  # fmt: skip


def told(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


Layout = tuple[Callable[[Pair], Rows], Callable[[Rows], list[Pair]]]
LAYOUTS: dict[str, Layout] = {
    "openai-preference": (
        lambda one: [{"input": {"messages": one[0]}, "preferred_output": told(one[1]), "non_preferred_output": told(one[2])}],
        lambda rows: [(row["input"]["messages"], row["preferred_output"][0]["content"],
                       row["non_preferred_output"][0]["content"]) for row in rows],
    ),
    "trl-preference": (
        lambda one: [{"prompt": one[0], "chosen": told(one[1]), "rejected": told(one[2])}],
        lambda rows: [(row["prompt"], row["chosen"][-1]["content"], row["rejected"][-1]["content"]) for row in rows],
    ),
    "trl-implicit-preference": (
        lambda one: [{"chosen": one[0] + told(one[1]), "rejected": one[0] + told(one[2])}],
        lambda rows: [(row["chosen"][:-1], row["chosen"][-1]["content"], row["rejected"][-1]["content"]) for row in rows],
    ),
    "trl-preference-text": (
        lambda one: [{"prompt": one[0][0]["content"], "chosen": one[1], "rejected": one[2]}],
        lambda rows: [([{"role": "user", "content": row["prompt"]}], row["chosen"], row["rejected"]) for row in rows],
    ),
    "trl-implicit-preference-text": (
        lambda one: [{"chosen": f"{one[0][0]['content']} {one[1]}", "rejected": f"{one[0][0]['content']} {one[2]}"}],
        lambda rows: [([], row["chosen"], row["rejected"]) for row in rows],
    ),
}  # fmt: skip
"""Format → a pair to its rows, and rows to pairs."""


def of_layout(name: str, folder: Path) -> list[Pair]:
    """Return the pairs that a layout can hold: a text has one turn, and texts must part at the start of a reply."""
    found = pairs(folder)
    if name.endswith("-text"):
        found = [one for one in found if len(one[0]) == 1]
    return [one for one in found if one[1].split()[0] != one[2].split()[0]] if "implicit" in name else found


@pytest.mark.parametrize("name", LAYOUTS)
def test_our_reader_finds_what_another_writer_wrote(tmp_path: Path, name: str) -> None:
    write, _ = LAYOUTS[name]
    wanted = of_layout(name, tmp_path)
    assert wanted
    file = tmp_path / "in.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for one in wanted for row in write(one)), encoding="utf-8")
    imported = load(name, file)
    assert imported.rejects == []
    for (turns, better, worse), found in zip(wanted, imported.records, strict=True):
        assert isinstance(found, Comparison)
        assert [turn.model_dump() for turn in found.prompt.messages] == turns
        ordered = [text.removeprefix(" ") for _, text in sorted(zip(found.ranks, found.replies, strict=True))]
        assert ordered == [better, worse]


@pytest.mark.parametrize("name", LAYOUTS)
def test_another_reader_finds_what_our_writer_wrote(tmp_path: Path, name: str) -> None:
    _, read = LAYOUTS[name]
    wanted = of_layout(name, tmp_path)
    source = load("sharegpt", data_file("sharegpt", tmp_path)).records
    mine = [one for one, pair in zip(source, pairs(tmp_path), strict=True) if pair in wanted]
    export(name, mine, tmp_path / "out.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    if name == "trl-implicit-preference-text":
        wanted = [([], turns[0]["content"] + better, turns[0]["content"] + worse) for turns, better, worse in wanted]
    assert read(rows) == wanted


def test_a_pair_is_two_judgements_and_its_better_half_a_demonstration(tmp_path: Path) -> None:
    wanted = pairs(tmp_path)
    unpaired = [{"prompt": turns, "completion": told(text), "label": label}
                for turns, better, worse in wanted for text, label in ((better, True), (worse, False))]  # fmt: skip
    spoken = [{"messages": turns + told(better)} for turns, better, _ in wanted]
    for name, rows in (("trl-unpaired-preference", unpaired), ("openai-chat", spoken)):
        file = tmp_path / f"{name}.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        imported = load(name, file)
        assert imported.rejects == []
        assert len(imported.records) == len(rows)
        for row, found in zip(rows, imported.records, strict=True):
            if isinstance(found, Judgement):
                assert found.desirable is row["label"]
                said = [turn.model_dump() for turn in found.prompt.messages], told(found.reply)
                assert said == (row["prompt"], row["completion"])
            else:
                assert isinstance(found, Demonstration)
                assert [turn.model_dump() for turn in found.prompt.messages] + told(found.reply) == row["messages"]
