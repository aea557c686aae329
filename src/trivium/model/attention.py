"""Packed rows to attention that touches no pair of places outside a document: one kernel call a span of documents.

A boolean mask over a row of T places costs T² whatever it hides. Here a row is cut into spans that do not see each
other: a long document is a span of its own, with a plain causal kernel where it has no branches; short ones share a
span and its mask, so that the calls stay few.

Shapes: B rows, T places a row, H heads, K head width, S places of one span.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name every reader of torch code expects
from torch import Tensor

SHORT_TOKENS = 128  # documents are put together up to this: below it a call costs more than the pairs it would save


@dataclass(frozen=True)
class Spans:
    """Which places of the flattened rows attend to each other: runs of `sizes`, in order, that fill B·T.

    `biases[i]` is None for plain causal attention, else what is added to the span's scores: 0 where a query may look,
    -inf where not, [S, S].
    """

    sizes: tuple[int, ...]
    biases: tuple[Tensor | None, ...]

    @torch.compiler.disable  # type: ignore[untyped-decorator]  # a compiled model would be compiled anew for each row
    def attend(self, q_BHTK: Tensor, k_BHTK: Tensor, v_BHTK: Tensor) -> Tensor:
        """Return softmax(q k^T / sqrt(K) + bias) v of each span, [B, H, T, K]."""
        B, H, T, K = q_BHTK.shape
        parts = (x.transpose(1, 2).reshape(B * T, H, K).split(self.sizes) for x in (q_BHTK, k_BHTK, v_BHTK))
        mixed = []
        for q_SHK, k_SHK, v_SHK, bias_SS in zip(*parts, self.biases, strict=True):
            if len(q_SHK) == 1:
                mixed.append(v_SHK)  # one place sees itself
                continue
            q, k, v = (x.transpose(0, 1)[None] for x in (q_SHK, k_SHK, v_SHK))
            bias = None if bias_SS is None else bias_SS.to(q.dtype)
            out_1HSK = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, is_causal=bias is None)
            mixed.append(out_1HSK[0].transpose(0, 1))
        return torch.cat(mixed).view(B, T, H, K).transpose(1, 2)


def spans_of(document_BT: Tensor, branch_BT: Tensor) -> Spans:
    """Return the spans of packed rows (documents count from 1, 0 is padding; see `training.batch`)."""
    sizes: list[int] = []
    biases: list[Tensor | None] = []
    for document_T, branch_T in zip(document_BT.numpy(), branch_BT.numpy(), strict=True):
        for start, stop in _cut(document_T):
            documents, branches = document_T[start:stop], branch_T[start:stop]
            if documents[0] == 0:
                sizes += [1] * (stop - start)
                biases += [None] * (stop - start)
                continue
            plain = documents[0] == documents[-1] and not branches.any()
            sizes.append(stop - start)
            biases.append(None if plain else torch.from_numpy(_bias(documents, branches)))
    return Spans(tuple(sizes), tuple(biases))


def _cut(document_T: np.ndarray) -> list[tuple[int, int]]:
    """Return (start, stop) of a row's spans: long documents alone, short neighbours together, padding by itself."""
    edges = [0, *(np.flatnonzero(np.diff(document_T)) + 1).tolist(), len(document_T)]
    spans: list[tuple[int, int]] = []
    for start, stop in pairwise(edges):
        joins = bool(spans) and document_T[start] > 0 and stop - spans[-1][0] <= SHORT_TOKENS
        if joins:
            spans[-1] = (spans[-1][0], stop)
        else:
            spans.append((start, stop))
    return spans


def _bias(document_S: np.ndarray, branch_S: np.ndarray) -> np.ndarray:
    """Return 0 where place i (row) may see place j (column), -inf elsewhere: the rule of `training.batch`."""
    same = document_S[:, None] == document_S[None, :]
    visible = (branch_S[None, :] == 0) | (branch_S[None, :] == branch_S[:, None])
    return np.where(np.tril(same & visible), np.float32(0), np.float32("-inf"))
