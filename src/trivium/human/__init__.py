"""Rank aggregation, agreement and exchange formats of human data."""
