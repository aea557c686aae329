"""Errors for people: what was wanted, what was found, where, and what to do next. `assert` is for our own mistakes."""

from __future__ import annotations


class TriviumError(Exception):
    """A failure that a person reads as one message; the command line prints it and exits with `exit_code`.

    `do` is the one next action. Subclasses name whose turn it is: `InputError` is the user's (exit 2), the rest are
    ours (exit 1).
    """

    exit_code = 1

    def __init__(self, message: str, *, where: str = "", do: str = "") -> None:
        """Keep the parts, so that tests and `--json` can read them apart."""
        super().__init__(message)
        self.message = message
        self.where = where
        self.do = do

    def __str__(self) -> str:
        """Return `message (in where). Next: do`."""
        text = self.message
        if self.where:
            text += f"\n  where: {self.where}"
        if self.do:
            text += f"\n  next:  {self.do}"
        return text


class InputError(TriviumError):
    """Bad input or usage: exit 2, nothing lost."""

    exit_code = 2


class RecipeError(InputError):
    """A recipe that cannot be read or resolved; names the key and the nearest valid one."""


class SourceError(InputError):
    """A source that is missing, empty or unreadable."""


class ArtifactError(InputError):
    """An artifact that is missing, truncated or tampered with; names the file and the hash."""


class CheckpointError(InputError):
    """A checkpoint that does not fit: wrong tokenizer, unknown architecture, missing tensors."""


class ContextError(InputError):
    """A prompt longer than the model's context."""


class StorageError(InputError):
    """A disk that is full or a folder that cannot be written."""


class MissingExtraError(InputError):
    """An optional dependency that is not installed; carries the exact install line."""


class DivergenceError(TriviumError):
    """A loss that became NaN or infinite: names step, batch ids and the last good checkpoint."""


class RefusedError(TriviumError):
    """A gate said no: exit 3."""

    exit_code = 3
