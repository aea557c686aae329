"""Turns Open-Assistant message trees into comparisons of sibling replies and demonstrations along the best-ranked
paths.

A rank there starts at 0 for the best; here it starts at 1. A tree may have many rankers whose orders are published
merged, so each comparison carries one ranker, the consensus.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trivium.human.formats.rows import Flaw, Reject, Row, find_files, read_records, text_of
from trivium.records import Comparison, Demonstration, Message, Prompt

SOURCE, LICENCE, RANKER = "oasst", "Apache-2.0", "oasst-consensus"
ROLES = {"prompter": "user", "assistant": "assistant"}
Turns = tuple[Message, ...]


def comparisons(path: Path) -> Iterator[Comparison | Reject]:
    """Yield one comparison per prompter message with two ranked replies or more; path is a file or a folder."""
    for file in find_files(path, "*.jsonl", "*.jsonl.gz"):
        yield from read_records(file, _comparisons_of)


def demonstrations(path: Path) -> Iterator[Demonstration | Reject]:
    """Yield the best reply to each prompter message reached through best replies only; path is a file or a folder.

    A reply written by a model is no demonstration and is rejected with that reason; the path goes on through it.
    """
    for file in find_files(path, "*.jsonl", "*.jsonl.gz"):
        yield from read_records(file, _demonstrations_of)


def _comparisons_of(tree: Row) -> Iterator[Comparison | Flaw]:
    for turns, node in _asked(_root(tree), (), best_only=False):
        replies = _replies(node)
        ranked = [reply for reply in replies if isinstance(reply.get("rank"), int)]
        if len(ranked) < 2:
            continue  # nothing to compare
        if len(ranked) < len(replies):
            yield Flaw(
                f"{len(replies) - len(ranked)} of {len(replies)} replies to {node.get('message_id')} have no rank"
            )
        # Published best first; by id their place says nothing about their rank.
        ranked.sort(key=lambda reply: str(reply.get("message_id")))
        yield Comparison(
            prompt=_prompt(tree, turns),
            replies=tuple(text_of(reply, "text") for reply in ranked),
            ranks=tuple(reply["rank"] + 1 for reply in ranked),
            ranker=RANKER,
        )


def _demonstrations_of(tree: Row) -> Iterator[Demonstration | Flaw]:
    for turns, node in _asked(_root(tree), (), best_only=True):
        best = _best(node)
        if best is None:
            continue  # a question nobody answered
        if best.get("synthetic"):
            author = best.get("model_name", "unnamed")
            yield Flaw(f"the best reply {best.get('message_id')} was written by a model ({author})")
            continue
        yield Demonstration(
            prompt=_prompt(tree, turns), reply=text_of(best, "text"), language=str(best.get("lang", "en"))
        )


def _root(tree: Row) -> Row:
    root = tree.get("prompt")
    if not isinstance(root, dict) or root.get("role") != "prompter":
        raise Flaw("wanted a tree whose `prompt` is a prompter's message")
    return root


def _replies(node: Row) -> list[Row]:
    """Return the replies by the assistant that were neither deleted nor turned down in review."""
    return [
        reply
        for reply in node.get("replies") or []
        if reply.get("role") == "assistant" and not reply.get("deleted") and reply.get("review_result") is not False
    ]


def _best(node: Row) -> Row | None:
    """Return the best-ranked reply, the only one where there is no rank, or None."""
    replies = _replies(node)
    ranked = [reply for reply in replies if isinstance(reply.get("rank"), int)]
    if ranked:
        return min(ranked, key=lambda reply: reply["rank"])
    return replies[0] if len(replies) == 1 else None


def _asked(node: Row, before: Turns, *, best_only: bool) -> Iterator[tuple[Turns, Row]]:
    """Yield (conversation up to and with the prompter's message, its node), depth first."""
    turns = (*before, Message(role="user", content=text_of(node, "text")))
    yield turns, node
    best = _best(node)
    for reply in [best] if best_only and best else [] if best_only else _replies(node):
        answered = (*turns, Message(role="assistant", content=text_of(reply, "text")))
        for child in reply.get("replies") or []:
            if child.get("role") == "prompter" and not child.get("deleted"):
                yield from _asked(child, answered, best_only=best_only)


def _prompt(tree: Row, turns: Turns) -> Prompt:
    group = {"group": str(tree.get("message_tree_id", ""))}
    return Prompt.of_messages(turns, origin="dataset", source=SOURCE, licence=LICENCE, attrs=group)
