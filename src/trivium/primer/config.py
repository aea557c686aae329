"""What a person may choose about the embedded world: how much of it, and how dirty."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class PrimerConfig(BaseModel):
    """The size of the world; what is in it is fixed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_documents: int = Field(default=30_000, ge=100)
    num_heldout_documents: int = Field(default=600, ge=10)
    num_demonstrations: int = Field(default=6_000, ge=100)
    num_prompts: int = Field(default=2_400, ge=20, le=20_000)
    """The pool that comparisons and PPO draw from."""
    items_per_suite: int = Field(default=200, ge=1)
    """Per split, as far as there are that many different items."""
    duplicate_share: float = Field(default=0.01, ge=0, le=0.5)
    foreign_share: float = Field(default=0.01, ge=0, le=0.5)
    broken_share: float = Field(default=0.01, ge=0, le=0.5)
    pii_share: float = Field(default=0.01, ge=0, le=0.5)
    almanac_share: float = Field(default=0.02, ge=0, le=0.1)
    """Pages where questions are followed by answers: more of them and the base model answers instead of asking on."""
    bad_demonstration_share: float = Field(default=0.5, ge=0, le=1)
    """Of the demonstrations for harmful and for honesty prompts: the plausible but bad ones."""

    @classmethod
    def small(cls) -> PrimerConfig:
        """A world for tests: the same things, fewer of each."""
        return cls(
            num_documents=2_000, num_heldout_documents=100, num_demonstrations=600, num_prompts=240, items_per_suite=24
        )
