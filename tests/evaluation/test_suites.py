"""Holds the exam to its items: who is asked what, and how replies become shares."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from trivium.evaluation.speaker import Speaker, Spoken
from trivium.evaluation.suites import (
    Answer,
    Exam,
    ask,
    asks_on,
    complete_facts,
    first_sentence,
    gold,
    right,
    share_of,
)
from trivium.inference.sampling import Sampling
from trivium.primer.items import Item
from trivium.primer.truth import Truth
from trivium.records import Conversation, Prompt

PARIS = Truth(kind="fact", answers=("paris",), relation="capital", subject="france")


class Parrot(Speaker):
    """A speaker without a model: it says what it was told to, and remembers what it was asked."""

    def __init__(self, *texts: str) -> None:
        self.name = "parrot"
        self.texts = texts
        self.asked: list[str] = []
        self.samplings: list[Sampling] = []

    def ask(self, prompts: Sequence[Conversation], sampling: Sampling, keys: Sequence[str]) -> list[Spoken]:
        return self.complete([turns[-1].content for turns in prompts], sampling, keys)

    def complete(self, texts: Sequence[str], sampling: Sampling, keys: Sequence[str]) -> list[Spoken]:
        self.asked += texts
        self.samplings.append(sampling)
        said = [self.texts[place % len(self.texts)] for place in range(len(texts))]
        return [Spoken(text, (1,), tuple(range(len(text.split()))), True) for text in said]


def item(name: str, suite: str, raw: str | None = None) -> Item:
    prompt = None if raw else Prompt.of(f"What about {name}?", origin="primer", source="primer")
    return Item(id=name, suite=suite, split="dev", prompt=prompt, raw=raw, truth=PARIS)


def exam(*items: Item) -> Exam:
    return Exam(seed=3, max_new_tokens=8, temperature=0.9, items=items)


def test_suites_are_found_by_name_and_by_the_beginning_of_it() -> None:
    paper = exam(item("a", "tasks.rewriting"), item("b", "tasks.extraction"), item("c", "harmful"))
    assert [one.id for one in paper.of("tasks.")] == ["a", "b"]
    assert [one.id for one in paper.of("harmful", "tasks.rewriting")] == ["a", "c"]


def test_the_first_of_each_suite_are_kept_in_their_order() -> None:
    paper = exam(item("a", "x"), item("b", "y"), item("c", "x"), item("d", "x"))
    assert [one.id for one in paper.first(2).items] == ["a", "b", "c"]


def test_greedy_and_sampled_asking_share_a_seed() -> None:
    paper = exam()
    assert paper.sampling(greedy=True).temperature == 0
    assert paper.sampling(greedy=False).temperature == 0.9
    assert paper.sampling(greedy=True).seed == paper.sampling(greedy=False).seed


def test_replies_are_graded_in_the_order_of_the_items() -> None:
    parrot = Parrot("The capital of France is Paris.", "The capital of France is Rome.")
    items = [item("a", "held_out_answers"), item("b", "held_out_answers")]
    answers = [answer for answer, _ in ask(parrot, exam(*items), items, greedy=True)]
    assert [(one.item, one.model, one.grade.right) for one in answers] == [("a", "parrot", True), ("b", "parrot", False)]
    assert parrot.asked == ["What about a?", "What about b?"]
    assert answers[0].num_tokens == 6
    measure = right(answers)
    assert (measure.value, measure.n) == (0.5, 2)
    assert gold(answers).value == pytest.approx(sum(one.grade.gold for one in answers) / 2)


def test_a_completion_is_graded_by_its_first_sentence_with_the_beginning_it_was_given() -> None:
    parrot = Parrot(" Paris. The capital of Spain is Madrid. And", " Rome. The capital of France is Paris.")
    items = [item("a", "facts_completion", "The capital of France is"), item("b", "facts_completion", "The capital of France is")]
    answers = complete_facts(parrot, exam(*items, item("c", "harmful")))
    assert [(one.grade.right, one.reply) for one in answers] == [(True, parrot.texts[0]), (False, parrot.texts[1])]
    assert parrot.samplings[0].temperature == 0
    assert answers[0].asked == "The capital of France is"


def test_a_first_sentence_ends_at_the_first_mark() -> None:
    assert first_sentence(" What is it?\nIt is.") == "What is it?"
    assert first_sentence("no mark at all") == "no mark at all"
    assert first_sentence("") == ""


def test_going_on_with_a_question_is_seen_in_the_first_sentence() -> None:
    items = [item(str(place), "questions", "Where?") for place in range(3)]
    parrot = Parrot("Who is it? Nobody.", "It is here. Is it?", "")
    answers: list[Answer] = [answer for answer, _ in ask(parrot, exam(*items), items, greedy=False)]
    assert [asks_on(one) for one in answers] == [True, False, False]
    assert share_of(answers, asks_on).value == pytest.approx(1 / 3)


def test_a_mark_that_does_not_apply_counts_as_not_holding() -> None:
    items = [item("a", "harmful")]
    answers = [answer for answer, _ in ask(Parrot("Paris."), exam(*items), items, greedy=False)]
    assert answers[0].grade.complied is None
    assert share_of(answers, lambda one: one.grade.complied).value == 0.0
    assert right([]).value is None
