"""What a stage trains, as the loop and the checkpoints see it: modules, optimisers, a loss a step, state to keep.

A task's randomness must be a pure function of the recipe's seed and the step, so that a resumed run repeats an
uninterrupted one bit for bit; what cannot be (an adaptive coefficient, say) goes through `state` and `load_state`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from torch import Tensor, nn

from trivium.training.optimizer import Optimizers


class Task(Protocol):
    """What one stage trains. `modules` are saved and clipped each by itself."""

    modules: Mapping[str, nn.Module]
    optimizers: Optimizers

    def losses(self, step: int) -> Iterator[tuple[Tensor, dict[str, float]]]:
        """Yield one loss a micro-batch, already divided by the step's global count, with statistics to be summed."""
        ...

    def batch_names(self, step: int) -> Sequence[str]:
        """Name what the step's batch was made of, for the message when a loss is not finite."""
        ...

    def after_step(self, step: int) -> dict[str, float]:
        """Return more to log after the update (evaluations, coefficients); may be empty."""
        ...

    def may_checkpoint(self, step: int) -> bool:
        """Say whether training can be taken up again before this step from the saved state alone."""
        ...

    def state(self) -> dict[str, Any]:
        """Return what else a checkpoint must keep."""
        ...

    def load_state(self, state: dict[str, Any]) -> None:
        """Restore what `state` gave."""
        ...


class SimpleTask:
    """A task without state of its own: checkpoints anywhere, logs nothing extra."""

    def after_step(self, step: int) -> dict[str, float]:
        """Log nothing more."""
        return {}

    def may_checkpoint(self, step: int) -> bool:
        """Any step will do."""
        return True

    def state(self) -> dict[str, Any]:
        """Nothing to keep."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:
        """Nothing to restore."""
