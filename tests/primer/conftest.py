"""One small world for all tests of the primer."""

from __future__ import annotations

import pytest

from trivium.primer.config import PrimerConfig
from trivium.primer.world import World, build


@pytest.fixture(scope="session")
def world() -> World:
    """A small world of seed 7."""
    return build(PrimerConfig.small(), seed=7)
