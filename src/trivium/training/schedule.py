"""A step number to a share of the peak learning rate: warm-up, then constant, linear, cosine or WSD."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ScheduleConfig(BaseModel):
    """How the learning rate moves. Shares are of the whole run, in [0, 1]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: Literal["constant", "linear", "cosine", "wsd"] = "cosine"
    warmup_share: float = Field(default=0.02, ge=0, le=1)
    decay_share: float = Field(default=0.2, ge=0, le=1)
    """Only `wsd` (warm-up, stable, decay): the last share of the run, over which the rate falls linearly
    (Hu et al. 2024, MiniCPM, section 4)."""
    final_share: float = Field(default=0.1, ge=0, le=1)
    """Where the rate would arrive one step after the last, as a share of the peak."""


def learning_rate_share(config: ScheduleConfig, step: int, num_steps: int) -> float:
    """Return the multiplier in (0, 1] of the peak rate at `step` in [0, num_steps).

    >>> learning_rate_share(ScheduleConfig(shape="linear", warmup_share=0.0, final_share=0.0), 5, 10)
    0.5
    """
    warmup = max(1, round(config.warmup_share * num_steps)) if config.warmup_share else 0
    if step < warmup:
        return (step + 1) / (warmup + 1)
    low = config.final_share
    done = (step - warmup) / max(1, num_steps - warmup)
    if config.shape == "constant":
        return 1.0
    if config.shape == "linear":
        return 1 - (1 - low) * done
    if config.shape == "cosine":
        return low + (1 - low) * 0.5 * (1 + math.cos(math.pi * done))
    decay_start = max(float(warmup), num_steps * (1 - config.decay_share))
    if step < decay_start:
        return 1.0
    return 1 - (1 - low) * (step - decay_start) / max(1.0, num_steps - decay_start)
