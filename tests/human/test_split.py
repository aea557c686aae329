"""Shows that relatives share a split and that the shares come out as asked."""

from __future__ import annotations

import pytest

from trivium.human.split import split_of, with_split
from trivium.records import Demonstration, Message, Prompt


def prompt(text: str, *later: str, **fields: object) -> Prompt:
    """Return a dialogue that starts with a text and goes on with answered turns."""
    turns = [Message(role="user", content=text)]
    for one in later:
        turns += [Message(role="assistant", content="And?"), Message(role="user", content=one)]
    return Prompt.of_messages(tuple(turns), origin="dataset", source="test", **fields)


def test_about_the_asked_share_goes_to_each_split() -> None:
    splits = [split_of(prompt(f"question {i}"), test_share=0.2, dev_share=0.1) for i in range(2_000)]
    assert splits.count("test") == pytest.approx(400, abs=60)
    assert splits.count("dev") == pytest.approx(200, abs=45)


def test_dialogues_with_the_same_opening_are_in_the_same_split() -> None:
    for i in range(50):
        assert (
            len(
                {
                    split_of(one, test_share=0.5)
                    for one in (prompt(f"Q {i}"), prompt(f" q  {i}", "x"), prompt(f"Q {i}", "y"))
                }
            )
            == 1
        )


def test_a_sources_own_group_goes_before_the_opening() -> None:
    for i in range(50):
        of_group = {
            split_of(prompt(text, attrs={"group": f"story {i}"}), test_share=0.5) for text in ("one", "two", "three")
        }
        assert len(of_group) == 1


def test_another_seed_gives_another_split() -> None:
    prompts = [prompt(f"question {i}") for i in range(200)]
    first, second = ([split_of(one, test_share=0.5, seed=seed) for one in prompts] for seed in (0, 1))
    assert first != second


def test_shares_beyond_the_whole_are_refused() -> None:
    with pytest.raises(ValueError, match="shares must be in"):
        split_of(prompt("x"), test_share=0.8, dev_share=0.3)


def test_a_record_carries_its_split_in_its_prompt() -> None:
    moved = with_split(Demonstration(prompt=prompt("x"), reply="y"), "test")
    assert moved.prompt.split == "test"
    assert moved.reply == "y"
