"""Several people's orders over one prompt's replies to a strength for each reply, by Bradley–Terry or Plackett–Luce.

Both say that the better one is chosen with chance exp(s_i) / Σ exp(s_j). Bradley–Terry looks at every pair by itself;
Plackett–Luce takes an order as choices one after the other, each from what is left. Strengths are natural logarithms of
odds, sum to zero, and are higher for better replies.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

PRIOR = 0.05
"""Strength of a normal prior around 0 (−PRIOR/2 · Σ s²): without it a reply that never loses would be infinitely
strong.
"""

Ranks = NDArray[np.float64]
Choice = tuple[int, tuple[int, ...], float]
"""(chosen, from which, weight)."""


def strengths(
    method: Literal["bradley_terry", "plackett_luce"], ranks: Ranks, prior: float = PRIOR
) -> NDArray[np.float64]:
    """Return the strength of each reply; `ranks` is people × replies, 1 best, ties allowed.

    The maximum of the log-likelihood plus the prior, which is concave, so there is one. Bradley and Terry 1952;
    Plackett 1975. A tie counts as half a win each way in Bradley–Terry; in Plackett–Luce each of the tied is chosen
    from those behind them, and nothing is said between them.
    """
    choices = _pair_choices(ranks) if method == "bradley_terry" else _stage_choices(ranks)
    num_replies = ranks.shape[1]
    if not choices:
        return np.zeros(num_replies)
    members = np.zeros((len(choices), num_replies), dtype=bool)
    for place, (_, among, _) in enumerate(choices):
        members[place, list(among)] = True
    chosen = np.asarray([one for one, _, _ in choices])
    weights = np.asarray([weight for _, _, weight in choices])

    def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = np.where(members, values, -np.inf)
        log_total = special.logsumexp(logits, axis=1)
        share = np.exp(logits - log_total[:, None])
        gradient = (weights[:, None] * share).sum(axis=0) - np.bincount(chosen, weights, minlength=num_replies)
        value = float((weights * (log_total - values[chosen])).sum() + prior / 2 * (values**2).sum())
        return value, gradient + prior * values

    found = optimize.minimize(
        loss, np.zeros(num_replies), jac=True, method="L-BFGS-B", options={"gtol": 1e-10, "ftol": 1e-15}
    )
    values = np.asarray(found.x, dtype=np.float64)
    centred: NDArray[np.float64] = values - values.mean()
    return centred


def _pair_choices(ranks: Ranks) -> list[Choice]:
    choices: list[Choice] = []
    for a in range(ranks.shape[1]):
        for b in range(a):
            ties = float((ranks[:, a] == ranks[:, b]).sum())
            for one, other in ((a, b), (b, a)):
                wins = float((ranks[:, one] < ranks[:, other]).sum()) + ties / 2
                if wins:
                    choices.append((one, (a, b), wins))
    return choices


def _stage_choices(ranks: Ranks) -> list[Choice]:
    choices: list[Choice] = []
    for row in ranks:
        for one in range(len(row)):
            behind = tuple(int(other) for other in np.flatnonzero(row > row[one]))
            if behind:
                choices.append((one, (one, *behind), 1.0))
    return choices
