"""Stub until the desk has deliveries."""
