"""The policy's settings: what cannot be is refused before anything runs."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from trivium.stages.policy import PPOConfig


def test_replies_that_no_minibatch_would_use_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"replies \(20\) must be a multiple of minibatch \(8\)"):
        PPOConfig(replies=20, minibatch=8)
    with pytest.raises(ValidationError, match="must be a multiple"):
        PPOConfig(replies=4, minibatch=8)
    assert PPOConfig(replies=16, minibatch=8).replies == 16
