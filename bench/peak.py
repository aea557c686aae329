"""A square matrix product to the machine's peak: the most floating-point operations a second that a model could use."""

from __future__ import annotations

import time

import torch

SIZE = 1536
REPEATS = 8


def matmul_peak() -> float:
    """Return the best GFLOP/s of float32 products of SIZE x SIZE matrices with torch's present number of threads."""
    left, right = torch.randn(SIZE, SIZE), torch.randn(SIZE, SIZE)
    best = float("inf")
    for _ in range(REPEATS):
        begun = time.perf_counter()
        torch.mm(left, right)
        best = min(best, time.perf_counter() - begun)
    return 2 * SIZE**3 / best / 1e9
