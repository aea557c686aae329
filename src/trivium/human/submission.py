"""One person's answer on one item, in the order of the item's replies: what every statistic of quality is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from pydantic import Field, model_validator

from trivium.records import Comparison, Prompt, Record


class Submission(Record):
    """What a labeller said about an item's replies. All tuples run over the item's slots, never over the order shown.

    Ranks are kept as given (1 best, ties allowed); None where only scores or flags were asked, or the item was skipped.
    A score may be None where the axis was optional.
    """

    item: str
    person: str
    """A pseudonym."""
    replies: tuple[str, ...] = ()
    ranks: tuple[int, ...] | None = None
    scores: dict[str, tuple[float | None, ...]] = Field(default_factory=dict)
    """Axis → one number a reply, higher is better or more."""
    flags: dict[str, tuple[bool, ...]] = Field(default_factory=dict)
    """Flag → whether it was set, one a reply. A flag that was offered and not set is there as False."""
    whole: dict[str, float] = Field(default_factory=dict)
    """Axis → the mark that the item got as a whole."""
    implied: tuple[int, ...] | None = None
    """The order that the scores stand for where the rubric asks for none."""
    none_acceptable: bool = False
    guideline: str = ""
    """Version of the guideline the answer was made under."""
    at: datetime | None = None
    seconds: float | None = Field(default=None, ge=0)
    """Active time on the item."""
    shown: tuple[int, ...] = ()
    """`shown[p]` is the slot that stood at place p of the page; empty where it is not known."""
    gold_ranks: tuple[int, ...] | None = None
    """The known right order, on a gold item."""
    skipped: bool = False

    @model_validator(mode="after")
    def _one_mark_a_reply(self) -> Submission:
        num_replies = len(self.replies)
        columns: list[tuple[str, Sequence[object] | None]] = [
            ("ranks", self.ranks), ("gold_ranks", self.gold_ranks), ("implied", self.implied),
            *self.scores.items(), *self.flags.items(),
        ]  # fmt: skip
        for name, marks in columns:
            if marks is not None and len(marks) != num_replies:
                raise ValueError(f"wanted one mark a reply in `{name}`, found {len(marks)} for {num_replies} replies")
        if self.shown and sorted(self.shown) != list(range(num_replies)):
            raise ValueError(f"wanted every slot once in `shown`, found {self.shown}")
        return self

    def ordered(self) -> Submission:
        """Return the answer with the order that its scores stand for, where it was asked for none itself."""
        if self.ranks is not None or self.implied is None:
            return self
        return self.model_copy(update={"ranks": self.implied})

    @property
    def is_gold(self) -> bool:
        """Whether the right order is known."""
        return self.gold_ranks is not None


def of_comparisons(comparisons: Iterable[Comparison]) -> list[Submission]:
    """Return the submissions that comparisons stand for: the item is the prompt with its replies, slots are sorted
    texts.

    For data that came in as files, where nothing is known of times and places. A flag that anybody set was offered to
    everybody. A person's second order of the same replies belongs to a second item, as in `human.ranking.group`.
    """
    rows = list(comparisons)
    offered = sorted({flag for one in rows for marks in one.flags for flag in marks})
    times: Counter[tuple[str, str]] = Counter()
    made = []
    for one in rows:
        slots = sorted(range(len(one.replies)), key=one.replies.__getitem__)
        flags = one.flags or ((),) * len(slots)
        name = item_of(one.prompt, one.replies)
        times[name, one.ranker] += 1
        occasion = times[name, one.ranker]
        made.append(
            Submission(
                item=name if occasion == 1 else f"{name}\x1f{occasion}",
                person=one.ranker,
                replies=tuple(one.replies[slot] for slot in slots),
                ranks=tuple(one.ranks[slot] for slot in slots),
                scores={axis: tuple(marks[slot] for slot in slots) for axis, marks in one.scores.items()},
                flags={flag: tuple(flag in flags[slot] for slot in slots) for flag in offered},
                none_acceptable=one.none_acceptable,
                guideline=one.guideline or "",
            )
        )
    return made


def item_of(prompt: Prompt, replies: Sequence[str]) -> str:
    """Return a name for a prompt with these replies, whatever their order."""
    return "\x1f".join((prompt.id, *sorted(replies)))
