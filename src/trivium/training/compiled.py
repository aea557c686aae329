"""A model to its compiled self where a compiler is at hand; elsewhere to itself, and it is said."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from trivium.core.log import EventLog

COMPILERS = ("g++", "clang++", "c++")


def compiled(model: nn.Module, wanted: bool, log: EventLog) -> Callable[..., Any]:
    """Return what to call in place of the model. On a CPU torch compiles through C++, so without a compiler it runs
    eager.
    """
    if not wanted:
        return model
    on_cpu = next(model.parameters()).device.type == "cpu"
    if on_cpu and not any(shutil.which(name) for name in COMPILERS):
        log.write("not compiled", f"no C++ compiler ({', '.join(COMPILERS)}) was found: the model runs eager, as it is")
        return model
    log.write("compiled", "the model is compiled with its first step, which takes about half a minute")
    return torch.compile(model, dynamic=False)
