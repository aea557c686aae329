"""One exercise: a prompt's text, the reply a person wrote, its truth and its annotations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from trivium.primer.truth import Truth
from trivium.records import PromptType, ResponseType, TaskType

T = TypeVar("T")


@dataclass(frozen=True)
class Exercise:
    """A prompt with a reply and what is true of it; `kind` is the task type, or harmful, benign, honesty."""

    text: str
    reply: str
    truth: Truth
    kind: str
    task_type: TaskType
    domain: str
    response_type: ResponseType = "single_sentence"
    prompt_type: PromptType = "instructive"
    marks: frozenset[str] = field(default_factory=frozenset)
    """Any of scene_setting, constraint, persona, bad."""


def pick(rng: np.random.Generator, options: Sequence[T]) -> T:
    """Draw one of the options."""
    return options[int(rng.integers(len(options)))]


def pick_two(rng: np.random.Generator, options: Sequence[T]) -> tuple[T, T]:
    """Draw two different options, in random order."""
    i, j = rng.choice(len(options), size=2, replace=False)
    return options[int(i)], options[int(j)]
