"""A finished model to what people do with it: completions, a talk, scores, and exchange with other tools."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from trivium.core.artifact import Artifact
from trivium.core.errors import ContextError, InputError, SourceError
from trivium.core.graph import Graph, Node
from trivium.core.log import EventLog
from trivium.core.runner import Runner
from trivium.core.storage import storage
from trivium.core.store import Store
from trivium.inference.engine import Engine
from trivium.inference.sampling import Sampling
from trivium.inference.score import reply_logprobs
from trivium.model.decoder import LanguageModel, ScalarModel
from trivium.model.exchange import FINGERPRINT, check_tokenizer, load_checkpoint, save_checkpoint
from trivium.model.huggingface import head_of
from trivium.model.weights import read_json
from trivium.records import Conversation, Message
from trivium.stages.imported import ImportConfig, imported, imported_reward
from trivium.text.stream import StreamDecoder
from trivium.text.tokenizer import Tokenizer
from trivium.training.batch import Tree
from trivium.training.language import Layout
from trivium.training.scores import score_trees

Row = dict[str, Any]


class Scored(BaseModel):
    """One row to score: a prompt (a text, or turns) and a reply. Other fields are kept out of the way."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    prompt: str | tuple[Message, ...]
    reply: str

    @property
    def messages(self) -> Conversation:
        """The prompt as turns."""
        return (Message(role="user", content=self.prompt),) if isinstance(self.prompt, str) else self.prompt


def generate(folder: Path, prompts: Sequence[str], sampling: Sampling, *, chat: bool = False, n: int = 1) -> list[Row]:
    """Return `n` completions of each prompt (or replies, through the chat template), one row each."""
    model, words = _language(folder)
    ids = [_chat_ids(words, prompt) if chat else [words.bos_id, *words.encode(prompt)] for prompt in prompts]
    stopping = sampling.model_copy(update={"stop_ids": _stops(words)})
    drawn = Engine(model).generate(ids, stopping, n=n)
    return [
        {
            "prompt": prompt,
            "sample": sample,
            "text": words.decode(one.ids),
            "num_tokens": len(one.ids),
            "stopped": one.stopped,
            "logprob": math.fsum(one.logprobs),
        }
        for prompt, replies in zip(prompts, drawn, strict=True)
        for sample, one in enumerate(replies)
    ]


@dataclass
class Talk:
    """A conversation with a model, turn by turn."""

    folder: Path
    sampling: Sampling
    turns: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Load the model once."""
        model, self._words = _language(self.folder)
        self._engine = Engine(model, max_batch=1)

    def say(self, text: str) -> Iterator[str]:
        """Say something; yield the reply piece by piece as it is written. A turn that no longer fits is not kept."""
        asked = [*self.turns, Message(role="user", content=text)]
        ids = self._words.chat(asked, reply_follows=True).ids
        sampling = self.sampling.model_copy(update={"stop_ids": _stops(self._words)})
        decoder = StreamDecoder(self._words)
        pieces: list[str] = []
        for token_id in self._engine.stream(ids, sampling):
            pieces.append(decoder.push(token_id))
            yield pieces[-1]
        pieces.append(decoder.finish())
        yield pieces[-1]
        self.turns = [*asked, Message(role="assistant", content="".join(pieces))]


def score(folder: Path, rows: Sequence[Scored]) -> list[Row]:
    """Return each row's score: a reward model's number, or a language model's log-probability of the reply in nats."""
    model = load_checkpoint(folder)
    words = Tokenizer.load(folder)
    check_tokenizer(folder, words)
    pairs = [(_conversation_ids(words, row.messages), [*words.encode(row.reply), words.end_of_turn_id]) for row in rows]
    if isinstance(model, LanguageModel):
        totals = [float(logprobs.sum()) for logprobs in reply_logprobs(model, pairs)]
        return [
            {"score": total, "name": "logprob", "num_tokens": len(reply), "per_token": total / len(reply)}
            for total, (_, reply) in zip(totals, pairs, strict=True)
        ]
    context = model.config.max_position_embeddings
    _refuse_longer(pairs, context)
    trees = [Tree(prompt=prompt, replies=(reply,), name=str(index)) for index, (prompt, reply) in enumerate(pairs)]
    assert isinstance(model, ScalarModel)
    found = score_trees(model, trees, Layout(context))
    return [
        {"score": value, "name": "reward", "num_tokens": len(r)} for [value], (_, r) in zip(found, pairs, strict=True)
    ]


def read_scored(file: Path, reject: Callable[[str], None]) -> list[Scored]:
    """Return the rows of a JSONL file; `reject` hears of each line that is none, and the rest goes on."""
    rows: list[Scored] = []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"cannot read the data: {error}", where=str(file)) from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            rows.append(Scored.model_validate_json(line))
        except ValidationError as error:
            first = error.errors()[0]
            reject(f"{file}:{number}: left out: {'.'.join(map(str, first['loc']))} {first['msg']}")
    if not rows:
        do = 'give lines like {"prompt": "…", "reply": "…"}'
        raise SourceError("no row with a prompt and a reply", where=str(file), do=do)
    return rows


def export(folder: Path, out: Path, form: Literal["hf"] = "hf") -> Path:
    """Write a model as a folder that transformers, vLLM and llama.cpp's converter open, whole or not at all."""
    if form != "hf":
        raise InputError(f"wanted the format hf, found {form}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError("wanted a folder that is new or empty", where=str(out), do="choose another with --out")
    words = Tokenizer.load(folder)
    draft = out.with_name(f".{out.name}.draft")
    with storage(out.parent):
        shutil.rmtree(draft, ignore_errors=True)
        try:
            save_checkpoint(draft, load_checkpoint(folder), folder, extra={FINGERPRINT: words.fingerprint})
            if out.exists():
                out.rmdir()
            draft.rename(out)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return out


def import_(path: Path, store: Store, *, name: str = "", licence: str = "unstated") -> Artifact:
    """Take a model made elsewhere into the store; it is called `imported/NAME` then."""
    config = ImportConfig(folder=path, licence=licence)
    config.gathered_files()
    head = head_of(read_json(path / "config.json"), str(path / "config.json"))
    taken = imported if head == "language" else imported_reward
    label = name or path.resolve().name
    if "/" in label or label.startswith("."):
        raise InputError(f"wanted a name without slashes and leading dots, found {label}", do="give --name")
    graph = Graph("imported", [Node(label, taken, config, {}, 0)])
    return Runner(store, EventLog()).run(graph, keep_others=True)[label]


def _language(folder: Path) -> tuple[LanguageModel, Tokenizer]:
    words = Tokenizer.load(folder)
    check_tokenizer(folder, words)
    return load_checkpoint(folder, head="language"), words


def _stops(words: Tokenizer) -> tuple[int, ...]:
    return tuple(sorted({words.end_of_turn_id, words.bos_id}))


def _chat_ids(words: Tokenizer, prompt: str) -> list[int]:
    return _conversation_ids(words, (Message(role="user", content=prompt),))


def _conversation_ids(words: Tokenizer, messages: Iterable[Message]) -> list[int]:
    return words.chat(tuple(messages), reply_follows=True).ids


def _refuse_longer(pairs: Sequence[tuple[list[int], list[int]]], context: int) -> None:
    for index, (prompt, reply) in enumerate(pairs):
        if len(prompt) + len(reply) > context:
            raise ContextError(
                f"wanted at most {context} tokens (the context), found {len(prompt)} + {len(reply)}",
                where=f"row {index}",
                do="shorten it or leave it out",
            )
