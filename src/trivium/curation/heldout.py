"""A document's name to its side: training or held out, by hash, so that the side never depends on what else is
there."""

from __future__ import annotations

from trivium.records import content_id


def split_heldout(name: str, share: float) -> bool:
    """Return whether what bears the name (a document's id, or its group) is held out.

    About `share` of all names in [0, 1] are, and a larger share keeps those of a smaller.

    >>> split_heldout("a", 0.0), split_heldout("a", 1.0)
    (False, True)
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"wanted a share in [0, 1], found {share}")
    return int(content_id("held out", name)[:16], 16) < share * 2**64
