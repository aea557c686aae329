"""A recipe's graph and the store to what a run shows: the report's data, the scorecard and the files they stand in."""
