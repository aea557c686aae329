"""Two sides to a comparison: short rounds in turn, so that a machine that slows down slows both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Measured:
    """One side's round: real tokens done, the seconds it took, the operations of matrix products it needed for them."""

    tokens: int
    seconds: float
    gflop: float

    @property
    def rate(self) -> float:
        """Real tokens a second."""
        return self.tokens / self.seconds


@dataclass
class Comparison:
    """All rounds of one kind of work, and what the ratio of rates must reach."""

    name: str
    bar: float
    ours: list[Measured] = field(default_factory=list)
    peer: list[Measured] = field(default_factory=list)
    agreement: str = ""
    """How far the two sides' results were the same."""

    @property
    def ratios(self) -> list[float]:
        """Our rate over the peer's, round by round."""
        return [mine.rate / theirs.rate for mine, theirs in zip(self.ours, self.peer, strict=True)]

    def run(self, rounds: int, ours: Callable[[int], Measured], peer: Callable[[int], Measured]) -> None:
        """Take the rounds; who begins changes each time."""
        for index in range(rounds):
            if index % 2:
                self.peer.append(peer(index))
                self.ours.append(ours(index))
            else:
                self.ours.append(ours(index))
                self.peer.append(peer(index))

    def summary(self, peak: float) -> dict[str, Any]:
        """Return medians, the ratio with its extremes, and the share of the peak, for the table and the JSON file."""
        sides = {}
        for name, rounds in (("ours", self.ours), ("peer", self.peer)):
            rate = median(one.rate for one in rounds)
            share = median(one.gflop / one.seconds for one in rounds) / peak
            sides[name] = {"tokens_per_second": rate, "peak_share": share, "rounds": [asdict(one) for one in rounds]}
        ratio = {"value": median(self.ratios), "n": len(self.ratios), "low": min(self.ratios), "high": max(self.ratios)}
        met = ratio["value"] >= self.bar
        return {"name": self.name, "bar": self.bar, "met": met, "ratio": ratio, "agreement": self.agreement, **sides}
