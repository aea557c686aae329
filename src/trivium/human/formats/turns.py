"""Lists of turns, as most formats spell them, into prompts and replies, and back; and what a row says beyond these.

What a row holds that no record has a field for is kept in the prompt's `attrs` under `+key`, as JSON, and written out
again by the same format. So a file that comes in and goes out again is the same, and nothing is dropped in silence.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any

from trivium.human.formats.rows import Flaw, Row
from trivium.records import Comparison, Conversation, Message, Prompt

KEPT = "+"
OF_PARTS = "+:"
"""Begins the attributes that belong into parts of a row, such as its turns."""
ROLES = ("system", "user", "assistant")
DEVELOPER = "developer"
"""What OpenAI calls the system's role since 2025; it comes in as `system` and goes out as it was."""


def kept(row: Row, known: Collection[str]) -> dict[str, str]:
    """Return the fields of a row beyond the known ones as attributes.

    >>> kept({"instruction": "Add.", "id": 7}, {"instruction"})
    {'+id': '7'}
    """
    return {KEPT + key: json.dumps(value, ensure_ascii=False) for key, value in row.items() if key not in known}


def restored(attrs: Mapping[str, str]) -> Row:
    """Return the fields that `kept` put away."""
    return {
        key.removeprefix(KEPT): json.loads(value)
        for key, value in attrs.items()
        if key.startswith(KEPT) and not key.startswith(OF_PARTS)
    }


def parts(attrs: Mapping[str, str], name: str) -> list[Row]:
    """Return what was put away for each of a row's parts of that name; empty where nothing was."""
    return list(json.loads(attrs.get(OF_PARTS + name, "[]")))


def kept_parts(name: str, extras: Sequence[Row]) -> dict[str, str]:
    """Return what parts of a row say beyond what is known as one attribute, or none where they say nothing."""
    return {OF_PARTS + name: json.dumps(extras, ensure_ascii=False)} if any(extras) else {}


def turns_of(value: object, name: str) -> tuple[Message, ...]:
    """Return [{role, content}] as turns; another shape or role is a flaw. Roles are never guessed by position."""
    if not isinstance(value, list) or not value:
        raise Flaw(f"wanted a list of turns in `{name}`")
    turns = []
    for number, turn in enumerate(value, start=1):
        if not isinstance(turn, dict):
            raise Flaw(f"turn {number} of `{name}` is no object")
        role, content = turn.get("role"), turn.get("content")
        role = "system" if role == DEVELOPER else role
        if role not in ROLES:
            raise Flaw(f"turn {number} of `{name}` is by {role!r}, wanted one of {', '.join(ROLES)}")
        if not isinstance(content, str):
            raise Flaw(f"turn {number} of `{name}` has no text")
        turns.append(Message(role=role, content=content))
    return tuple(turns)


def turn_extras(value: object, name: str = "turns") -> dict[str, str]:
    """Return what turns say beyond role and content (name, weight, tool calls) as one attribute, if anything."""
    assert isinstance(value, list)
    known = [{"content"} if turn["role"] == DEVELOPER else {"role", "content"} for turn in value]
    extras = [{key: turn[key] for key in turn if key not in own} for turn, own in zip(value, known, strict=True)]
    return kept_parts(name, extras)


def spelt(turns: Sequence[Message], extras: Sequence[Row] = ()) -> list[Row]:
    """Return turns as [{role, content}], each with what was put away for it."""
    more = extras if len(extras) == len(turns) else [{}] * len(turns)
    return [{"role": turn.role, "content": turn.content, **one} for turn, one in zip(turns, more, strict=True)]


def said(role: str, text: str) -> list[Row]:
    """Return one turn as a list."""
    return [{"role": role, "content": text}]


def split_last(turns: Sequence[Message], name: str) -> tuple[Conversation, str | None]:
    """Return (the turns of the prompt, the assistant's last turn or None where the assistant is to speak)."""
    if turns[-1].role != "assistant":
        return tuple(turns), None
    if len(turns) == 1:
        raise Flaw(f"`{name}` is only a reply, without a prompt")
    if turns[-2].role == "assistant":
        raise Flaw(f"`{name}` ends in two turns by the assistant")
    if not turns[-1].content.strip():
        raise Flaw(f"`{name}` ends in an empty reply")
    return tuple(turns[:-1]), turns[-1].content


def one_reply(value: object, name: str) -> str:
    """Return the text of a reply: a text, one turn by the assistant, or a list of one."""
    if isinstance(value, dict):
        value = [value]
    if isinstance(value, list):
        turns = turns_of(value, name)
        if len(turns) != 1 or turns[0].role != "assistant":
            raise Flaw(f"wanted one turn by the assistant in `{name}`")
        value = turns[0].content
    if not isinstance(value, str):
        raise Flaw(f"`{name}` is missing" if value is None else f"`{name}` is no text")
    if not value.strip():
        raise Flaw(f"`{name}` is empty")
    return value


def prompt_of(turns: Conversation, where: Mapping[str, Any], attrs: Mapping[str, str], kind: str = "") -> Prompt:
    """Make a prompt; one that ends with the assistant is a flaw."""
    if turns[-1].role == "assistant":
        raise Flaw("a prompt ends where the assistant speaks, but this one's last turn is the assistant's")
    if not turns[-1].content.strip():
        raise Flaw("the prompt is empty")
    return Prompt.of_messages(turns, attrs=dict(attrs), kind=kind, **where)


def two_of(prompt: Prompt, better: str, worse: str, ranker: str) -> Comparison:
    """Make a comparison of a chosen and a rejected reply."""
    if better == worse:
        raise Flaw("both replies are the same text")
    return Comparison(prompt=prompt, replies=(better, worse), ranks=(1, 2), ranker=ranker)


def pairs_of(comparison: Comparison) -> list[tuple[int, int]]:
    """Return the places (better, worse) of all replies that the order tells apart; ties and equal texts give none."""
    places = range(len(comparison.replies))
    ranks, replies = comparison.ranks, comparison.replies
    found = [(a, b) for a in places for b in places if ranks[a] < ranks[b] and replies[a] != replies[b]]
    if not found:
        raise Flaw("a tie makes no pair")
    return found


def only_turns(prompt: Prompt, name: str) -> str:
    """Return the text of a prompt that is one turn by the user; another is a flaw."""
    if len(prompt.messages) != 1 or prompt.messages[0].role != "user":
        raise Flaw(f"{name} holds one question by the user, no dialogue")
    return prompt.text


ABOUT_REPLIES = {"overall", "order", "solution", "step", "steps", "rating", "red_team_member_id"}
"""Attributes by which formats remember what a row said of its replies."""


def asked_alone(prompt: Prompt) -> Prompt:
    """Return a prompt without what its row said beyond it: of its replies, and of the row as a whole. New replies to it
    are none of that.
    """
    attrs = {key: one for key, one in prompt.attrs.items() if not key.startswith(KEPT) and key not in ABOUT_REPLIES}
    return prompt if attrs == prompt.attrs else prompt.model_copy(update={"attrs": attrs})


def identified(row: Row, prompt: Prompt) -> Prompt:
    """Return the prompt with the row's `id` put away, unless it is the one that we gave it ourselves."""
    if row.get("id") in (None, prompt.id):
        return prompt
    return prompt.model_copy(update={"attrs": prompt.attrs | {KEPT + "id": json.dumps(row["id"])}})


def same_replies(record: Any) -> Hashable:
    """Return what several people's answers to one prompt share: the prompt, and the replies where there are some."""
    prompt = record if isinstance(record, Prompt) else record.prompt
    return (prompt.id, record.replies if isinstance(record, Comparison) else None)
