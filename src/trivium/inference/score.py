"""Prompts and given replies to the log-probability of each reply token: one full forward pass, no cache.

Shapes: B sequences read together, T their longest length, n reply tokens picked, D hidden size, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from trivium.core.errors import ContextError
from trivium.model.decoder import LanguageModel

READ_TOKENS = 4096  # tokens of one pass, padding included


def reply_logprobs(
    model: LanguageModel,
    sequences: Sequence[tuple[Sequence[int], Sequence[int]]],
    *,
    temperature: float = 1.0,
    read_tokens: int = READ_TOKENS,
) -> list[Tensor]:
    """Return, for each (prompt, reply), log_softmax(logits / temperature) at the reply's tokens, float32 [its length].

    Sequences of like length are read together, padded on the right, where a causal model never looks.
    """
    context = model.config.max_position_embeddings
    for index, (prompt, reply) in enumerate(sequences):
        if not prompt or len(prompt) + len(reply) > context:
            raise ContextError(
                f"a prompt must have a token, and with its reply at most {context} (the context), "
                f"found {len(prompt)} + {len(reply)}",
                where=f"sequence {index}",
                do="shorten it or leave it out",
            )
    order = sorted(range(len(sequences)), key=lambda index: -sum(map(len, sequences[index])))
    results = [torch.zeros(0)] * len(sequences)
    start = 0
    while start < len(order):
        longest = sum(map(len, sequences[order[start]]))
        chosen = order[start : start + max(1, read_tokens // longest)]
        start += len(chosen)
        for index, logprobs_n in zip(
            chosen, _read([sequences[index] for index in chosen], model, temperature), strict=True
        ):
            results[index] = logprobs_n
    return results


@torch.inference_mode()
def _read(
    sequences: Sequence[tuple[Sequence[int], Sequence[int]]], model: LanguageModel, temperature: float
) -> list[Tensor]:
    device = model.lm_head.weight.device
    longest = max(len(prompt) + len(reply) for prompt, reply in sequences)
    ids_BT = np.zeros((len(sequences), longest), dtype=np.int64)
    rows: list[int] = []
    columns: list[int] = []
    for row, (prompt, reply) in enumerate(sequences):
        ids_BT[row, : len(prompt) + len(reply)] = [*prompt, *reply]
        rows += [row] * len(reply)
        columns += range(len(prompt) - 1, len(prompt) + len(reply) - 1)
    positions_BT = torch.arange(longest, device=device).expand(len(sequences), -1)
    hidden_BTD = model(torch.from_numpy(ids_BT).to(device), positions_BT)
    replies = [token for _, reply in sequences for token in reply]
    rows_n, columns_n, targets_n = (
        torch.tensor(index, dtype=torch.int64, device=device) for index in (rows, columns, replies)
    )
    logits_nV = model.logits(hidden_BTD[rows_n, columns_n])
    logprobs_n = (logits_nV / temperature).log_softmax(dim=-1).gather(-1, targets_n[:, None])[:, 0]
    return list(torch.split(logprobs_n.cpu(), [len(reply) for _, reply in sequences]))
