"""A foreign chat template and a conversation to the text it writes, with the spans that the assistant wrote.

The template is somebody else's program: it runs in Jinja's immutable sandbox, with no loader and no access to Python's
insides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn, cast

import jinja2
import jinja2.ext
import jinja2.sandbox
from jinja2 import nodes, parser

from trivium.core.errors import CheckpointError, InputError
from trivium.records import Message

_MARKS = [chr(code) for code in range(0xF0000, 0xF0100)]  # private use: means nothing, survives every filter


@dataclass(frozen=True)
class Rendered:
    """What a template wrote, and the half-open character spans inside its `{% generation %}` blocks."""

    text: str
    spans: list[tuple[int, int]]


class _RefusedError(Exception):
    """What `raise_exception` in a template raises."""


class _Generation(jinja2.ext.Extension):
    """`{% generation %} … {% endgeneration %}`: keeps its contents, between two marks that are found again after
    rendering.
    """

    tags = {"generation"}  # noqa: RUF012 - the name and kind are Jinja's

    def parse(self, parser: parser.Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_mark"), [], [], body).set_lineno(line)

    def _mark(self, caller: Callable[[], str]) -> str:
        opening, closing = cast("tuple[str, str]", self.environment.globals["trivium_marks"])
        return f"{opening}{caller()}{closing}"


def _refuse(message: str) -> NoReturn:
    raise _RefusedError(message)


def _to_json(value: Any, indent: int | None = None, **options: Any) -> str:
    """Write JSON as chat templates expect it: characters as they are, nothing escaped for HTML."""
    return json.dumps(value, ensure_ascii=False, indent=indent, **options)


def free_marks(texts: Sequence[str], count: int) -> list[str]:
    """Return that many private-use characters which occur in none of the texts."""
    used = set().union(*texts) if texts else set()
    free = [mark for mark in _MARKS if mark not in used]
    if len(free) < count:
        raise InputError(f"the texts use too many private-use characters: {count} free ones wanted, {len(free)} left")
    return free[:count]


class ChatTemplate:
    """A compiled template; `render` writes a conversation."""

    def __init__(self, source: str, tokens: Mapping[str, str], *, where: str) -> None:
        """Compile; `tokens` are the named special tokens (`bos_token`, …) that templates may write."""
        environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, "jinja2.ext.loopcontrols"]
        )
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _refuse
        environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
        self._environment = environment
        self._tokens = dict(tokens)
        self._source = source
        self._where = where
        try:
            self._template = environment.from_string(source)
        except jinja2.TemplateSyntaxError as error:
            raise CheckpointError(
                f"the chat template is not valid Jinja: {error}", where=where, do="repair the template"
            ) from error

    def render(self, messages: Sequence[Message], *, reply_follows: bool) -> Rendered:
        """Write the conversation; InputError with the template's own words where it refuses the messages."""
        marks = free_marks([self._source, *(message.content for message in messages)], 2)
        self._environment.globals["trivium_marks"] = tuple(marks)
        dumped = [{"role": message.role, "content": message.content} for message in messages]
        try:
            text = self._template.render(messages=dumped, add_generation_prompt=reply_follows, **self._tokens)
        except _RefusedError as error:
            raise InputError(
                f"the chat template refuses these messages: {error}", where=self._where, do="change the messages"
            ) from error
        except jinja2.TemplateError as error:
            raise CheckpointError(
                f"the chat template fails: {error}", where=self._where, do="repair the template"
            ) from error
        return _strip_marks(text, marks[0], marks[1])


def _strip_marks(text: str, opening: str, closing: str) -> Rendered:
    """Take the marks out and return where they stood.

    >>> _strip_marks("ab<cd>e", "<", ">")
    Rendered(text='abcde', spans=[(2, 4)])
    """
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    length = 0
    for index, part in enumerate(text.split(opening)):
        inside, closed, outside = part.partition(closing) if index else ("", "", part)
        if closed:
            spans.append((length, length + len(inside)))
        pieces.append(inside + outside)
        length += len(inside) + len(outside)
    return Rendered("".join(pieces), spans)
