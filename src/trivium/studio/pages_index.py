"""Every file of pages, imported once, so that their addresses are known."""

from __future__ import annotations

from importlib import import_module

FILES = (
    "door", "home", "profile", "projects", "members", "guideline", "requirement", "coverage", "batches", "items",
    "write", "rank", "review", "judge", "adjudicate", "quality", "deliveries", "pool", "log",
)  # fmt: skip


def load() -> None:
    """Import the pages; doing it twice changes nothing."""
    for name in FILES:
        import_module(f"trivium.studio.pages.{name}")
