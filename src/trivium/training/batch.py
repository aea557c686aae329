"""Token sequences to packed rows: several documents a row, no padding inside them, replies of one prompt sharing it.

Shapes: B rows, T positions a row, N places where a loss or a log-prob is wanted, M ends of replies.
A row holds whole trees. A tree is a prompt and K >= 0 replies: every reply sees the prompt and itself, no reply sees
another, and its positions count on from the prompt's end. A plain document is a tree of a prompt without replies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from trivium.model.attention import SHORT_TOKENS, Spans, spans_of

ROW_MULTIPLE = 8  # rows are cut to the longest one in use, rounded up to this, so that kernels stay on their fast path


@dataclass(frozen=True)
class Tree:
    """A prompt and the replies that share it.

    `prompt_loss[t]` says whether predicting prompt[t] counts; replies' tokens always count.
    """

    prompt: Sequence[int]
    replies: tuple[Sequence[int], ...] = ()
    prompt_loss: Sequence[bool] | None = None
    name: str = ""

    @property
    def num_tokens(self) -> int:
        """Tokens computed for this tree."""
        return len(self.prompt) + sum(len(reply) for reply in self.replies)


@dataclass(frozen=True)
class PackedBatch:
    """Rows ready for the decoder, with the places where something is wanted as flat indices into B·T."""

    ids_BT: Tensor
    positions_BT: Tensor
    document_BT: Tensor
    """0 is padding; trees of a row count from 1."""
    branch_BT: Tensor
    """0 is the prompt; replies of a tree count from 1."""
    source_N: Tensor
    """Flat place whose hidden state predicts `target_N`."""
    target_N: Tensor
    reply_N: Tensor
    """Index of the reply (in the order of trees, then replies) each wanted token belongs to; -1 for prompt tokens."""
    end_M: Tensor
    """Flat place of the last token of each reply (of the prompt, where a tree has none)."""
    tree_M: Tensor
    """Index of the tree each reply belongs to."""
    names: tuple[str, ...]

    @cached_property
    def allowed(self) -> Tensor | Spans:
        """What the decoder takes: i sees j iff j <= i, same document, and j lies in the prompt or in i's own reply.

        Long rows on the CPU are cut into spans, which cost what their documents cost; else it is the mask [B, 1, T, T].
        """
        if self.document_BT.device.type == "cpu" and self.document_BT.shape[1] > SHORT_TOKENS:
            return spans_of(self.document_BT, self.branch_BT)
        return allowed_mask(self.document_BT, self.branch_BT)

    @property
    def num_real_tokens(self) -> int:
        """Tokens that are not padding."""
        return int((self.document_BT > 0).sum())

    def to(self, device: torch.device | str) -> PackedBatch:
        """Move every tensor."""
        moved: dict[str, Any] = {k: v.to(device) for k, v in self.__dict__.items() if isinstance(v, Tensor)}
        return replace(self, **moved)


def allowed_mask(document_BT: Tensor, branch_BT: Tensor) -> Tensor:
    """Return the [B, 1, T, T] boolean mask of packed rows; padding sees only itself, so that no softmax is empty."""
    T = document_BT.shape[1]
    same_document = document_BT[:, :, None] == document_BT[:, None, :]
    visible_branch = (branch_BT[:, None, :] == 0) | (branch_BT[:, None, :] == branch_BT[:, :, None])
    causal = torch.ones(T, T, dtype=torch.bool, device=document_BT.device).tril()
    real = document_BT[:, None, :] > 0
    itself = torch.eye(T, dtype=torch.bool, device=document_BT.device)
    return ((same_document & visible_branch & causal & real) | itself)[:, None]


def pack_rows(lengths: Sequence[int], row_tokens: int) -> list[list[int]]:
    """First-fit decreasing: which trees share a row of `row_tokens`; a longer tree gets a row of its own.

    >>> pack_rows([5, 3, 4, 2], 7)
    [[0, 3], [2, 1]]
    """
    order = sorted(range(len(lengths)), key=lambda index: (-lengths[index], index))
    rows: list[list[int]] = []
    room: list[int] = []
    for index in order:
        length = lengths[index]
        for row, left in enumerate(room):
            if length <= left:
                rows[row].append(index)
                room[row] -= length
                break
        else:
            rows.append([index])
            room.append(row_tokens - length)
    return rows


def micro_rows(trees: Sequence[Tree], row_tokens: int, micro_tokens: int) -> Iterator[list[list[int]]]:
    """Split trees into micro-batches of packed rows, each of about `micro_tokens` places at most; long rows first."""
    rows = pack_rows([tree.num_tokens for tree in trees], row_tokens)
    used = [sum(trees[index].num_tokens for index in row) for row in rows]
    batch: list[list[int]] = []
    width = 0
    for row, tokens in sorted(zip(rows, used, strict=True), key=lambda pair: -pair[1]):
        width = max(width, tokens)
        if batch and width * (len(batch) + 1) > micro_tokens:
            yield batch
            batch, width = [], tokens
        batch.append(row)
    if batch:
        yield batch


class _Places:
    """Where the wanted tokens and the replies' ends lie, gathered while rows are filled."""

    def __init__(self) -> None:
        self.source: list[np.ndarray] = []
        self.target: list[np.ndarray] = []
        self.reply: list[np.ndarray] = []
        self.end: list[int] = []
        self.tree: list[int] = []

    def want(self, source: np.ndarray, target: np.ndarray, reply: int) -> None:
        self.source.append(source)
        self.target.append(target)
        self.reply.append(np.full(len(source), reply, dtype=np.int64))


def _fill_tree(
    tree: Tree, start: int, row: tuple[np.ndarray, ...], places: _Places, tree_index: int, offset: int
) -> int:
    """Write one tree into a row's arrays from column `start`; return the next free column.

    `offset` is the row's flat start.
    """
    ids, positions, branches = row
    prompt = np.asarray(tree.prompt, dtype=np.int64)
    size = len(prompt)
    ids[start : start + size] = prompt
    positions[start : start + size] = np.arange(size)
    if tree.prompt_loss is not None:
        wanted = np.flatnonzero(np.asarray(tree.prompt_loss, dtype=bool)[1:])
        places.want(offset + start + wanted, prompt[wanted + 1], -1)
    column = start + size
    for branch, reply in enumerate(tree.replies, 1):
        tokens = np.asarray(reply, dtype=np.int64)
        ids[column : column + len(tokens)] = tokens
        positions[column : column + len(tokens)] = size + np.arange(len(tokens))
        branches[column : column + len(tokens)] = branch
        source = offset + np.concatenate(([start + size - 1], column + np.arange(len(tokens) - 1)))
        places.want(source, tokens, len(places.end))
        column += len(tokens)
        places.end.append(offset + column - 1)
        places.tree.append(tree_index)
    if not tree.replies:
        places.end.append(offset + column - 1)
        places.tree.append(tree_index)
    return column


def pack(
    trees: Sequence[Tree], rows: Sequence[Sequence[int]] | None = None, row_tokens: int | None = None
) -> PackedBatch:
    """Lay trees into rows. `rows` says which trees share a row (one tree a row when None and no `row_tokens` is given).

    Replies are numbered in the order of `trees`, whatever row they land in; `reply_N`, `end_M`, `tree_M` follow it.
    """
    assert all(len(tree.prompt) and all(map(len, tree.replies)) for tree in trees), (
        "a tree needs a prompt and no empty reply"
    )
    if rows is None:
        lengths = [tree.num_tokens for tree in trees]
        rows = pack_rows(lengths, row_tokens) if row_tokens else [[index] for index in range(len(trees))]
    width = max(sum(trees[index].num_tokens for index in row) for row in rows)
    width = -(-width // ROW_MULTIPLE) * ROW_MULTIPLE
    shape = (len(rows), width)
    ids, positions, documents, branches = (np.zeros(shape, dtype=np.int64) for _ in range(4))
    starts: dict[int, tuple[int, int, int]] = {}
    for row_index, row in enumerate(rows):
        column = 0
        for number, tree_index in enumerate(row, 1):
            starts[tree_index] = (row_index, column, number)
            column += trees[tree_index].num_tokens
    places = _Places()
    used = sorted(starts)
    for order, tree_index in enumerate(used):
        row_index, column, number = starts[tree_index]
        arrays = (ids[row_index], positions[row_index], branches[row_index])
        stop = _fill_tree(trees[tree_index], column, arrays, places, order, row_index * width)
        documents[row_index, column:stop] = number
    empty = np.zeros(0, dtype=np.int64)
    return PackedBatch(
        ids_BT=torch.from_numpy(ids),
        positions_BT=torch.from_numpy(positions),
        document_BT=torch.from_numpy(documents),
        branch_BT=torch.from_numpy(branches),
        source_N=torch.from_numpy(np.concatenate([empty, *places.source])),
        target_N=torch.from_numpy(np.concatenate([empty, *places.target])),
        reply_N=torch.from_numpy(np.concatenate([empty, *places.reply])),
        end_M=torch.tensor(places.end, dtype=torch.long),
        tree_M=torch.tensor(places.tree, dtype=torch.long),
        names=tuple(trees[index].name for index in used),
    )
