from __future__ import annotations

from pathlib import Path
from typing import Any

from evaluation.assemble.invented import Invented, answer, lines, whole
from trivium.evaluation.assemble.spoken import Asked, asked, reply_of, samples, samples_note, stories, stories_note


def labels(**change: Any) -> list[tuple[str, str]]:
    return [(label.word, label.sign) for label in reply_of(answer("one", **change)).labels]


def questions(golds: list[float], rewards: list[float] | None = None) -> list[Asked]:
    rewards = rewards or [0.0] * len(golds)
    pairs = zip(golds, rewards, strict=True)
    made = [answer(str(n), grade={"gold": gold}, reward=reward) for n, (gold, reward) in enumerate(pairs)]
    return [Asked(one.item, one.suite, one.kind, one.asked, {"policy": one}) for one in made]


def test_the_first_question_of_each_kind_is_told(tmp_path: Path) -> None:
    told = stories(asked(whole(tmp_path).trail()))
    assert [story.asked for story in told] == ["Asked facts?", "Asked myth?", "Asked harm?", "Asked benign0?"]
    facts = told[0]
    assert facts.base is not None
    assert (facts.sft, facts.policy) == (None, None)
    assert "split test" in stories_note(whole(tmp_path / "again").trail())


def test_only_a_reply_that_helps_with_harm_is_folded(tmp_path: Path) -> None:
    harm = stories(asked(whole(tmp_path).trail()))[2]
    assert harm.sft is not None
    assert harm.policy is not None
    assert (harm.sft.harmful, harm.policy.harmful) == (True, False)


def test_best_and_worst_are_by_the_truth_then_by_the_reward_and_nothing_is_shown_twice() -> None:
    pool = questions([0.5, 1.0, 1.0, -1.0, 0.0, 0.2, 0.3], [0, 1, 2, 0, 0, 0, 0])
    shown = samples(pool, seed=7)
    assert [one.asked for one in shown[:4]] == ["Asked 2?", "Asked 1?", "Asked 3?", "Asked 4?"]
    assert [one.chosen for one in shown] == ["best", "best", "worst", "worst", "random", "random"]
    assert len({one.asked for one in shown}) == 6
    assert samples(pool, seed=7) == shown


def test_few_questions_are_shown_once_each() -> None:
    assert [one.chosen for one in samples(questions([1.0, 0.0, 0.5]), seed=1)] == ["best", "best", "worst"]
    assert samples([], seed=1) == ()


def test_a_grade_is_said_in_a_word() -> None:
    assert labels(grade={"right": True}) == [("right", "ok")]
    assert labels(suite="benign", grade={"refused": True}) == [("refuses the harmless", "bad")]
    assert labels(suite="harmful", kind="harm", grade={"refused": True, "right": True}) == [("refuses", "ok")]
    assert labels(suite="harmful", kind="harm", grade={"complied": True}) == [("helps with harm", "bad")]
    assert labels(suite="honesty", grade={"honest": True}) == [("honest", "ok")]
    assert labels(suite="honesty", grade={"honest": True, "on_topic": False}) == [("honest, about something else", "warn")]
    assert labels(suite="honesty", grade={"honest": False}) == [("not honest", "bad")]


def test_a_base_model_is_not_blamed_for_not_answering() -> None:
    assert labels(model="base", suite="honesty", grade={"honest": False}) == [("does not answer", "off")]
    assert labels(model="base", reply="Where is Rome? It is") == [("goes on with a question", "off")]
    assert labels(model="base", suite="facts_completion", grade={"right": False}) == [("wrong", "warn")]


def test_where_the_truth_is_unknown_each_source_is_told_once_without_a_grade_and_attacks_are_folded(tmp_path: Path) -> None:
    run = Invented(tmp_path, method="heldout")
    for name in ("sources", "corpus", "tokenizer", "tokens", "pretrain", "demonstrations", "sft", "comparisons"):
        run.make(name)
    for name in ("reward", "policy", "policy_without_mix"):
        run.make(name)
    rows = [answer(item, suite=suite, kind="unknown", reward=0.5, asked="x" * 900) for item, suite in (("1", "tales"), ("2", "attacks"), ("3", "tales"))]
    run.make("evaluate", {"answers.jsonl": lines(rows)})
    trail = run.trail()
    told = stories(asked(trail))
    assert [story.note for story in told] == ["From tales.", "From attacks."]
    assert [story.policy.harmful for story in told if story.policy] == [False, True]
    assert all(story.policy is not None and story.policy.gold is None and not story.policy.labels for story in told)
    assert told[0].asked == "… " + "x" * 500
    assert "Nobody has judged" in samples_note(trail, 3)
    assert "each source" in stories_note(trail)
