"""Keys and values of many sequences in one preallocated block: a slot a sequence, each with a length of its own.

Shapes: L layers, N slots, B slots in use, G key/value heads, C capacity of a slot, S columns read, T new tokens, K head
width, X = G · K.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from trivium.model.config import ModelConfig

COLUMN_STEP = 32  # columns read are rounded up to this, so that shapes stay the same for some steps


class Prefix:
    """What reading a group of prompts leaves behind: their keys and values, layer by layer, as `KeyValueCache` asks."""

    def __init__(self) -> None:
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []

    def extend(self, layer: int, keys_BGTK: Tensor, values_BGTK: Tensor) -> tuple[Tensor, Tensor]:
        """Remember a layer's keys and values and give them back: a prompt sees itself only."""
        assert layer == len(self.keys), "layers come in order, once"
        self.keys.append(keys_BGTK)
        self.values.append(values_BGTK)
        return keys_BGTK, values_BGTK


class SlotCache:
    """The block. Slots 0 … B-1 are in use; `open` starts a step on them, each layer calls `extend`, `close` ends it.

    Keys lie as [N, G, C, K]. Values lie transposed, [N, G, K, C]: summing C weighted values then runs along memory,
    which halves the time of that product for one query.
    """

    def __init__(self, config: ModelConfig, slots: int, capacity: int, like: Tensor) -> None:
        """Reserve `slots` sequences of `capacity` tokens, with the type and device of `like`."""
        layers, groups, width = config.num_hidden_layers, config.num_key_value_heads, config.head_dim
        # Zeros, not garbage: a masked column weighs 0, and 0 · NaN would still be NaN.
        self.keys = like.new_zeros(layers, slots, groups, capacity, width)
        self.values = like.new_zeros(layers, slots, groups, width, capacity)
        self.slots, self.capacity = slots, capacity
        self.lengths = np.zeros(slots, dtype=np.int64)
        self.lengths_N = torch.zeros(slots, dtype=torch.int64, device=like.device)
        self._bias_NC = like.new_full((slots, capacity), float("-inf"))
        self._columns_C = torch.arange(capacity, device=like.device)
        self._rows_N = self._indices(slots)
        self._key_starts_NG = self._indices(slots, groups) * capacity
        self._value_starts_NX = self._indices(slots, groups * width) * capacity
        self._used = self._read = 0
        self._key_targets = self._value_targets = self._rows_N

    def _indices(self, *shape: int) -> Tensor:
        return torch.arange(math.prod(shape), device=self.keys.device).view(shape)

    @property
    def bytes(self) -> int:
        """Memory of the keys and values: 2 · layers · slots · groups · capacity · head width · bytes a number."""
        return 2 * self.keys.numel() * self.keys.element_size()

    def open(self, used: int) -> Tensor:
        """Make room for one token in each of the first `used` slots.

        Returns the attention bias [B, 1, 1, S]: 0 where the new token may look (its slot up to itself), else -inf.
        """
        lengths = self.lengths[:used] + 1
        longest = int(lengths.max())
        assert longest <= self.capacity, "a slot is full"
        even = longest == lengths.min()
        self._read = longest if even else min(self.capacity, -(-longest // COLUMN_STEP) * COLUMN_STEP)
        self._used = used
        positions_B = self.lengths_N[:used]
        self._key_targets = (self._key_starts_NG[:used] + positions_B[:, None]).view(-1)
        self._value_targets = (self._value_starts_NX[:used] + positions_B[:, None]).view(-1)
        self._bias_NC[self._rows_N[:used], positions_B] = 0.0
        return self._bias_NC[:used, None, None, : self._read]

    def extend(self, layer: int, keys_BGTK: Tensor, values_BGTK: Tensor) -> tuple[Tensor, Tensor]:
        """Write this step's keys and values [B, G, 1, K]; return views of all columns read, [B, G, S, K] each."""
        width = keys_BGTK.shape[-1]
        keys_NGCK, values_NGKC = self.keys[layer], self.values[layer]
        keys_NGCK.view(-1, width).index_put_((self._key_targets,), keys_BGTK.reshape(-1, width))
        values_NGKC.view(-1).index_put_((self._value_targets,), values_BGTK.reshape(-1))
        seen = slice(0, self._used), slice(None), slice(0, self._read)
        return keys_NGCK[seen], values_NGKC.transpose(-1, -2)[seen]

    def close(self) -> None:
        """End the step: every slot in use is one token longer."""
        self.lengths[: self._used] += 1
        self.lengths_N[: self._used] += 1

    def place(self, slots: Sequence[int], prefix: Prefix, rows: Sequence[int], lengths: Sequence[int]) -> None:
        """Fill slots with rows of a prefix (the same row may go to many slots), of the lengths given."""
        device = self.keys.device
        into, rows_n = torch.tensor(slots, device=device), torch.tensor(rows, device=device)
        longest = max(lengths)
        for layer, (keys_BGTK, values_BGTK) in enumerate(zip(prefix.keys, prefix.values, strict=True)):
            self.keys[layer, into, :, :longest] = keys_BGTK[rows_n, :, :longest]
            self.values[layer, into, ..., :longest] = values_BGTK[rows_n, :, :longest].transpose(-1, -2)
        self.lengths[list(slots)] = lengths
        self._set_lengths(into)

    def move(self, sources: Sequence[int], targets: Sequence[int]) -> None:
        """Copy slots to other slots, so that those in use stay side by side; the two lists do not overlap."""
        device = self.keys.device
        from_n, into = torch.tensor(sources, device=device), torch.tensor(targets, device=device)
        self.lengths[list(targets)] = self.lengths[list(sources)]
        longest = int(self.lengths[list(targets)].max())
        self.keys[:, into, :, :longest] = self.keys[:, from_n, :, :longest]
        self.values[:, into, ..., :longest] = self.values[:, from_n, ..., :longest]
        self._set_lengths(into)

    def _set_lengths(self, slots_n: Tensor) -> None:
        lengths_n = torch.from_numpy(self.lengths[slots_n.tolist()]).to(slots_n.device)
        self.lengths_N[slots_n] = lengths_n
        unseen_nC = self._columns_C >= lengths_n[:, None]
        self._bias_NC[slots_n] = torch.zeros_like(unseen_nC, dtype=self._bias_NC.dtype).masked_fill_(
            unseen_nC, float("-inf")
        )
