"""Turns every wish to go back to older tables into one clear no."""

from __future__ import annotations

from typing import NoReturn

from trivium.core.errors import RefusedError


def refuse() -> NoReturn:
    """Refuse: what newer tables hold has no place in older ones, and nothing that was said is thrown away."""
    raise RefusedError(
        "the tables of the Studio only go forward", do="put back the copy of the database from before the upgrade"
    )
