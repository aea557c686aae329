"""Holds a rule to the scorer's protocol."""

from __future__ import annotations

import pytest

from trivium.records import Prompt, Score
from trivium.scoring.scorer import RuleScorer, Scorer

PROMPTS = [Prompt.of("Say yes.", origin="writer", source="test"), Prompt.of("Say no.", origin="writer", source="test")]


def test_a_rule_scores_each_reply_against_its_own_prompt() -> None:
    scorer = RuleScorer("obeys", lambda prompt, reply: float(reply in prompt.text))
    assert scorer.score(PROMPTS, ["yes", "yes"]) == [Score(name="obeys", value=1.0), Score(name="obeys", value=0.0)]


def test_a_rule_may_give_its_reason() -> None:
    scorer = RuleScorer("short", lambda prompt, reply: (-len(reply), "length"))
    assert scorer.score(PROMPTS[:1], ["four"]) == [Score(name="short", value=-4.0, reason="length")]


def test_a_rule_scorer_is_a_scorer() -> None:
    assert isinstance(RuleScorer("zero", lambda prompt, reply: 0.0), Scorer)


def test_a_reply_without_a_prompt_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        RuleScorer("zero", lambda prompt, reply: 0.0).score(PROMPTS, ["one"])
