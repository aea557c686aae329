"""What each source has, and how much of it is wanted, to the documents taken: how often, and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from trivium.core.config import Config
from trivium.core.errors import InputError
from trivium.core.recipe import nearest
from trivium.core.seed import stream


class MixSettings(Config):
    """What a mix is made of. Sizes are in tokens for token shards, in bytes of text for a tokenizer."""

    weights: dict[str, float] = Field(default_factory=dict)
    """Share of each source in the mix, in any unit; 0 leaves a source out. Without weights each has its natural share.
    """
    max_epochs: float = Field(default=4.0, gt=0)
    """No source is gone through more often: repeated data is worth about as much as new up to four times (Muennighoff
    et al. 2023, arXiv:2305.16264, section 5)."""
    max_epochs_of: dict[str, float] = Field(default_factory=dict)
    """The same for single sources."""
    budget: int | None = Field(default=None, gt=0)
    """Size of the mix; without one it is as large as the weights and epochs allow, and at most each source once where
    there are no weights."""


@dataclass(frozen=True)
class Planned:
    """What is taken of one source: its share as asked for, the size, and how often it is gone through."""

    source: str
    available: int
    share: float
    size: int
    epochs: float
    capped: bool
    """Whether `max_epochs` gives less than the share asked for."""


def plan_mix(available: Mapping[str, int], settings: MixSettings) -> list[Planned]:
    """Share the budget out by weight; what a source cannot give within its epochs goes to those that can, by weight.

    >>> plan = plan_mix({"a": 100, "b": 900}, MixSettings(weights={"a": 1, "b": 1}, max_epochs=2, budget=800))
    >>> [(each.size, each.epochs, each.capped) for each in plan]
    [(200, 2.0, True), (600, 0.6666666666666666, False)]
    """
    shares = _shares(available, settings)
    most = {
        name: available[name] * (settings.max_epochs_of.get(name, settings.max_epochs) if settings.weights else 1.0)
        for name in available
    }
    wanted = [name for name in available if shares[name] > 0]
    budget = float(settings.budget) if settings.budget else min(most[name] / shares[name] for name in wanted)
    sizes = _poured(budget, {name: shares[name] for name in wanted}, most)
    return [
        Planned(
            name,
            available[name],
            shares[name],
            round(sizes.get(name, 0.0)),
            round(sizes.get(name, 0.0)) / available[name] if available[name] else 0.0,
            sizes.get(name, 0.0) < shares[name] * budget - 1,
        )
        for name in available
    ]


def _poured(budget: float, shares: Mapping[str, float], most: Mapping[str, float]) -> dict[str, float]:
    """Fill vessels of these sizes in proportion to the shares, until the budget or all vessels are full."""
    sizes = dict.fromkeys(shares, 0.0)
    open_ones, left = dict(shares), budget
    while open_ones and left > 1e-9:
        total = sum(open_ones.values())
        rise = min(left / total, *((most[name] - sizes[name]) / share for name, share in open_ones.items()))
        for name, share in open_ones.items():
            sizes[name] += rise * share
        left -= rise * total
        open_ones = {name: share for name, share in open_ones.items() if sizes[name] < most[name] * (1 - 1e-12)}
    return sizes


def _shares(available: Mapping[str, int], settings: MixSettings) -> dict[str, float]:
    if not settings.weights:
        weights = {name: float(size) for name, size in available.items()}
    else:
        weights = settings.weights
        for name in (*weights, *settings.max_epochs_of):
            if name not in available:
                known = ", ".join(available)
                raise InputError(f"no source `{name}`{nearest(name, available)}", where="mix", do=f"sources: {known}")
        missing = [name for name in available if name not in weights]
        if missing:
            do = "give every source a weight; 0 leaves it out"
            raise InputError(f"`{missing[0]}` has no weight, others have", where="mix.weights", do=do)
    total = sum(weights.values())
    if min(weights.values()) < 0 or total <= 0:
        raise InputError("weights must be 0 or more, and one above 0", where="mix.weights", do="change them")
    return {name: weights[name] / total for name in available}


def choose(
    sizes: NDArray[np.int64], sources: NDArray[np.int64], plan: Sequence[Planned], seed: int
) -> NDArray[np.int64]:
    """Return the documents of the mix in a seeded order, a document as often as it is gone through.

    `sources[i]` is the place in the plan of document i's source. Of the last, unfinished round through a source those
    are taken that come first by chance, as long as the source's size is not passed.
    """
    taken = []
    for number, each in enumerate(plan):
        documents = np.flatnonzero(sources == number)
        left = each.size
        for epoch in range(int(np.ceil(each.epochs)) if len(documents) else 0):
            shuffled = stream(seed, "mix", each.source, epoch).permutation(documents)
            upto = np.cumsum(sizes[shuffled])
            some = shuffled[: int(np.searchsorted(upto, left, side="right"))]
            taken.append(some)
            left -= int(sizes[some].sum())
    chosen = np.concatenate(taken) if taken else np.empty(0, np.int64)
    return stream(seed, "mix", "order").permutation(chosen)
