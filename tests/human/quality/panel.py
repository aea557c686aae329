"""Simulated people whose noise, biases and guideline are known, as submissions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from trivium.human.submission import Submission

START = datetime(2026, 11, 2, 9, tzinfo=UTC)


def submission(item: str, person: str, ranks: Sequence[int] | None, **fields: Any) -> Submission:
    """One answer over replies named by their slots."""
    replies = tuple(f"reply {slot} of {item}" for slot in range(len(ranks or ())))
    return Submission(item=item, person=person, replies=replies, ranks=tuple(ranks) if ranks else None, **fields)


def panel(
    noises: Sequence[float], num_items: int, *, num_replies: int = 4, favours_first: float = 0.0, seed: int = 0
) -> list[Submission]:
    """Each person orders each item by quality (normal, deviation 1) + noise·normal + favours_first if shown first."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(num_items):
        quality = rng.normal(size=num_replies)
        for person, noise in enumerate(noises):
            shown = rng.permutation(num_replies)
            felt = quality + noise * rng.normal(size=num_replies)
            felt[shown[0]] += favours_first
            ranks = (-felt).argsort().argsort() + 1
            rows.append(
                submission(
                    f"i{number}",
                    f"p{person}",
                    ranks.tolist(),
                    shown=tuple(shown.tolist()),
                    at=START + timedelta(days=number % 14),
                    guideline=str(9 + number % 2),
                    seconds=60.0,
                )
            )
    return rows
