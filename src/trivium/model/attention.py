"""Packed rows to attention that touches few pairs of places that cannot see each other: one kernel call a span.

A boolean mask over a row of T places costs T² whatever it hides. Here a row is cut into spans: a long document is a
span of its own with a plain causal kernel, a long reply beside others looks at its prompt and itself, and short
documents share a span and its mask, so that the calls stay few.

Shapes: B rows, T places a row, H heads, K head width, S places of a span, L places it looks at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name every reader of torch code expects
from torch import Tensor

SHORT_TOKENS = (
    128  # a kernel call costs about as much as the pairs of this many places: spans below it are put together
)


def product_input(x: Tensor) -> Tensor:
    """Return what several matrix products read, in their type: under autocast each would make a copy of its own."""
    kind = x.device.type
    return x.to(torch.get_autocast_dtype(kind)) if torch.is_autocast_enabled(kind) else x


def softmax_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, *, causal: bool) -> Tensor:
    """Return softmax(q k^T / sqrt(K) + mask) v over [B, H, T, K], in the type of q.

    On a CPU autocast is left: the kernel that goes back is several times slower in bfloat16 than in float32 there.
    """
    if q.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
        with torch.autocast("cpu", enabled=False):
            return F.scaled_dot_product_attention(q, k.to(q.dtype), v.to(q.dtype), mask, is_causal=causal)
    return F.scaled_dot_product_attention(q, k, v, mask, is_causal=causal)


@dataclass(frozen=True)
class Span:
    """A run of `size` places of the flattened rows.

    `bias` [S, L] is None for plain causal attention, else added to the scores: 0 where a query may look, else -inf.
    `prompt` = (span, places): what it looks at before itself, the first places of an earlier span.
    """

    size: int
    bias: Tensor | None = None
    prompt: tuple[int, int] | None = None


@dataclass(frozen=True)
class Spans:
    """Which places of the flattened rows attend to each other; the spans fill B·T in order."""

    spans: tuple[Span, ...]

    @torch.compiler.disable  # type: ignore[untyped-decorator]  # a compiled model would be compiled anew for each row
    def attend(self, q_BHTK: Tensor, k_BHTK: Tensor, v_BHTK: Tensor) -> Tensor:
        """Return softmax(q k^T / sqrt(K) + bias) v of each span, [B, H, T, K]."""
        B, H, T, K = q_BHTK.shape
        sizes = [span.size for span in self.spans]
        q, k, v = (torch.split(x.transpose(1, 2).reshape(B * T, H, K), sizes) for x in (q_BHTK, k_BHTK, v_BHTK))
        mixed = []
        for index, span in enumerate(self.spans):
            if span.size == 1 and span.prompt is None:
                mixed.append(v[index])  # one place sees itself
                continue
            k_LHK, v_LHK = k[index], v[index]
            if span.prompt is not None:
                first, places = span.prompt
                k_LHK, v_LHK = torch.cat((k[first][:places], k_LHK)), torch.cat((v[first][:places], v_LHK))
            bias = None if span.bias is None else span.bias.to(v_LHK.dtype)
            q_1HSK, k_1HLK, v_1HLK = (x.transpose(0, 1)[None] for x in (q[index], k_LHK, v_LHK))
            out_1HSK = softmax_attention(q_1HSK, k_1HLK, v_1HLK, bias, causal=bias is None)
            mixed.append(out_1HSK[0].transpose(0, 1))
        return torch.cat(mixed).view(B, T, H, K).transpose(1, 2)


def spans_of(document_BT: Tensor, branch_BT: Tensor) -> Spans:
    """Return the spans of packed rows (documents count from 1, 0 is padding; see `training.batch`)."""
    spans: list[Span] = []
    for document_T, branch_T in zip(document_BT.numpy(), branch_BT.numpy(), strict=True):
        for start, stop in _cut(document_T):
            spans += _spans_between(document_T[start:stop], branch_T[start:stop], len(spans))
    return Spans(tuple(spans))


def _cut(document_T: np.ndarray) -> list[tuple[int, int]]:
    """Return (start, stop) of a row's parts: long documents alone, short neighbours together, padding by itself."""
    edges = [0, *(np.flatnonzero(np.diff(document_T)) + 1).tolist(), len(document_T)]
    parts: list[tuple[int, int]] = []
    for start, stop in pairwise(edges):
        if parts and document_T[start] > 0 and stop - parts[-1][0] <= SHORT_TOKENS:
            parts[-1] = (parts[-1][0], stop)
        else:
            parts.append((start, stop))
    return parts


def _spans_between(document_S: np.ndarray, branch_S: np.ndarray, index: int) -> Iterator[Span]:
    """Yield the spans of one part; `index` is the number of its first."""
    size = len(document_S)
    if document_S[0] == 0:
        yield from [Span(1)] * size
        return
    if document_S[0] != document_S[-1]:
        yield Span(size, _bias(document_S, branch_S))
        return
    prompt, *replies = np.diff([0, *np.flatnonzero(np.diff(branch_S)) + 1, size]).tolist()
    apart = (prompt + sum(replies[:1])) ** 2 / 2 + sum(reply * (prompt + reply) for reply in replies[1:])
    if len(replies) < 2:
        yield Span(size)  # one reply after a prompt is a plain document
    elif size**2 - apart <= (len(replies) - 1) * SHORT_TOKENS**2:
        yield Span(size, _bias(document_S, branch_S))
    else:
        yield Span(prompt + replies[0])
        for reply in replies[1:]:
            looks = torch.zeros(reply, prompt + reply)
            looks[:, prompt:].masked_fill_(torch.ones(reply, reply, dtype=torch.bool).triu(1), float("-inf"))
            yield Span(reply, looks, (index, prompt))


def _bias(document_S: np.ndarray, branch_S: np.ndarray) -> Tensor:
    """Return 0 where place i (row) may see place j (column), -inf elsewhere: the rule of `training.batch`."""
    same = document_S[:, None] == document_S[None, :]
    visible = (branch_S[None, :] == 0) | (branch_S[None, :] == branch_S[:, None])
    return torch.from_numpy(np.where(np.tril(same & visible), np.float32(0), np.float32("-inf")))
