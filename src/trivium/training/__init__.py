"""The one loop, batches and packing, token shards, optimisers, schedules, checkpoints, losses."""
