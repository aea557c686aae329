"""Prompts to sampled replies with their log-probabilities, many at once, from a model in this process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trivium.core.errors import ContextError, DivergenceError
from trivium.inference.batch import Batch, OnToken, Request
from trivium.inference.cache import SlotCache
from trivium.inference.sampling import Sampling
from trivium.inference.step import DecodeStep
from trivium.model.decoder import LanguageModel


@dataclass(frozen=True, slots=True)
class Generated:
    """One reply: its tokens (the stop token included when `stopped`) and the log-probability of each.

    Not `stopped` means cut: by `max_new_tokens` or by the end of the context.
    """

    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    stopped: bool


class Engine:
    """Writes replies with a model. Weights are read anew at each call, so they may change between calls.

    What a sequence draws depends on its prompt, key, sample index and the sampling only, up to rounding: matrix
    products of other batch sizes differ in the last bits of a float, which matters only where two tokens are that close
    to a tie.
    Beside the cache (`cache_bytes`), it keeps a second copy of the weights, joined for speed.
    """

    def __init__(self, model: LanguageModel, *, max_batch: int = 64, max_tokens: int | None = None) -> None:
        """Serve at most `max_batch` sequences at once, of `max_tokens` tokens (default: the model's context) each."""
        self.model = model
        self.max_batch = max_batch
        self.max_tokens = max_tokens or model.config.max_position_embeddings
        self._cache: SlotCache | None = None
        self._step = DecodeStep(model, self.max_tokens)

    @property
    def cache_bytes(self) -> int:
        """Memory of the keys and values kept from the last call for the next one."""
        return self._cache.bytes if self._cache else 0

    def generate(
        self,
        prompts: Sequence[Sequence[int]],
        sampling: Sampling,
        *,
        n: int = 1,
        keys: Sequence[str] | None = None,
        on_token: OnToken | None = None,
    ) -> list[list[Generated]]:
        """Return `n` replies for each prompt, in the order of the prompts.

        `keys` name the prompts' random streams (default: a prompt's own tokens, and how often they came before);
        `on_token(prompt, sample, id)` hears each token as it is drawn. A prompt that is empty or longer than the
        context is refused before anything runs; one that fills it gets an empty reply.
        """
        self._check(prompts)
        names = list(keys) if keys is not None else _names(prompts)
        assert len(names) == len(prompts), "one key a prompt"
        empty = Generated((), (), False)
        replies = [[empty] * n for _ in prompts]
        requests = []
        for index, (ids, key) in enumerate(zip(prompts, names, strict=True)):
            limit = min(sampling.max_new_tokens, self.max_tokens - len(ids))
            if limit:
                requests += [Request(index, sample, key, ids, limit) for sample in range(n)]
        if not requests:
            return replies
        self._step.refresh()
        batch = Batch(self._step, self._reserve(requests), sampling, requests, on_token)
        try:
            while batch.busy:
                for reply in batch.step():
                    request = reply.request
                    replies[request.prompt][request.sample] = Generated(reply.ids, reply.logprobs, reply.stopped)
        except DivergenceError:
            self._cache = None  # it holds what is not a number, and a masked NaN is still a NaN
            raise
        return replies

    def stream(self, prompt: Sequence[int], sampling: Sampling) -> Iterator[int]:
        """Yield the tokens of one reply as they are drawn: the same ones that `generate` returns for this prompt."""
        self._check([prompt])
        limit = min(sampling.max_new_tokens, self.max_tokens - len(prompt))
        if not limit:
            return
        requests = [Request(0, 0, _names([prompt])[0], prompt, limit)]
        drawn: list[int] = []
        # A cache of its own: another call may come between two tokens.
        cache = SlotCache(self.model.config, *self._needs(requests), self.model.lm_head.weight.detach())
        self._step.refresh()
        batch = Batch(self._step, cache, sampling, requests, lambda _prompt, _sample, token: drawn.append(token))
        while batch.busy:
            batch.step()
            yield from drawn
            drawn.clear()

    def _check(self, prompts: Sequence[Sequence[int]]) -> None:
        for index, prompt in enumerate(prompts):
            if not 1 <= len(prompt) <= self.max_tokens:
                raise ContextError(
                    f"a prompt must have 1 to {self.max_tokens} tokens (the context), found {len(prompt)}",
                    where=f"prompt {index}",
                    do="shorten the prompt" if prompt else "begin the prompt with the document-start token",
                )

    def _reserve(self, requests: Sequence[Request]) -> SlotCache:
        """Return the kept cache when it is large enough and of the model's type and device, else a new one."""
        like = self.model.lm_head.weight
        slots, capacity = self._needs(requests)
        kept = self._cache
        if (
            kept is None
            or kept.slots < slots
            or kept.capacity < capacity
            or kept.keys.dtype != like.dtype
            or kept.keys.device != like.device
        ):
            self._cache = kept = None  # the old one's memory goes before the new one's comes
            self._cache = kept = SlotCache(self.model.config, slots, capacity, like.detach())
        return kept

    def _needs(self, requests: Sequence[Request]) -> tuple[int, int]:
        """Return how many slots, and of what capacity, these requests fill."""
        return min(self.max_batch, len(requests)), max(len(request.ids) + request.limit for request in requests)


def _names(prompts: Sequence[Sequence[int]]) -> list[str]:
    """Name each prompt after its tokens, so that its draws do not depend on its place; equal prompts are counted.

    >>> _names([[5, 6], [7], [5, 6]])
    ['5 6#0', '7#0', '5 6#1']
    """
    seen: Counter[str] = Counter()
    names = []
    for prompt in prompts:
        text = " ".join(map(str, prompt))
        names.append(f"{text}#{seen[text]}")
        seen[text] += 1
    return names
