"""Hidden states to losses: cross-entropy and log-probs that never hold the full logits.

Shapes: N wanted tokens, D hidden size, V vocabulary, C tokens a chunk.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

CHUNK_TOKENS = 1024  # 1,024 · V · 4 bytes is what a chunk of logits takes: 8 MB at V = 2,048, 0.5 GB at 128,000


class _ChunkedCrossEntropy(torch.autograd.Function):
    """Sum of -log softmax(h W^T)[target]; the gradients, softmax minus one-hot, are made chunk by chunk ahead."""

    @staticmethod
    def forward(ctx: Any, hidden_ND: Tensor, weight_VD: Tensor, target_N: Tensor, chunk: int, learns: bool) -> Tensor:
        # needs_input_grad is true for trainable weights even where the caller has switched gradients off
        wants_hidden, wants_weight = learns and ctx.needs_input_grad[0], learns and ctx.needs_input_grad[1]
        grad_hidden = torch.empty_like(hidden_ND) if wants_hidden else None
        grad_weight = torch.zeros_like(weight_VD, dtype=torch.float32) if wants_weight else None
        total = hidden_ND.new_zeros((), dtype=torch.float32)
        for start in range(0, hidden_ND.shape[0], chunk):
            part = slice(start, start + chunk)
            target_C1 = target_N[part, None]
            # one buffer from logits to softmax minus one-hot: passes over it cost a quarter of the products otherwise
            delta_CV = (hidden_ND[part] @ weight_VD.T).float()
            delta_CV -= delta_CV.amax(dim=-1, keepdim=True)
            wanted_C1 = delta_CV.gather(1, target_C1)
            sums_C1 = delta_CV.exp_().sum(dim=-1, keepdim=True)
            total += (sums_C1.log() - wanted_C1).sum()
            if grad_hidden is None and grad_weight is None:
                continue
            delta_CV *= sums_C1.reciprocal()
            delta_CV.scatter_add_(1, target_C1, torch.full_like(wanted_C1, -1.0))
            delta_CV = delta_CV.to(hidden_ND.dtype)
            if grad_hidden is not None:
                torch.mm(delta_CV, weight_VD, out=grad_hidden[part])
            if grad_weight is not None:
                _add_product(grad_weight, delta_CV.T, hidden_ND[part])
        ctx.save_for_backward(grad_hidden, grad_weight)
        ctx.weight_dtype = weight_VD.dtype
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None, None, None]:
        grad_hidden, grad_weight = ctx.saved_tensors
        scale = grads[0]
        return (
            None if grad_hidden is None else grad_hidden * scale.to(grad_hidden.dtype),
            None if grad_weight is None else (grad_weight * scale).to(ctx.weight_dtype),
            None,
            None,
            None,
        )


def _add_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    """total += left @ right, inside the product where the types agree."""
    if right.dtype == total.dtype:
        total.addmm_(left, right)
    else:
        total += left @ right


def chunked_cross_entropy(hidden_ND: Tensor, weight_VD: Tensor, target_N: Tensor, chunk: int = CHUNK_TOKENS) -> Tensor:
    """Return the sum over N of -log p(target), in nats, float32; divide by the step's global token count yourself.

    Never holds more than `chunk` x V logits; the gradient is exact. N = 0 gives 0.
    """
    learns = torch.is_grad_enabled()
    total: Tensor = _ChunkedCrossEntropy.apply(hidden_ND, weight_VD, target_N, chunk, learns)  # type: ignore[no-untyped-call]
    return total


def token_logprobs(
    hidden_ND: Tensor, weight_VD: Tensor, target_N: Tensor, temperature: float = 1.0, chunk: int = CHUNK_TOKENS
) -> Tensor:
    """Return log-probs [N] of the targets under softmax(h W^T / temperature), in nats, float32.

    The temperature divides the logits here exactly as it does when sampling. Chunks are computed again going back.
    """

    def one_chunk(hidden_CD: Tensor, weight: Tensor, target_C: Tensor) -> Tensor:
        return _log_softmax(hidden_CD, weight, temperature).gather(1, target_C[:, None])[:, 0]

    if hidden_ND.shape[0] <= chunk:
        return one_chunk(hidden_ND, weight_VD, target_N)
    parts = [
        checkpoint(one_chunk, hidden_ND[s : s + chunk], weight_VD, target_N[s : s + chunk], use_reentrant=False)
        for s in range(0, hidden_ND.shape[0], chunk)
    ]
    return torch.cat(parts)


@torch.no_grad()
def token_logprobs_and_entropies(
    hidden_ND: Tensor, weight_VD: Tensor, target_N: Tensor, temperature: float = 1.0, chunk: int = CHUNK_TOKENS
) -> tuple[Tensor, Tensor]:
    """Return the very same log-probs [N], and the entropies [N] in nats of what they were drawn from; no gradients."""
    logprobs, entropies = [], []
    for start in range(0, hidden_ND.shape[0], chunk):
        part = slice(start, start + chunk)
        logprobs_CV = _log_softmax(hidden_ND[part], weight_VD, temperature)
        logprobs.append(logprobs_CV.gather(1, target_N[part, None])[:, 0])
        entropies.append(-(logprobs_CV.exp() * logprobs_CV).sum(-1))
    if not logprobs:
        return hidden_ND.new_zeros(0, dtype=torch.float32), hidden_ND.new_zeros(0, dtype=torch.float32)
    return torch.cat(logprobs), torch.cat(entropies)


def _log_softmax(hidden_CD: Tensor, weight_VD: Tensor, temperature: float) -> Tensor:
    return torch.log_softmax((hidden_CD @ weight_VD.T).float() / temperature, dim=-1)
