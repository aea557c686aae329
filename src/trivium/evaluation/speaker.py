"""A model and its tokenizer to replies: asked as an assistant through the chat template, or as a base with plain
text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trivium.inference.engine import Engine, Generated
from trivium.inference.sampling import Sampling
from trivium.model.decoder import LanguageModel
from trivium.model.exchange import load_checkpoint
from trivium.records import Conversation
from trivium.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class Spoken:
    """What a model said: text, tokens, whether it ended by itself."""

    text: str
    prompt_ids: tuple[int, ...]
    ids: tuple[int, ...]
    stopped: bool


class Speaker:
    """One model that can be asked many things at once.

    A base model never saw the chat template, so it is asked in plain text: the user's words, then a line break. Its
    reply ends by
    itself where it begins a new document.
    """

    def __init__(self, name: str, folder: Path, device: str, *, chat: bool) -> None:
        """Load the checkpoint; `chat` says whether it is asked through the chat template."""
        self.name = name
        self.chat = chat
        self.words = Tokenizer.load(folder)
        model = load_checkpoint(folder, head="language")
        assert isinstance(model, LanguageModel)
        self.model = model.to(device)
        self.engine = Engine(self.model, max_batch=256)

    def ask(self, prompts: Sequence[Conversation], sampling: Sampling, keys: Sequence[str]) -> list[Spoken]:
        """Return one reply to each conversation."""
        if self.chat:
            ids = [tuple(self.words.chat(messages, reply_follows=True).ids) for messages in prompts]
        else:
            texts = ["\n".join(message.content for message in messages) + "\n" for messages in prompts]
            ids = [self._plain(text) for text in texts]
        return self._say(ids, sampling, keys)

    def complete(self, texts: Sequence[str], sampling: Sampling, keys: Sequence[str]) -> list[Spoken]:
        """Return a continuation of each plain text."""
        return self._say([self._plain(text) for text in texts], sampling, keys)

    def _plain(self, text: str) -> tuple[int, ...]:
        return (self.words.bos_id, *self.words.encode(text))

    def _say(self, ids: list[tuple[int, ...]], sampling: Sampling, keys: Sequence[str]) -> list[Spoken]:
        stops = (self.words.end_of_turn_id, self.words.bos_id)
        drawn = self.engine.generate(ids, sampling.model_copy(update={"stop_ids": stops}), keys=keys)
        return [self._spoken(prompt, row[0]) for prompt, row in zip(ids, drawn, strict=True)]

    def _spoken(self, prompt: tuple[int, ...], one: Generated) -> Spoken:
        return Spoken(self.words.decode(one.ids), prompt, one.ids, one.stopped)
