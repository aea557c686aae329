"""Submissions to what they say about the work: agreement, people, places, noise, groups."""
