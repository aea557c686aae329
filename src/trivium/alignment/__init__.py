"""Ranking, policy, advantage and KL: pure functions, tensors in, tensors out."""
