"""A conversation to token ids with a loss mask: document start, then role token, content, end of turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from trivium.core.errors import InputError
from trivium.records import Message
from trivium.text.special import SpecialIds

CHAT_TEMPLATE = Path(__file__).with_name("chat_template.jinja").read_text(encoding="utf-8").rstrip("\n")
"""The same rule in Jinja with `{% generation %}` markers, saved beside each tokenizer for transformers, vLLM and
llama.cpp.

It differs from `chat_tokens` in one way only: those engines read a special token that somebody typed as that token; we
never do.
"""


@dataclass(frozen=True)
class ChatTokens:
    """Token ids, and for each whether the assistant wrote it (its content and its end of turn, nothing else)."""

    ids: list[int]
    loss_mask: list[bool]


def check_turns(messages: Sequence[Message], *, reply_follows: bool) -> None:
    """Refuse what is no conversation: an optional system message first, then user and assistant in turn, the user
    first.
    """
    roles = [message.role for message in messages]
    turns = roles[1:] if roles[:1] == ["system"] else roles
    wanted = ["user" if index % 2 == 0 else "assistant" for index in range(len(turns))]
    rule = "an optional system message at the start, then user and assistant in turn, the user first"
    if not turns:
        raise InputError(
            f"a chat needs at least one message of the user; found {roles or 'no message'}", do=f"give {rule}"
        )
    if turns != wanted:
        index = next(i for i, (found, want) in enumerate(zip(turns, wanted, strict=True)) if found != want)
        position = index + len(roles) - len(turns)
        raise InputError(
            f"message {position + 1} of {len(roles)} is the {turns[index]}'s where the {wanted[index]} must speak; "
            f"found roles {roles}",
            where=f"message {position + 1}: {messages[position].content[:60]!r}",
            do=f"give {rule}",
        )
    if reply_follows and turns[-1] == "assistant":
        raise InputError(
            "a reply must follow, but the last message is already the assistant's",
            where=f"message {len(roles)}: {messages[-1].content[:60]!r}",
            do="end the conversation with the user's message",
        )


def chat_tokens(
    messages: Sequence[Message], encode: Callable[[str], list[int]], ids: SpecialIds, *, reply_follows: bool
) -> ChatTokens:
    """Lay the turns out: `bos`, then for each turn role token, content, end of turn; `reply_follows` opens the
    assistant's turn.

    Each content is encoded by itself, so the ids of a conversation's first turns never depend on what follows (prefix-
    preserving).
    """
    check_turns(messages, reply_follows=reply_follows)
    role_ids = {"system": ids.system, "user": ids.user, "assistant": ids.assistant}
    out, loss_mask = [ids.bos], [False]
    for message in messages:
        content = [*encode(message.content), ids.end_of_turn]
        opening = role_ids[message.role]
        assert opening is not None, "callers check has_roles"
        out += [opening, *content]
        loss_mask += [False, *([message.role == "assistant"] * len(content))]
    if reply_follows:
        assert ids.assistant is not None, "callers check has_roles"
        out.append(ids.assistant)
        loss_mask.append(False)
    return ChatTokens(out, loss_mask)
