"""Parameters to an optimiser: AdamW for all, or Muon for the hidden matrices with AdamW for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from trivium.training.precision import PLAIN, Products

OUTER = ("embed_tokens.weight", "lm_head.weight", "score.weight")
"""Matrices that are not hidden: they neither decay nor go to Muon."""


class OptimizerConfig(BaseModel):
    """Peak learning rates and their company. `learning_rate` is AdamW's; `muon_learning_rate` the hidden matrices'."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["adamw", "muon"] = "adamw"
    learning_rate: float = Field(default=1e-3, gt=0)
    muon_learning_rate: float = Field(default=0.02, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    beta1: float = Field(default=0.9, ge=0, lt=1)
    beta2: float = Field(default=0.95, ge=0, lt=1)
    epsilon: float = Field(default=1e-8, gt=0)
    clip_norm: float = Field(default=1.0, gt=0)
    """Gradients whose global norm is above this are scaled down to it."""


def orthogonalise(matrices: Tensor, steps: int = 5, products: Products = PLAIN) -> Tensor:
    """Push the singular values of matrices [..., rows, columns] towards 1 by the quintic Newton–Schulz iteration.

    The coefficients 3.4445, -4.7750, 2.0315 trade convergence to 1 exactly for speed: values end in about [0.7, 1.2]
    (Jordan et al. 2024, Muon; theirs runs in bfloat16 too).
    """
    x = products.cast(matrices.float())
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    turned: Tensor = x.mT if tall else x
    return turned.to(matrices.dtype)


class Muon(torch.optim.Optimizer):
    """W -= lr · sqrt(max(1, rows/columns)) · orthogonalise(nesterov momentum) (Jordan et al. 2024)."""

    def __init__(
        self,
        params: Iterable[nn.Parameter],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        products: Products = PLAIN,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self.products = products

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Update each matrix from its gradient; matrices of one shape go through the iteration together."""
        assert closure is None
        for group in self.param_groups:
            shapes: dict[torch.Size, list[Tensor]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    shapes.setdefault(parameter.shape, []).append(parameter)
            for (rows, columns), parameters in shapes.items():
                moved = torch.stack([self._nesterov(p, group["momentum"]) for p in parameters])
                updates = orthogonalise(moved, products=self.products)
                torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
                scale = -group["lr"] * max(1.0, rows / columns) ** 0.5
                torch._foreach_add_(parameters, list(updates.unbind()), alpha=scale)

    def _nesterov(self, parameter: Tensor, share: float) -> Tensor:
        """Take the gradient into the parameter's momentum; return the gradient moved towards it."""
        assert parameter.grad is not None
        state = self.state[parameter]
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        momentum: Tensor = state["momentum"]
        momentum.lerp_(parameter.grad, 1 - share)
        return parameter.grad.lerp(momentum, share)


class Optimizers:
    """One or two torch optimisers behind one `step`; learning rates are set as a share of each group's peak."""

    def __init__(self, members: list[torch.optim.Optimizer]) -> None:
        """Remember each group's peak rate."""
        self.members = members
        for member in members:
            for group in member.param_groups:
                group["peak"] = group["lr"]

    def set_share(self, share: float) -> None:
        """Set every group's rate to `share` of its peak."""
        for member in self.members:
            for group in member.param_groups:
                group["lr"] = group["peak"] * share

    def step(self) -> None:
        """Apply the gradients and forget them."""
        for member in self.members:
            member.step()
            member.zero_grad(set_to_none=True)

    def state(self) -> list[dict[str, Any]]:
        """What a checkpoint keeps."""
        return [member.state_dict() for member in self.members]

    def load_state(self, states: list[dict[str, Any]]) -> None:
        """Restore what `state` gave."""
        for member, state in zip(self.members, states, strict=True):
            member.load_state_dict(state)


def build_optimizer(modules: Iterable[nn.Module], config: OptimizerConfig, products: Products = PLAIN) -> Optimizers:
    """Group the trainable parameters: matrices decay, vectors and embeddings do not; Muon takes the hidden matrices."""
    hidden, decayed, plain = [], [], []
    seen: set[int] = set()
    for module in modules:
        for name, parameter in module.named_parameters():
            if not parameter.requires_grad or id(parameter) in seen:
                continue
            seen.add(id(parameter))
            is_hidden = parameter.ndim == 2 and not name.endswith(OUTER)
            if is_hidden and config.method == "muon":
                hidden.append(parameter)
            elif is_hidden:
                decayed.append(parameter)
            else:
                plain.append(parameter)
    members: list[torch.optim.Optimizer] = []
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    if groups:
        betas = (config.beta1, config.beta2)
        members.append(torch.optim.AdamW(groups, lr=config.learning_rate, betas=betas, eps=config.epsilon, fused=True))
    if hidden:
        members.append(Muon(hidden, config.muon_learning_rate, weight_decay=config.weight_decay, products=products))
    return Optimizers(members)
