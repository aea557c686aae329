"""Turns counts and lists of numbers into measures: a value with its n and a 95 % interval, or the reason why there is
none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from trivium.core.seed import stream
from trivium.records import Measure

CONFIDENCE = 0.95
NUM_RESAMPLES = 2_000
CHUNK_DRAWS = 4_000_000
"""Draws held in memory at once while resampling."""


def share(num_successes: int, n: int) -> Measure:
    """Return successes / n with the Wilson interval, which holds near 0 and 1 and never leaves [0, 1].

    Source: Wilson 1927; `scipy.stats.binomtest`. The n outcomes must be independent: for several outcomes per prompt
    use `clustered_share`.

    >>> measure = share(9, 10)
    >>> measure.value, round(measure.low, 3), round(measure.high, 3)
    (0.9, 0.596, 0.982)
    """
    if n == 0:
        return Measure(value=None, n=0, undefined="no outcomes")
    interval = stats.binomtest(num_successes, n).proportion_ci(confidence_level=CONFIDENCE, method="wilson")
    return Measure(value=num_successes / n, n=n, low=float(interval.low), high=float(interval.high))


def mean(values: Sequence[float], seed: int = 0) -> Measure:
    """Return the mean with the percentile bootstrap interval over the values (Efron 1979), the same for the same seed.

    One value has a mean and no interval.
    """
    array = np.asarray(values, dtype=np.float64)
    return clustered_share(array, np.ones_like(array), seed)


def paired_difference(first: Sequence[float], second: Sequence[float], seed: int = 0) -> Measure:
    """Return the mean of first − second over the same items, with its bootstrap interval over the items.

    Pairing removes what the items themselves differ in. The lengths must agree.
    """
    if len(first) != len(second):
        raise ValueError(f"wanted two values per item, found {len(first)} and {len(second)}")
    return mean((np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)).tolist(), seed)


def clustered_share(
    successes: Sequence[float] | NDArray[np.float64], totals: Sequence[float] | NDArray[np.float64], seed: int = 0
) -> Measure:
    """Return Σ successes / Σ totals with a bootstrap interval that draws whole clusters; n is the number of clusters.

    `successes[i]` of `totals[i]` outcomes belong to cluster i, say the reply pairs of one prompt: outcomes of one
    prompt go together, and an interval that treats them as independent is too narrow. Clusters without outcomes are
    left out.
    """
    parts, wholes = np.asarray(successes, dtype=np.float64), np.asarray(totals, dtype=np.float64)
    if parts.shape != wholes.shape:
        raise ValueError(f"wanted one total per cluster, found {len(parts)} successes and {len(wholes)} totals")
    if not (np.isfinite(parts).all() and np.isfinite(wholes).all()):
        raise ValueError("a value is NaN or infinite; leave it out beforehand and say why")
    kept = wholes > 0
    parts, wholes = parts[kept], wholes[kept]
    n = len(parts)
    if n == 0:
        return Measure(value=None, n=0, undefined="no values")
    value = float(parts.sum() / wholes.sum())
    if n == 1:
        return Measure(value=value, n=1)
    rng = stream(seed, "bootstrap")
    draws: list[NDArray[np.float64]] = []
    remaining = NUM_RESAMPLES
    while remaining:
        size = min(remaining, max(1, CHUNK_DRAWS // n))
        index = rng.integers(0, n, (size, n))
        draws.append(parts[index].sum(axis=1) / wholes[index].sum(axis=1))
        remaining -= size
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(np.concatenate(draws), [tail, 1 - tail])
    return Measure(value=value, n=n, low=float(low), high=float(high))


def apart(first: Measure, second: Measure) -> bool:
    """Say whether the two intervals do not touch; never where one of them is missing.

    Stricter than a test at 5 %: intervals apart differ for sure, intervals that touch may differ all the same.
    """
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return False
    return first.low > second.high or second.low > first.high
