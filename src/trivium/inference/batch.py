"""Waiting prompts to finished replies: sequences in flight, a slot each, all advanced one token a step.

A slot whose sequence ended takes the next waiting one at once; when none waits, the slots in use close ranks, so that a
step never pays for finished sequences. Prompts are read in groups of like length, longest first, ahead of free slots; n
samples of one prompt share the one reading of it.

Shapes: N slots, B slots in use, n some of them, M most new tokens, P prompts read together, T their longest length,
V vocabulary.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from trivium.core.errors import DivergenceError
from trivium.inference.cache import Prefix, SlotCache
from trivium.inference.sampling import Sampling, draw, uniforms
from trivium.inference.step import DecodeStep
from trivium.model.decoder import LanguageModel

OnToken = Callable[[int, int, int], object]  # called with prompt index, sample index, token id

READ_TOKENS = 512  # prompts read together have at most this many tokens, padding included
READ_SHARE = 0.7  # and none shorter than this share of the longest, so that little of it is padding


@dataclass(frozen=True, slots=True)
class Request:
    """One sequence to write: which prompt, which of its samples, the name of its random stream, its longest reply."""

    prompt: int
    sample: int
    key: str
    ids: Sequence[int]
    limit: int


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished sequence: the request, the tokens drawn, their log-probabilities, whether a stop token ended it."""

    request: Request
    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    stopped: bool


@dataclass(frozen=True, slots=True)
class Ready:
    """A sequence whose prompt has been read: its row of the prefix and of the logits after the prompt."""

    request: Request
    prefix: Prefix
    logits: Tensor  # [P, V]
    row: int


def read(model: LanguageModel, prompts: Sequence[Sequence[int]]) -> tuple[Prefix, Tensor]:
    """Run prompts side by side, padded on the right (a causal model never looks there).

    Returns their keys and values, and the logits [P, V] of what follows each.
    """
    device = model.lm_head.weight.device
    lengths = [len(prompt) for prompt in prompts]
    ids_PT = np.zeros((len(prompts), max(lengths)), dtype=np.int64)
    for row, prompt in enumerate(prompts):
        ids_PT[row, : len(prompt)] = prompt
    positions_PT = torch.arange(max(lengths), device=device).expand(len(prompts), -1)
    prefix = Prefix()
    hidden_PTD = model(torch.from_numpy(ids_PT).to(device), positions_PT, None, prefix)
    last_P = torch.tensor(lengths, device=device) - 1
    return prefix, model.logits(hidden_PTD[torch.arange(len(prompts), device=device), last_P])


class Batch:
    """The slots and what is written in them."""

    def __init__(
        self,
        step: DecodeStep,
        cache: SlotCache,
        sampling: Sampling,
        requests: Iterable[Request],
        on_token: OnToken | None = None,
    ) -> None:
        """Queue the requests; nothing runs before the first `step`. `on_token` hears each token as it is drawn."""
        device, slots, room = cache.keys.device, cache.slots, sampling.max_new_tokens
        self._decode, self._cache, self._sampling = step, cache, sampling
        self._waiting = deque(sorted(requests, key=lambda request: -len(request.ids)))
        self._ready: deque[Ready] = deque()
        self._requests: list[Request | None] = [None] * slots
        self._used = 0
        self._on_token = on_token
        self._tokens_N = torch.zeros(slots, dtype=torch.int64, device=device)
        # Where each slot writes next, counted through the [N, M] blocks row by row.
        self._starts_N = torch.arange(slots, device=device) * room
        self._next_N = self._starts_N.clone()
        self._uniforms_NM = torch.zeros(slots, room, dtype=torch.float32, device=device)
        self._ids_NM = torch.zeros(slots, room, dtype=torch.int64, device=device)
        self._logprobs_NM = torch.zeros(slots, room, dtype=torch.float32, device=device)
        self._left = np.zeros(slots, dtype=np.int64)
        self._stops_V = np.zeros(step.config.vocab_size, dtype=bool)
        self._stops_V[[stop for stop in sampling.stop_ids if 0 <= stop < len(self._stops_V)]] = True

    @property
    def busy(self) -> bool:
        """Whether anything is being written or waits."""
        return bool(self._used or self._ready or self._waiting)

    @torch.inference_mode()
    def step(self) -> list[Reply]:
        """Write one token of every sequence in flight, then fill free slots; return the replies that ended."""
        replies = []
        if self._used:
            logits_BV = self._decode(self._tokens_N[: self._used], self._cache)
            replies = self._draw(logits_BV, list(range(self._used)))
        while (self._ready or self._waiting) and (free := self._free_slots()):
            replies += self._place(free)
        if replies:
            self._close_ranks()
        return replies

    def _free_slots(self) -> list[int]:
        return [slot for slot, request in enumerate(self._requests) if request is None]

    def _read_ahead(self) -> None:
        """Read the next group of waiting prompts of like length."""
        group: list[Request] = []
        prompts: list[Sequence[int]] = []
        rows: list[int] = []
        while self._waiting:
            request = self._waiting[0]
            if not group or request.prompt != group[-1].prompt:
                longest = len(group[0].ids) if group else len(request.ids)
                full = (len(prompts) + 1) * longest > READ_TOKENS or len(prompts) == self._cache.slots
                if group and (full or len(request.ids) < READ_SHARE * longest):
                    break
                prompts.append(request.ids)
            group.append(self._waiting.popleft())
            rows.append(len(prompts) - 1)
        prefix, logits_PV = read(self._decode.model, prompts)
        self._ready.extend(Ready(request, prefix, logits_PV, row) for request, row in zip(group, rows, strict=True))

    def _place(self, free: list[int]) -> list[Reply]:
        """Put sequences that were read into free slots and draw their first tokens; return those that end there."""
        if not self._ready:
            self._read_ahead()
        first = self._ready[0]
        placed: list[Ready] = []
        while self._ready and self._ready[0].prefix is first.prefix and len(placed) < len(free):
            placed.append(self._ready.popleft())
        slots, rows = free[: len(placed)], [ready.row for ready in placed]
        self._cache.place(slots, first.prefix, rows, [len(ready.request.ids) for ready in placed])
        into = torch.tensor(slots, device=self._tokens_N.device)
        steering = [self._uniforms(ready.request) for ready in placed]
        self._uniforms_NM[into] = torch.stack(steering).to(self._uniforms_NM)
        self._next_N[into] = self._starts_N[into]
        for slot, ready in zip(slots, placed, strict=True):
            self._requests[slot] = ready.request
            self._left[slot] = ready.request.limit
        self._used = max(self._used, slots[-1] + 1)
        return self._draw(first.logits[torch.tensor(rows, device=first.logits.device)], slots, into)

    def _uniforms(self, request: Request) -> Tensor:
        count = self._sampling.max_new_tokens
        if self._sampling.temperature == 0.0:
            return torch.zeros(count)
        return uniforms(self._sampling.seed, request.key, request.sample, count)

    def _draw(self, logits_nV: Tensor, slots: list[int], into: Tensor | None = None) -> list[Reply]:
        """Draw the next token of these slots (`into` is None when they are the first n), and end those complete."""
        where = slice(0, len(slots)) if into is None else into
        next_n = self._next_N[where]
        ids_n, logprobs_n = draw(logits_nV, self._uniforms_NM.view(-1)[next_n], self._sampling)
        self._ids_NM.view(-1)[next_n] = ids_n
        self._logprobs_NM.view(-1)[next_n] = logprobs_n
        self._tokens_N[where] = ids_n
        self._next_N[where] = next_n + 1
        self._left[slots] -= 1
        ids = ids_n.cpu().numpy()
        stopped_n = self._stops_V[ids]
        if self._on_token is not None:
            for slot, token in zip(slots, ids.tolist(), strict=True):
                request = self._requests[slot]
                assert request is not None
                self._on_token(request.prompt, request.sample, token)
        ended_n = stopped_n | (self._left[slots] <= 0)
        if not ended_n.any():
            return []
        return [self._end(slots[index], bool(stopped_n[index])) for index in np.flatnonzero(ended_n)]

    def _end(self, slot: int, stopped: bool) -> Reply:
        """Take a finished sequence out of its slot."""
        request = self._requests[slot]
        assert request is not None
        count = request.limit - int(self._left[slot])
        logprobs = self._logprobs_NM[slot, :count].tolist()
        if not all(map(math.isfinite, logprobs)):
            raise DivergenceError(
                "the model's next-token probabilities are not finite numbers",
                where=f"prompt {request.prompt}, sample {request.sample}",
                do="check the weights: training may have diverged; go back to the last good checkpoint",
            )
        self._requests[slot] = None
        return Reply(request, tuple(self._ids_NM[slot, :count].tolist()), tuple(logprobs), stopped)

    def _close_ranks(self) -> None:
        """Move the last sequences in use into free slots before them."""
        busy = [slot for slot in range(self._used) if self._requests[slot] is not None]
        if len(busy) == self._used:
            return
        targets = [slot for slot in range(len(busy)) if self._requests[slot] is None]
        sources = busy[len(busy) - len(targets) :]
        self._used = len(busy)
        if not targets:
            return
        self._cache.move(sources, targets)
        device = self._tokens_N.device
        from_n, into = torch.tensor(sources, device=device), torch.tensor(targets, device=device)
        for state in (self._tokens_N, self._uniforms_NM, self._ids_NM, self._logprobs_NM):
            state[into] = state[from_n]
        self._next_N[into] = self._next_N[from_n] - self._starts_N[from_n] + self._starts_N[into]
        self._left[targets] = self._left[sources]
        for source, target in zip(sources, targets, strict=True):
            self._requests[target], self._requests[source] = self._requests[source], None
