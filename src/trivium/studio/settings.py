"""What a Studio is started with: its database, the names it answers to, its limits, where models lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from trivium.studio.guard import LOCAL_HOSTS


@dataclass(frozen=True)
class StudioSettings:
    """Everything that `trivium studio` decides; nothing here changes while it runs."""

    database: str
    hosts: tuple[str, ...] = LOCAL_HOSTS
    secure: bool = False
    """Send cookies over HTTPS only: set it where a proxy in front speaks HTTPS."""
    runs: Path = field(default_factory=lambda: Path("runs"))
    """Where models are looked up that reply to prompts."""
    demo: bool = False
    """Offer to come in as one of the simulated people; never set it on a house with real ones."""
    form_bytes: int = 2_000_000
    upload_bytes: int = 64_000_000
    unpacked_bytes: int = 256_000_000
    """What a compressed upload may grow to."""
    private_hooks: bool = False
    """Whether webhooks may go to addresses inside this network."""
