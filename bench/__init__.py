"""Side by side with peers: the same model and data in one run, rounds in turn, medians and ratios."""
