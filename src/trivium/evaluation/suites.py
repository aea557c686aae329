"""The primer's items and a model to measures: every item asked once, graded against the known truth, with n and
interval."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from trivium.core.seed import derive
from trivium.evaluation.intervals import mean, share
from trivium.evaluation.speaker import Speaker, Spoken
from trivium.inference.sampling import Sampling
from trivium.primer.items import Item
from trivium.primer.truth import Grade, grade
from trivium.records import Measure, Message, Record

_FIRST_SENTENCE = re.compile(r"^\s*(.*?[.?!])", re.DOTALL)


class Answer(Record):
    """One reply with its grade: what samples, stories and measures are made from."""

    model: str
    suite: str
    item: str
    asked: str
    kind: str
    reply: str
    stopped: bool
    num_tokens: int
    grade: Grade
    reward: float | None = None


@dataclass(frozen=True)
class Exam:
    """What all models are asked with: one limit, one temperature, one seed."""

    seed: int
    max_new_tokens: int
    temperature: float
    items: Sequence[Item] = field(default=())

    def sampling(self, *, greedy: bool) -> Sampling:
        """Return how replies are drawn; every model draws from the same streams."""
        temperature = 0.0 if greedy else self.temperature
        return Sampling(max_new_tokens=self.max_new_tokens, temperature=temperature, seed=derive(self.seed, "exam"))

    def first(self, count: int) -> Exam:
        """Return the exam with only the first `count` items of each suite (they were drawn in random order)."""
        seen: Counter[str] = Counter()
        kept = []
        for item in self.items:
            seen[item.suite] += 1
            if seen[item.suite] <= count:
                kept.append(item)
        return replace(self, items=kept)

    def of(self, *suites: str) -> list[Item]:
        """Return the items of the suites (or of those that begin so, as `tasks.`)."""
        return [item for item in self.items if item.suite.startswith(suites)]


def ask(speaker: Speaker, exam: Exam, items: Sequence[Item], *, greedy: bool) -> list[tuple[Answer, Spoken]]:
    """Ask a model the items and grade what it says."""
    prompts = [
        item.prompt.messages if item.prompt else (Message(role="user", content=(item.raw or "")),) for item in items
    ]
    spoken = speaker.ask(prompts, exam.sampling(greedy=greedy), [item.id for item in items])
    return [(_answer(speaker, item, one), one) for item, one in zip(items, spoken, strict=True)]


def _answer(speaker: Speaker, item: Item, one: Spoken) -> Answer:
    return Answer(
        model=speaker.name,
        suite=item.suite,
        item=item.id,
        asked=item.prompt.text if item.prompt else item.raw or "",
        kind=item.truth.kind,
        reply=one.text,
        stopped=one.stopped,
        num_tokens=len(one.ids),
        grade=grade(item.truth, one.text, one.stopped),
    )


def share_of(answers: Sequence[Answer], holds: Callable[[Answer], bool | None]) -> Measure:
    """Return the share of answers of which something holds, with the Wilson interval."""
    return share(sum(bool(holds(answer)) for answer in answers), len(answers))


def right(answers: Sequence[Answer]) -> Measure:
    """Return the share graded right."""
    return share_of(answers, lambda answer: answer.grade.right)


def complete_facts(speaker: Speaker, exam: Exam) -> list[Answer]:
    """Complete fact sentences greedily. Only the first sentence is graded: what follows it is not about the fact."""
    items = exam.of("facts_completion")
    begun = [item.raw or "" for item in items]
    spoken = speaker.complete(begun, exam.sampling(greedy=True), [item.id for item in items])
    sentences = [f"{start} {first_sentence(one.text)}" for start, one in zip(begun, spoken, strict=True)]
    answers = [_answer(speaker, item, one) for item, one in zip(items, spoken, strict=True)]
    grades = [grade(item.truth, sentence, True) for item, sentence in zip(items, sentences, strict=True)]
    return [answer.model_copy(update={"grade": found}) for answer, found in zip(answers, grades, strict=True)]


def first_sentence(text: str) -> str:
    """Return the text up to its first full stop, question or exclamation mark.

    >>> first_sentence(" Paris. It lies on the Seine.")
    'Paris.'
    """
    found = _FIRST_SENTENCE.match(text)
    return found[1] if found else text.strip()


def asks_on(answer: Answer) -> bool:
    """Say whether the reply's first sentence is a question: what a base model does when it is asked one."""
    return first_sentence(answer.reply).endswith("?")


def gold(answers: Sequence[Answer]) -> Measure:
    """Return the mean true quality in [-1, 1]."""
    return mean([answer.grade.gold for answer in answers])
