"""Two milestones' item hashes to what was kept, added, reworked and withdrawn between them."""

from __future__ import annotations

from collections.abc import Mapping

from trivium.records import Record


class Difference(Record):
    """Item ids, sorted. `withdrawn` were in the earlier milestone and are no longer: erased, rejected or taken back."""

    kept: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    reworked: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()

    @property
    def num_changes(self) -> int:
        """Items that are not as they were."""
        return len(self.added) + len(self.reworked) + len(self.withdrawn)


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> Difference:
    """Compare item → hash of two milestones.

    >>> difference({"a": "1", "b": "1", "c": "1"}, {"b": "1", "c": "2", "d": "1"})
    Difference(kept=('b',), added=('d',), reworked=('c',), withdrawn=('a',))
    """
    both = sorted(before.keys() & after.keys())
    return Difference(
        kept=tuple(item for item in both if before[item] == after[item]),
        added=tuple(sorted(after.keys() - before.keys())),
        reworked=tuple(item for item in both if before[item] != after[item]),
        withdrawn=tuple(sorted(before.keys() - after.keys())),
    )
