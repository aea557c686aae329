"""hh-rlhf-harmless dialogues to what both sides are given: token ids, a tokenizer folder and one set of weights."""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import dataclass
from pathlib import Path

import torch

from trivium.core.errors import SourceError
from trivium.core.seed import derive, stream
from trivium.model.config import ModelConfig
from trivium.model.decoder import LanguageModel, ScalarModel, initialise
from trivium.model.exchange import save_checkpoint
from trivium.text.tokenizer import Tokenizer
from trivium.text.train import TokenizerConfig

MAX_TOKENS = 512
BATCH = 8
SHAPE = ModelConfig(
    vocab_size=4096, hidden_size=224, intermediate_size=576, num_hidden_layers=4, num_attention_heads=7,
    num_key_value_heads=7, head_dim=32, max_position_embeddings=1024,
)  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """A prompt and the two replies people compared, as token ids; replies carry the end-of-turn token."""

    prompt: list[int]
    chosen: list[int]
    rejected: list[int]

    @property
    def num_tokens(self) -> int:
        """Real tokens of the two whole sequences, the prompt counted for each of them."""
        return 2 * len(self.prompt) + len(self.chosen) + len(self.rejected)


@dataclass(frozen=True)
class Inputs:
    """What both sides get."""

    pairs: list[Pair]
    tokenizer: Tokenizer
    folder: Path

    @property
    def language_folder(self) -> Path:
        """The language model, in the Hugging Face layout."""
        return self.folder / "language"

    @property
    def reward_folder(self) -> Path:
        """The reward model."""
        return self.folder / "reward"


def read_dialogues(folder: Path) -> list[tuple[str, str, str]]:
    """Return (prompt, chosen reply, rejected reply) of every row whose two dialogues differ in the last turn only."""
    files = sorted(folder.glob("*.jsonl.gz"))
    if not files:
        raise SourceError(
            "no hh-rlhf-harmless rows", where=str(folder), do="set TRIVIUM_DATA to the folder of data sets"
        )
    rows = []
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            rows += [json.loads(line) for line in lines]
    dialogues = []
    for row in rows:
        chosen, rejected = (row[key].rpartition("\n\nAssistant:") for key in ("chosen", "rejected"))
        if chosen[0] == rejected[0] and chosen[2].strip() and rejected[2].strip():
            dialogues.append((chosen[0] + chosen[1], chosen[2], rejected[2]))
    return dialogues


def prepare(folder: Path) -> Inputs:
    """Train the tokenizer, encode the dialogues of at most MAX_TOKENS tokens in a seeded order, write the weights."""
    data = Path(os.environ.get("TRIVIUM_DATA", "../shared/data"))
    dialogues = read_dialogues(data / "hh-rlhf-harmless")
    config = TokenizerConfig(method="bpe", vocab_size=SHAPE.vocab_size)
    tokenizer = Tokenizer.train((prompt + chosen for prompt, chosen, _ in dialogues), config)
    tokenizer.save(folder / "tokenizer")
    end = tokenizer.end_of_turn_id
    pairs = []
    for prompt, chosen, rejected in dialogues:
        ids = tokenizer.encode_batch([prompt, chosen, rejected])
        pairs.append(Pair([tokenizer.bos_id, *ids[0]], [*ids[1], end], [*ids[2], end]))
    pairs = [p for p in pairs if len(p.prompt) + max(len(p.chosen), len(p.rejected)) <= MAX_TOKENS]
    order = stream(0, "bench").permutation(len(pairs))
    model, reward = LanguageModel(SHAPE), ScalarModel(SHAPE)
    for name, made in (("language", model), ("reward", reward)):
        initialise(made, torch.Generator().manual_seed(derive(0, name)))
        save_checkpoint(folder / name, made, folder / "tokenizer")
    return Inputs([pairs[int(i)] for i in order], tokenizer, folder)
