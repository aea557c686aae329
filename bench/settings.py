"""What both sides are told about optimisation and drawing."""

from __future__ import annotations

from dataclasses import dataclass

from trivium.training.optimizer import OptimizerConfig

LEARNING_RATE = 5e-4
OPTIMIZER = OptimizerConfig(learning_rate=LEARNING_RATE, weight_decay=0.0, beta1=0.9, beta2=0.95)


@dataclass(frozen=True)
class Draw:
    """How replies are made: greedy and of `max_new_tokens` each, or, with stops, drawn from the whole vocabulary.

    `stop_share` of the vocabulary ends a reply: the model is untrained, so replies get a geometric spread of lengths.
    """

    max_new_tokens: int
    stop_share: float = 0.0
