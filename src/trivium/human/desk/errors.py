"""What the desk says no to, each kind with the one thing that a page or an API answer needs to know."""

# ruff: noqa: N818 -- named for what happened, as a page says it
from __future__ import annotations

from collections.abc import Mapping

from trivium.core.errors import InputError, RefusedError


class Unknown(InputError):
    """There is no such thing, or not for this person: the two are not told apart. Web: 404."""


class NotAllowed(RefusedError):
    """This person may not do that here. Web: 403."""


class SignInFailed(RefusedError):
    """Wrong e-mail or password, or a session or token that is no longer good. Web: 401."""


class TooMany(RefusedError):
    """Too many tries; wait. Web: 429."""


class Conflict(InputError):
    """Somebody else was faster, or the thing is in another state by now. Web: 409."""


class Invalid(InputError):
    """What was sent in is not complete: field → what is wanted there. Web: 422."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        """Keep the fields apart, and say them in one sentence too."""
        super().__init__("; ".join(fields.values()))
        self.fields = dict(fields)


class NotAcknowledged(RefusedError):
    """The guideline of this work was not read yet. Web: show it, then go on."""

    def __init__(self, guideline_id: str, version: int) -> None:
        """Say which one."""
        super().__init__(f"guideline {version} was not read yet", do="read it and say so")
        self.guideline_id = guideline_id
