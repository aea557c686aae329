"""Submissions to whether the place on the page matters: how often the reply shown in each place was ranked first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from scipy import stats

from trivium.human.submission import Submission
from trivium.records import Measure, Record

MIN_EXPECTED = 5.0


class PositionBias(Record):
    """Share of first ranks by place, and the test of whether they differ by more than chance."""

    num_places: int
    first_share: tuple[Measure, ...] = ()
    """One a place, in the order shown; 1 / K each where the place does not matter."""
    chi_square: float | None = None
    p_value: float | None = None
    n: int
    """Orders with a single best reply whose places are known."""
    undefined: str | None = None

    @property
    def matters(self) -> bool:
        """Whether chance alone is unlikely to have done it (p < 0.01)."""
        return self.p_value is not None and self.p_value < 0.01


def position_bias(submissions: Sequence[Submission]) -> PositionBias:
    """Test the places of the best replies against equal shares (Pearson's χ²), among items of the commonest K.

    Places are shuffled for each person, so quality cannot tilt them. An order without a single best is left out.
    """
    known = [one for one in submissions if one.ranks is not None and one.shown and not one.skipped]
    if not known:
        return PositionBias(num_places=0, n=0, undefined="nothing is known of the order in which replies were shown")
    num_places = Counter(len(one.replies) for one in known).most_common(1)[0][0]
    firsts = [0] * num_places
    for one in known:
        ranks = one.ranks or ()
        if len(ranks) == num_places and ranks.count(min(ranks)) == 1:
            firsts[one.shown.index(ranks.index(min(ranks)))] += 1
    n = sum(firsts)
    if n < MIN_EXPECTED * num_places:
        reason = f"too few orders with a single best reply: {n}, wanted {MIN_EXPECTED * num_places:.0f}"
        return PositionBias(num_places=num_places, n=n, undefined=reason)
    test = stats.chisquare(firsts)
    return PositionBias(
        num_places=num_places,
        first_share=tuple(_share(count, n) for count in firsts),
        chi_square=float(test.statistic),
        p_value=float(test.pvalue),
        n=n,
    )


def _share(count: int, n: int) -> Measure:
    interval = stats.binomtest(count, n).proportion_ci(method="wilson")
    return Measure(value=count / n, n=n, low=float(interval.low), high=float(interval.high))
