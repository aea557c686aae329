"""The Scorer protocol and its kinds."""
