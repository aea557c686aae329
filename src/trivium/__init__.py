"""Trivium takes raw text to an aligned assistant: pre-train, fine-tune, rank, reward, reinforce, evaluate."""

__version__ = "0.1.0"
