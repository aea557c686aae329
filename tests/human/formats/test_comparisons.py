"""Reads hand-made files of each preference format and holds prompts, replies, ranks and rejects to what they say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from trivium.core.errors import SourceError
from trivium.human.formats import Reject, read_comparisons
from trivium.records import Comparison


def read(format_name: str, path: Path, rows: Sequence[dict[str, Any]]) -> tuple[list[Comparison], list[Reject]]:
    """Write rows as JSON lines (an array for .json) and read them back as the format."""
    if path.suffix == ".json":
        path.write_text(json.dumps(rows))
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = list(read_comparisons(format_name, path))
    return [one for one in made if not isinstance(one, Reject)], [one for one in made if isinstance(one, Reject)]


def turns(comparison: Comparison) -> list[tuple[str, str]]:
    """Return (role, text) of the prompt's turns."""
    return [(message.role, message.content) for message in comparison.prompt.messages]


def test_hh_dialogues_split_at_their_last_common_assistant_turn(tmp_path: Path) -> None:
    start = "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: How?\n\nAssistant: "
    rows = [{"chosen": start + "So it is.", "rejected": start + "So it was."}]
    [made], rejects = read("hh-rlhf", tmp_path / "x.jsonl", rows)
    # The replies share their first letters; the cut goes back to the marker all the same.
    assert made.replies == ("So it is.", "So it was.")
    assert made.ranks == (1, 2)
    assert turns(made) == [("user", "Hi"), ("assistant", "Hello"), ("user", "How?")]
    assert not rejects


@pytest.mark.parametrize(
    ("chosen", "rejected", "reason"),
    [
        ("\n\nHuman: Hi\n\nAssistant:", "\n\nHuman: Hi\n\nAssistant: No", "`chosen` ends in an empty assistant turn"),
        (
            "\n\nHuman: Hi\n\nAssistant: Yes",
            "\n\nHuman: Hi\n\nAssistant: ",
            "`rejected` ends in an empty assistant turn",
        ),
        ("\n\nHuman: Hi\n\nAssistant: A", "\n\nHuman: Ho\n\nAssistant: B", "no common prompt"),
        (
            "\n\nHuman: Hi\n\nAssistant: A\n\nHuman: O\n\nAssistant: C",
            "\n\nHuman: Hi\n\nAssistant: B",
            "part before the last",
        ),
        ("\n\nHuman: Hi\n\nAssistant: A", "\n\nHuman: Hi\n\nAssistant: A", "same text"),
        ("Hi\n\nAssistant: A", "Hi\n\nAssistant: B", "does not start with a marker"),
        ("\n\nHuman: \n\nAssistant: A", "\n\nHuman: \n\nAssistant: B", "empty turn by Human"),
        ("\n\nAssistant: Hi\n\nAssistant: A", "\n\nAssistant: Hi\n\nAssistant: B", "assistant speaks"),
        (3, "\n\nHuman: Hi\n\nAssistant: B", "two texts"),
    ],
)
def test_an_hh_row_without_a_clear_pair_is_rejected_with_its_reason(
    tmp_path: Path, chosen: Any, rejected: str, reason: str
) -> None:
    made, [reject] = read("hh-rlhf", tmp_path / "x.jsonl", [{"chosen": chosen, "rejected": rejected}])
    assert not made
    assert reject.line == 1
    assert reason in reject.reason


def node(name: str, role: str, *replies: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a message of a tree; its text is its name."""
    return {"message_id": name, "text": name, "role": role, "replies": list(replies), **fields}


def test_each_question_of_a_tree_with_two_ranked_replies_is_one_comparison_and_rank_zero_is_best(
    tmp_path: Path,
) -> None:
    later = node("later", "prompter", node("l2", "assistant", rank=1), node("l1", "assistant", rank=0))
    first = node("z best", "assistant", later, rank=0)
    root = node(
        "root",
        "prompter",
        first,
        node("b", "assistant", rank=1),
        node("a", "assistant", rank=2),
        node("c", "assistant"),
    )
    made, rejects = read("oasst", tmp_path / "x.jsonl", [{"message_tree_id": "t", "prompt": root}])
    assert [(one.replies, one.ranks) for one in made] == [(("a", "b", "z best"), (3, 2, 1)), (("l1", "l2"), (1, 2))]
    assert turns(made[1]) == [("user", "root"), ("assistant", "z best"), ("user", "later")]
    assert {one.prompt.attrs["group"] for one in made} == {"t"}
    assert [one.reason for one in rejects] == ["1 of 4 replies to root have no rank"]


def test_deleted_and_refused_replies_are_not_compared_and_a_row_without_a_tree_is_rejected(tmp_path: Path) -> None:
    gone = node("gone", "assistant", rank=1, deleted=True)
    refused = node("refused", "assistant", rank=2, review_result=False)
    root = node("root", "prompter", node("only", "assistant", rank=0), gone, refused)
    made, rejects = read("oasst", tmp_path / "x.jsonl", [{"prompt": root}, {"message_tree_id": "t"}])
    assert not made
    assert [(one.line, "prompter" in one.reason) for one in rejects] == [(2, True)]


def test_a_pandalm_row_is_three_peoples_comparisons(tmp_path: Path) -> None:
    row = {"instruction": "Rewrite.", "input": "It is.", "response1": "x", "response2": "y"}
    labels = {"annotator1": 0, "annotator2": 1, "annotator3": 2}
    made, rejects = read("pandalm", tmp_path / "x.json", [row | labels, row | labels | {"annotator2": 7}])
    assert [one.ranks for one in made] == [(1, 1), (1, 2), (2, 1), (1, 1), (2, 1)]
    assert made[0].prompt.text == "Rewrite.\n\nIt is."
    assert len({one.ranker for one in made}) == 3
    assert [(one.line, one.reason) for one in rejects] == [(2, "`annotator2` is 7, wanted 0 (tie), 1 or 2")]


@pytest.mark.parametrize("label", [True, [1], None, "1", 3])
def test_a_pandalm_label_of_any_other_kind_is_rejected(tmp_path: Path, label: Any) -> None:
    row = {"instruction": "Say.", "input": "", "response1": "x", "response2": "y", "annotator1": label, "annotator2": 1}
    made, rejects = read("pandalm", tmp_path / "x.json", [row])
    assert [one.ranker for one in made] == ["pandalm-annotator2"]
    assert len(rejects) == 2


def test_a_text_that_is_no_unicode_is_rejected_and_not_passed_on(tmp_path: Path) -> None:
    row = {"instruction": "Say.", "input": "", "response1": "x", "response2": "\ud800", "annotator1": 1}
    made, rejects = read("pandalm", tmp_path / "x.json", [row])
    assert not made
    assert len(rejects) >= 1


def test_a_pandalm_row_whose_reply_is_no_text_is_rejected_once(tmp_path: Path) -> None:
    row = {"instruction": "Say.", "input": "", "response1": True, "response2": "y", "annotator1": 1}
    made, [reject] = read("pandalm", tmp_path / "x.json", [row])
    assert not made
    assert reject.reason == "`response1` is no text but true"


@pytest.mark.parametrize(
    ("preference", "ranks", "strength"),
    [
        ("a-is-better", (1, 2), (2, -2)),
        ("a-is-slightly-better", (1, 2), (1, -1)),
        ("tie", (1, 1), (0, 0)),
        ("b-is-slightly-better", (2, 1), (-1, 1)),
        ("b-is-better", (2, 1), (-2, 2)),
    ],
)
def test_a_tulu_preference_becomes_ranks_and_strength(
    tmp_path: Path, preference: str, ranks: tuple[int, int], strength: tuple[float, float]
) -> None:
    row = {"prompt": "P\n", "completion_a": "x", "completion_b": "y", "preference": preference, "evaluator": "se"}
    [made], rejects = read("tulu-human-eval", tmp_path / "annotations.jsonl", [row])
    assert (made.ranks, made.scores["strength"], made.ranker) == (ranks, strength, "tulu-se")
    assert not rejects


def test_tulu_acceptability_is_kept_beside_the_order(tmp_path: Path) -> None:
    row = {"prompt": "P", "completion_a": "x", "completion_b": "y", "preference": "tie", "evaluator": "se"}
    marks = [("no", "no"), ("yes", "no"), ("yes", None)]
    rows = [row | {"completion_a_is_acceptable": a, "completion_b_is_acceptable": b} for a, b in marks]
    made, rejects = read(
        "tulu-human-eval", tmp_path / "a.jsonl", [*rows, row | {"preference": "both"}, row | {"completion_b": "x"}]
    )
    assert [one.none_acceptable for one in made] == [True, False, False]
    assert [one.scores.get("acceptable") for one in made] == [(0, 0), (1, 0), None]
    assert [one.line for one in rejects] == [4, 5]
    assert "wanted one of a-is-better" in rejects[0].reason


def test_an_unknown_format_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="'hh_rlfh'") as caught:
        read_comparisons("hh_rlfh", tmp_path)
    assert "'hh-rlhf'" in caught.value.do
