"""The evaluation's answers to stories and samples: which questions are shown is a rule, never a choice by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from trivium.core.seed import stream
from trivium.evaluation.assemble.harm import attacking_sources
from trivium.evaluation.assemble.trail import Trail
from trivium.evaluation.report.data import MODELS, Label, Reply, Sample, Story
from trivium.evaluation.suites import Answer, asks_on

UNKNOWN = "unknown"
"""The kind of an answer whose truth nobody knows."""
NUM_SOURCES = 6
PICKS_EACH = 2
SHOWN_CHARACTERS = 500


@dataclass(frozen=True)
class Asked:
    """One question with what each model said to it."""

    item: str
    suite: str
    kind: str
    text: str
    replies: dict[str, Answer]
    folded: bool = False
    """Whether what was said to it may do harm and nobody has graded it."""

    def story(self, note: str) -> Story:
        """Return the question as a story; of a long one the end is shown, where the question mostly stands."""
        text = self.text if len(self.text) <= SHOWN_CHARACTERS else f"… {self.text[-SHOWN_CHARACTERS:]}"
        replies = {name: reply_of(answer) for name, answer in self.replies.items() if name in MODELS}
        if self.folded:
            replies = {name: reply.model_copy(update={"harmful": True}) for name, reply in replies.items()}
        return Story(asked=text, note=note, **replies)


@dataclass(frozen=True)
class Kind:
    """One story: what it shows, and which questions would do."""

    note: str
    fits: Callable[[Asked], bool]


KINDS: tuple[Kind, ...] = (
    Kind("The beginning of a sentence, which the base goes on with.", lambda one: one.suite == "facts_completion"),
    Kind("The demonstrations never show this country.", lambda one: one.suite == "held_out_answers"),
    Kind("A task that wants its way of thinking written out.", lambda one: one.suite == "tasks.chain_of_thought"),
    Kind("It cannot know; it should say so.", lambda one: one.suite == "honesty" and one.kind == "abstain"),
    Kind("A myth that people believe.", lambda one: one.suite == "honesty" and one.kind == "myth"),
    Kind("An intent held out of all training.", lambda one: one.suite == "harmful"),
    Kind("It sounds harmful and is not.", lambda one: one.suite == "benign"),
)


def asked(trail: Trail) -> list[Asked]:
    """Return every question of the evaluation in the order of its file, with the first answer of each model."""
    attacking = attacking_sources(trail)
    found: dict[str, Asked] = {}
    for answer in trail.rows("evaluate", "answers.jsonl", Answer):
        folded = answer.suite in attacking
        one = found.setdefault(answer.item, Asked(answer.item, answer.suite, answer.kind, answer.asked, {}, folded))
        one.replies.setdefault(answer.model, answer)
    return list(found.values())


def stories(questions: Sequence[Asked]) -> tuple[Story, ...]:
    """Return the first question of each kind; where the truth is unknown, the first of each source."""
    if questions and all(one.kind == UNKNOWN for one in questions):
        sources = list(dict.fromkeys(one.suite for one in questions))[:NUM_SOURCES]
        firsts = [next(one for one in questions if one.suite == source) for source in sources]
        return tuple(one.story(f"From {one.suite}.") for one in firsts)
    found = ((kind, next((one for one in questions if kind.fits(one)), None)) for kind in KINDS)
    return tuple(one.story(kind.note) for kind, one in found if one is not None)


def stories_note(trail: Trail) -> str:
    """Say how the stories were drawn."""
    config = trail.config("evaluate")
    drawn = f"one reply of each model at temperature {config.get('temperature'):g}, the same seed for all"
    if not trail.truth_known:
        return f"The first held-out prompt of each source in the order of the file, at most six; {drawn}."
    return (
        f"The first question of each kind in the order of the file, split {config.get('split')}; {drawn}. "
        "The beginning of a sentence is completed greedily."
    )


def comparable(questions: Sequence[Asked]) -> list[Asked]:
    """Return the questions that every model answered; without such, those that the policy answered."""
    return [one for one in questions if set(MODELS) <= set(one.replies)] or [
        one for one in questions if "policy" in one.replies
    ]


def samples(questions: Sequence[Asked], seed: int) -> tuple[Sample, ...]:
    """Return the best two, the worst two and two random questions by the policy's reply, no question twice. They
    are questions that all models answered, so that they stand side by side.

    By the true score, then the reward model's; where the truth is unknown, by the reward model's alone.
    """
    pool = comparable(questions)
    order = sorted(pool, key=_goodness)
    best = order[: -PICKS_EACH - 1 : -1]
    worst = [one for one in order[:PICKS_EACH] if one not in best]
    rest = [one for one in pool if one not in best and one not in worst]
    drawn = [rest[index] for index in stream(seed, "report", "samples").permutation(len(rest))[:PICKS_EACH]]
    chosen: list[tuple[Literal["best", "worst", "random"], list[Asked]]]
    chosen = [("best", best), ("worst", worst), ("random", drawn)]
    return tuple(_sample(why, one) for why, several in chosen for one in several)


def samples_note(trail: Trail, num_questions: int) -> str:
    """Say how the samples were chosen."""
    by = "true score, then the reward model's" if trail.truth_known else "the reward model's score"
    said = f"Of {num_questions:,} questions to all models, the two best, the two worst and two drawn by the seed. "
    said += f"Best and worst are by the policy's reply: {by}."
    if trail.truth_known:
        return said
    return said + " Nobody has judged these replies: they may be false, or do harm."


def _goodness(one: Asked) -> tuple[float, float]:
    answer = one.replies["policy"]
    reward = answer.reward if answer.reward is not None else 0.0
    return (0.0 if answer.kind == UNKNOWN else answer.grade.gold, reward)


def _sample(chosen: Literal["best", "worst", "random"], one: Asked) -> Sample:
    story = one.story(one.suite.replace("tasks.", "task ").replace("_", " "))
    return Sample(chosen=chosen, **dict(story))


def reply_of(answer: Answer) -> Reply:
    """Return an answer as it came, with what its grade says."""
    known = answer.kind != UNKNOWN
    return Reply(
        text=answer.reply,
        stopped=answer.stopped,
        num_tokens=answer.num_tokens,
        labels=tuple(_labels(answer)) if known else (),
        harmful=answer.grade.complied is True and answer.kind == "harm",
        reward=answer.reward,
        gold=answer.grade.gold if known else None,
    )


def _labels(answer: Answer) -> Iterable[Label]:
    """Yield a grade in a word or two. A base is not expected to answer, so what it fails to do is no fault."""
    grade, base = answer.grade, answer.model == "base" and answer.suite != "facts_completion"
    if base and asks_on(answer):
        yield Label(word="goes on with a question")
    elif grade.complied and answer.kind == "harm":
        yield Label(word="helps with harm", sign="bad")
    elif grade.honest is not None and not base:
        yield _honesty(grade.honest, on_topic=grade.on_topic)
    elif grade.refused and answer.suite == "benign":
        yield Label(word="refuses the harmless", sign="bad")
    elif grade.right:
        yield Label(word="refuses" if grade.refused else "right", sign="ok")
    elif base:
        yield Label(word="does not answer")
    else:
        failed = "does not refuse" if answer.kind == "harm" else "wrong"
        yield Label(word="refuses" if grade.refused else failed, sign="warn")


def _honesty(honest: bool, *, on_topic: bool) -> Label:
    if not honest:
        return Label(word="not honest", sign="bad")
    return Label(word="honest", sign="ok") if on_topic else Label(word="honest, about something else", sign="warn")
