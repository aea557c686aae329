"""Turns the account of a corpus into its page: one HTML file, no script, no request, the same bytes for the same
account.
"""

from __future__ import annotations

from typing import Any


def render_corpus(account: dict[str, Any]) -> str:
    """Return the page."""
    return f"<!doctype html><title>corpus</title>{account['documents']}"
