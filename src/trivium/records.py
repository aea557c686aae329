"""Every noun of the road on one page: what a document, a prompt, a demonstration, a comparison … is.

All records are frozen and serialise to one JSON object a line; `read_records` and `write_records` do so. Nothing else
here
computes: the rooms that do import from here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from trivium.core.errors import SourceError
from trivium.core.words import count_words

Role = Literal["system", "user", "assistant"]
TaskType = Literal[
    "generation",
    "brainstorming",
    "open_qa",
    "rewriting",
    "summarization",
    "open_classification",
    "closed_classification",
    "closed_qa",
    "extraction",
    "chain_of_thought",
]
PromptType = Literal["instructive", "continuation", "in_context"]
PromptLength = Literal["short", "medium", "long"]
ResponseType = Literal["one_word", "short_phrase", "single_sentence", "descriptive"]
Origin = Literal["primer", "writer", "dataset", "user"]


def content_id(*parts: str) -> str:
    """Return the first 20 hexadecimal digits of the SHA-256 of the parts, each preceded by its length.

    >>> content_id("ab", "c") != content_id("a", "bc")
    True
    """
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()[:20]


def prompt_length(text: str) -> PromptLength:
    """Bucket a prompt by its words: short < 100, medium 100 to 500, long > 500.

    >>> prompt_length("word " * 100)
    'medium'
    """
    num_words = count_words(text)
    return "short" if num_words < 100 else "medium" if num_words <= 500 else "long"


class Record(BaseModel):
    """A frozen noun; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Document(Record):
    """A text with id (content hash), source and licence."""

    id: str
    text: str
    source: str
    licence: str = "unstated"
    group: str = ""
    """What must stay on one side of a split: the whole that this is a piece of. Empty where it is a whole itself."""
    url: str = ""
    """Where it was published, empty where that is not known."""

    @classmethod
    def of(cls, text: str, *, source: str, licence: str = "unstated", group: str = "") -> Document:
        """Make a document whose id is the hash of its text."""
        return cls(id=content_id(text), text=text, source=source, licence=licence, group=group)


class Message(Record):
    """One turn of a conversation."""

    role: Role
    content: str


Conversation = tuple[Message, ...]


class Prompt(Record):
    """A conversation that ends where the assistant must speak; with origin and split."""

    id: str
    messages: Conversation = Field(min_length=1)
    origin: Origin
    source: str
    licence: str = "unstated"
    split: Literal["train", "dev", "test"] = "train"
    kind: str = ""
    """What is asked, in the source's own words: a task type, `harmful`, `benign`, `honesty` …"""
    attrs: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _assistant_speaks_next(self) -> Prompt:
        if self.messages[-1].role == "assistant":
            raise ValueError("a prompt must end where the assistant speaks, but its last message is the assistant's")
        return self

    @classmethod
    def of(cls, text: str, **fields: Any) -> Prompt:
        """Make a one-turn prompt from the user's text; the id is the hash of its messages."""
        return cls.of_messages((Message(role="user", content=text),), **fields)

    @classmethod
    def of_messages(cls, messages: Conversation, **fields: Any) -> Prompt:
        """Make a prompt from turns; the id is the hash of its messages."""
        return cls(
            id=content_id(*(part for m in messages for part in (m.role, m.content))), messages=messages, **fields
        )

    @property
    def text(self) -> str:
        """The last user's text: the whole prompt where it has one turn."""
        return self.messages[-1].content


class Demonstration(Record):
    """A prompt and the reply a person wrote, with annotations and the guideline version."""

    prompt: Prompt
    reply: str
    task_type: TaskType | None = None
    prompt_type: PromptType | None = None
    domain: str | None = None
    response_type: ResponseType | None = None
    scene_setting: bool = False
    constraint: bool = False
    persona: bool = False
    language: str = "en"
    writer: str | None = None
    guideline: str | None = None

    @property
    def prompt_length(self) -> PromptLength:
        """The length bucket of the prompt's words."""
        return prompt_length(" ".join(m.content for m in self.prompt.messages))


class Comparison(Record):
    """One prompt, K replies, and one person's order over them: `ranks[i]` is the rank of `replies[i]`, 1 best, ties
    allowed.
    """

    prompt: Prompt
    replies: tuple[str, ...] = Field(min_length=2)
    ranks: tuple[int, ...]
    ranker: str
    scores: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    flags: tuple[tuple[str, ...], ...] = ()
    none_acceptable: bool = False
    guideline: str | None = None

    @model_validator(mode="after")
    def _every_reply_ranked_once(self) -> Comparison:
        if len(self.ranks) != len(self.replies):
            raise ValueError(
                f"wanted one rank per reply, found {len(self.ranks)} ranks for {len(self.replies)} replies"
            )
        if min(self.ranks) < 1:
            raise ValueError(f"ranks start at 1 (best), found {min(self.ranks)}")
        return self


class Judgement(Record):
    """One reply marked desirable or not, or a guard decision confirmed or overturned."""

    prompt: Prompt
    reply: str
    desirable: bool
    judge: str
    reason: str = ""


class Rollout(Record):
    """What one policy did once: prompt and reply token ids, behaviour log-probs (nats per token), whether it ended by
    itself.
    """

    prompt_id: str
    prompt_ids: tuple[int, ...]
    reply_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    stopped: bool
    score: float | None = None


class Score(Record):
    """A number with name and reason; higher is better."""

    name: str
    value: float
    reason: str = ""


class Finding(Record):
    """An attack, the reply that broke a rule, the category, the severity, the reviewer."""

    attack: str
    prompt: Prompt
    reply: str
    category: str
    severity: Literal["low", "medium", "high"]
    reviewer: str | None = None


class Measure(Record):
    """A number that may be printed: value with n and a 95 % interval; `undefined` says why there is no value."""

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    undefined: str | None = None


R = TypeVar("R", bound=BaseModel)


def write_records(path: Path, rows: Iterable[BaseModel]) -> int:
    """Write one JSON object a line; return how many. Fields at their default are left out."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(row.model_dump_json(exclude_defaults=True) + "\n")
            count += 1
    return count


def read_records(path: Path, kind: type[R]) -> Iterator[R]:
    """Yield the records of a file that Trivium wrote; a missing file yields none, a broken line raises SourceError."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield kind.model_validate_json(line)
            except ValidationError as error:
                first = error.errors()[0]
                place = ".".join(map(str, first["loc"])) or "line"
                raise SourceError(
                    f"wanted a {kind.__name__}, found a line that is none: {place}: {first['msg']}",
                    where=f"{path}:{number}",
                    do="mend or remove the line",
                ) from error
