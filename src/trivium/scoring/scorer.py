"""States what a scorer is: prompts and replies in, one number with name and reason each out, higher is better."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from trivium.records import Prompt, Score


@runtime_checkable
class Scorer(Protocol):
    """The one joint that a rule, a reward model, a classifier, a judge and a person all fit.

    The same object serves as reward, best-of-n, metric, red-team verdict and guard.
    """

    name: str

    def score(self, prompts: Sequence[Prompt], replies: Sequence[str]) -> list[Score]:
        """Return one score per reply, in order; `prompts[i]` is what `replies[i]` answers, higher is better."""
        ...


class RuleScorer:
    """A scorer from a function of one prompt and one reply.

    >>> from trivium.records import Prompt
    >>> short = RuleScorer("short", lambda prompt, reply: (-len(reply), f"{len(reply)} characters"))
    >>> short.score([Prompt.of("Hello?", origin="writer", source="doctest")], ["Hi"])
    [Score(name='short', value=-2.0, reason='2 characters')]
    """

    def __init__(self, name: str, rule: Callable[[Prompt, str], float | tuple[float, str]]) -> None:
        """Keep a name and a rule that returns a number, or a number and its reason."""
        self.name = name
        self.rule = rule

    def score(self, prompts: Sequence[Prompt], replies: Sequence[str]) -> list[Score]:
        """Return the rule's score of every reply to its prompt."""
        scores = []
        for prompt, reply in zip(prompts, replies, strict=True):
            answer = self.rule(prompt, reply)
            value, reason = answer if isinstance(answer, tuple) else (answer, "")
            scores.append(Score(name=self.name, value=float(value), reason=reason))
        return scores
