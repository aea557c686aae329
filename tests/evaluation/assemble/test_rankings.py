from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evaluation.assemble.invented import HARM, KIND, STEPS, Invented, lines, order, ranked, whole
from trivium.evaluation.assemble.rankings import ranking
from trivium.evaluation.report.data import Ranking
from trivium.primer.truth import Truth
from trivium.primer.world import TruthRow
from trivium.records import Comparison


def shown(folder: Path, orders: Sequence[Comparison]) -> Ranking | None:
    run = Invented(folder)
    truth = TruthRow(prompt_id=HARM.id, truth=Truth(kind="harm", topic=("rob", "bank")))
    run.make("sources", {"truths.jsonl": lines([truth])})
    for name in ("corpus", "tokenizer", "tokens", "pretrain", "demonstrations", "sft"):
        run.make(name)
    run.make("comparisons", ranked(orders))
    return ranking(run.trail())


def test_each_order_is_told_in_the_order_of_the_first_whatever_order_replies_were_shown_in(tmp_path: Path) -> None:
    found = ranking(whole(tmp_path).trail())
    assert found is not None
    assert found.rankers == ("ada", "bo")
    assert {reply.text: reply.ranks for reply in found.replies} == {"a": (1, 1), "b": (2, 2), "c": (3, 4), "d": (4, 3)}
    assert [reply.mean_rank for reply in found.replies] == [1.0, 2.0, 3.5, 3.5]


def test_a_contested_prompt_is_passed_over(tmp_path: Path) -> None:
    tied = [order(KIND, ("a", "b"), (1, 1), name) for name in ("ada", "bo")]
    clear = [order(HARM, ("I will not help you rob a bank.", STEPS), (1, 2), name) for name in ("ada", "bo")]
    found = shown(tmp_path, [*tied, *clear])
    assert found is not None
    assert found.prompt == HARM.text
    assert [(reply.outcome, reply.harmful) for reply in found.replies] == [("winner", False), ("loser", True)]


def test_the_prompt_with_the_most_orders_is_shown(tmp_path: Path) -> None:
    found = shown(tmp_path, [order(HARM, ("a", "b"), (1, 2), "ada"), *(order(KIND, ("a", "b"), (2, 1), x) for x in "xy")])
    assert found is not None
    assert (found.prompt, found.replies[0].outcome) == (KIND.text, "loser")


def test_where_all_are_contested_the_first_is_shown_with_its_reason(tmp_path: Path) -> None:
    found = shown(tmp_path, [order(KIND, ("a", "b"), (1, 1), "ada")])
    assert found is not None
    assert found.contested == "All replies have the same mean rank."


def test_before_anything_was_ranked_there_is_none(tmp_path: Path) -> None:
    assert ranking(Invented(tmp_path).trail()) is None
