"""A name to the type in which matrices are multiplied while training: weights, sums and the optimiser stay float32."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from trivium.core.log import EventLog

Precision = Literal["auto", "float32", "bfloat16"]
"""`auto` is bfloat16 where the machine multiplies it faster than float32, and float32 elsewhere."""


@dataclass(frozen=True)
class Products:
    """The type of matrix products on a kind of device; None is the weights' own."""

    device_type: str = "cpu"
    dtype: torch.dtype | None = None

    def __call__(self) -> AbstractContextManager[object]:
        """Return what a forward pass runs inside."""
        return nullcontext() if self.dtype is None else torch.autocast(self.device_type, self.dtype)

    def cast(self, x: Tensor) -> Tensor:
        """Return a factor of a product in the products' type; gradients come back in its own."""
        return x if self.dtype is None else x.to(self.dtype)


PLAIN = Products()


def products_of(precision: Precision, device: str | torch.device, log: EventLog | None = None) -> Products:
    """Return the products a recipe asks for on a device, and log what `auto` came to.

    Source of the scheme: Micikevicius et al. 2018, "Mixed precision training"; bfloat16 needs no loss scaling (Kalamkar
    et al. 2019).
    """
    kind = torch.device(device).type
    fast = has_fast_bfloat16(kind)
    if precision == "float32" or (precision == "auto" and not fast):
        return Products(kind)
    if log is not None and precision == "auto":
        log.write("precision", "matrix products run in bfloat16: this machine multiplies it faster than float32")
    return Products(kind, torch.bfloat16)


def has_fast_bfloat16(kind: str) -> bool:
    """Say whether a kind of device has instructions for bfloat16 products."""
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if kind != "cpu":
        return False
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
