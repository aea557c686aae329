"""Prompts to K sampled replies each: some drawn plainly, some hot, as people are given them to rank."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

from pydantic import Field

from trivium.core.config import Config
from trivium.inference.engine import Engine, Generated
from trivium.inference.sampling import Sampling


class Drawing(Config):
    """How the replies of one comparison are drawn."""

    temperatures: tuple[float, ...] = (1.0, 1.0, 1.6, 1.6)
    """One reply is sampled at each; with the stray replies they are K, at least 4."""
    hot_top_k: int = Field(default=8, gt=0)
    """Above temperature 1 replies are drawn from so many most likely tokens: so they go wrong in what they say, and not
    in how it is spelt."""
    strays: tuple[Annotated[int, Field(ge=1)], ...] = (12,)
    """For each entry one more reply, which was sampled for one of that many prompts most like this one. A model's own
    samples hardly ever show an off-topic reply or a misplaced refusal, and a reward model can only judge what it was
    shown. The nearest prompts bring the hardest mistakes; where they only say the same thing in other words, those
    farther off bring replies about something else."""
    max_new_tokens: int = Field(default=48, gt=0)


def draw(
    engine: Engine,
    drawing: Drawing,
    prompts: tuple[Sequence[Sequence[int]], Sequence[str]],
    stop_id: int,
    seed_of: Callable[[float], int],
    done: Callable[[int], None] = lambda count: None,
) -> list[list[Generated]]:
    """Return one reply a temperature for each prompt, in the order of the temperatures' first occurrence.

    `prompts` are (token ids, keys); `seed_of` gives each temperature its own stream; `done` is told how many replies
    were added.
    """
    ids, keys = prompts
    replies: list[list[Generated]] = [[] for _ in ids]
    for temperature in dict.fromkeys(drawing.temperatures):
        count = drawing.temperatures.count(temperature)
        sampling = Sampling(
            max_new_tokens=drawing.max_new_tokens,
            temperature=temperature,
            top_k=drawing.hot_top_k if temperature > 1 else 0,
            seed=seed_of(temperature),
            stop_ids=(stop_id,),
        )
        for row, drawn in zip(replies, engine.generate(ids, sampling, n=count, keys=keys), strict=True):
            row.extend(drawn)
        done(count * len(ids))
    return replies
