"""Shows that published data sets come in whole, go out, and come in again identical."""

from __future__ import annotations

from pathlib import Path

import pytest

from human.third_party import FILES, NUM_RECORDS, at_hand, data_file
from trivium.human.formats import FORMATS, Provenance, export, load, sniff
from trivium.human.formats.format import losses
from trivium.human.formats.oasst_tree import flattened, gathered
from trivium.human.formats.rows import Flaw, read_rows


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_published_file_is_recognised_and_comes_in_whole(tmp_path: Path, name: str) -> None:
    file = data_file(name, tmp_path)
    assert name.removesuffix("-demonstrations") == sniff(file)[0][0]
    imported = load(name, file)
    if file.parent.parent == at_hand():
        assert (len(imported.records), len(imported.rejects)) == NUM_RECORDS[name]
    assert imported.records


@pytest.mark.parametrize("name", sorted(FILES))
def test_what_came_in_goes_out_without_loss_and_comes_in_again_identical(tmp_path: Path, name: str) -> None:
    records = load(name, data_file(name, tmp_path)).records
    said = Provenance(source=records[0].prompt.source, licence=records[0].prompt.licence)  # type: ignore[attr-defined]
    outs = {"trivium": ".jsonl.gz", "parquet": ".parquet", **({name: ".jsonl"} if FORMATS[name].written else {})}
    for out, suffix in outs.items():
        file = tmp_path / f"out-{out}{suffix}"
        export(out, records, file)
        assert load(out, file, said).records == records
        assert losses(FORMATS[out], records[:200], said) == []


@pytest.mark.parametrize("name", ["hh-rlhf", "sharegpt"])
def test_the_rows_of_the_file_itself_come_out_letter_by_letter(tmp_path: Path, name: str) -> None:
    file = data_file(name, tmp_path)
    imported = load(name, file)
    export(name, imported.records, tmp_path / "out.jsonl")
    rejected = {one.line for one in imported.rejects}
    kept = [row for line, row in read_rows(file) if line not in rejected]
    assert [row for _, row in read_rows(tmp_path / "out.jsonl")] == kept


def test_published_trees_and_their_flat_messages_are_the_same_without_loss(tmp_path: Path) -> None:
    trees = [row for _, row in read_rows(data_file("oasst", tmp_path)) if not isinstance(row, Flaw)]
    assert [gathered(list(flattened(tree))) for tree in trees] == [[_with_replies(tree)] for tree in trees]


def _with_replies(tree: dict[str, object]) -> dict[str, object]:
    """Return the tree with an empty list of replies where a node has none: both spellings occur."""

    def node(one: dict[str, object]) -> dict[str, object]:
        replies = one.get("replies") or []
        assert isinstance(replies, list)
        return one | {"replies": [node(reply) for reply in replies]}

    prompt = tree["prompt"]
    assert isinstance(prompt, dict)
    return tree | {"prompt": node(prompt)}
