"""Turns Open-Assistant message trees into comparisons of sibling replies and demonstrations along the best-ranked
paths, and back.

A rank there starts at 0 for the best; here it starts at 1. Where the orders of single people are published (ranking
events of a message), each is a comparison; else the merged ranks are one, by `oasst-consensus`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from trivium.human.formats.format import Format, Provenance
from trivium.human.formats.oasst_tree import (
    RANKER,
    TREE_STATE,
    flattened,
    gathered,
    message_extras,
    tree_id,
    tree_key,
    trees_of,
)
from trivium.human.formats.rows import Flaw, Row, exact_text, list_of, objects_of
from trivium.human.formats.turns import kept_parts, prompt_of
from trivium.human.rubrics import competition_ranks
from trivium.records import Comparison, Demonstration, Message, Prompt, Record

SOURCE, LICENCE = "oasst", "Apache-2.0"
Turns = tuple[Message, ...]
Way = tuple[Row, ...]
"""The messages from the first to one, in the order they were said."""
Convert = Callable[[Row, Provenance], Iterator[Record | Flaw]]


def comparisons_of(tree: Row, said: Provenance) -> Iterator[Comparison | Flaw]:
    """Yield the comparisons of a tree: one per prompter's message with two ranked replies or more, and per person."""
    for turns, way in _asked(_root(tree), (), (), best_only=False):
        node = way[-1]
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
        names = [str(reply.get("message_id")) for reply in ranked]
        single = list(_single_orders(node, names))
        prompt = _prompt(tree, turns, _kept(tree, way, ranked, with_rank=_merged_otherwise(single, ranked)), said)
        texts = tuple(exact_text(reply, "text") for reply in ranked)
        for person, ranks, none in single:
            yield Comparison(prompt=prompt, replies=texts, ranks=ranks, ranker=person, none_acceptable=none)
        if not single:
            ranks = tuple(reply["rank"] + 1 for reply in ranked)
            yield Comparison(prompt=prompt, replies=texts, ranks=ranks, ranker=RANKER)


def _single_orders(node: Row, names: list[str]) -> Iterator[tuple[str, tuple[int, ...], bool]]:
    """Yield (person, ranks of the named replies, whether none was acceptable) of ranking events that name exactly
    these replies.
    """
    events = node.get("events")
    for event in objects_of(events.get("ranking"), "events.ranking") if isinstance(events, dict) else []:
        order = list(map(str, list_of(event.get("ranked_message_ids"), "ranked_message_ids")))
        if event.get("user_id") and sorted(order) == sorted(names):
            ranks = competition_ranks([order.index(name) for name in names])
            yield str(event["user_id"]), ranks, bool(event.get("not_rankable"))


def demonstrations_of(tree: Row, said: Provenance) -> Iterator[Demonstration | Flaw]:
    """Yield the best reply to each prompter message reached through best replies only.

    A reply written by a model is no demonstration and is rejected with that reason; the path goes on through it.
    """
    for turns, way in _asked(_root(tree), (), (), best_only=True):
        best = _best(way[-1])
        if best is None:
            continue  # a question nobody answered
        if best.get("synthetic"):
            author = best.get("model_name", "unnamed")
            yield Flaw(f"the best reply {best.get('message_id')} was written by a model ({author})")
            continue
        yield Demonstration(
            prompt=_prompt(tree, turns, _kept(tree, way, [best | {"lang": "en"}], with_rank=True), said),
            reply=exact_text(best, "text"),
            language=str(best.get("lang", "en")),
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
        for reply in objects_of(node.get("replies"), "replies")
        if reply.get("role") == "assistant" and not reply.get("deleted") and reply.get("review_result") is not False
    ]


def _best(node: Row) -> Row | None:
    """Return the best-ranked reply, the only one where there is no rank, or None."""
    replies = _replies(node)
    ranked = [reply for reply in replies if isinstance(reply.get("rank"), int)]
    if ranked:
        return min(ranked, key=lambda reply: reply["rank"])
    return replies[0] if len(replies) == 1 else None


def _asked(node: Row, before: Turns, way: Way, *, best_only: bool) -> Iterator[tuple[Turns, Way]]:
    """Yield (conversation up to and with the prompter's message, the nodes of its turns), depth first."""
    turns, way = (*before, Message(role="user", content=exact_text(node, "text"))), (*way, node)
    yield turns, way
    best = _best(node)
    for reply in [best] if best_only and best else [] if best_only else _replies(node):
        answered = (*turns, Message(role="assistant", content=exact_text(reply, "text")))
        for child in objects_of(reply.get("replies"), "replies"):
            if child.get("role") == "prompter" and not child.get("deleted"):
                yield from _asked(child, answered, (*way, reply), best_only=best_only)


def _merged_otherwise(single: Sequence[tuple[str, tuple[int, ...], bool]], replies: Sequence[Row]) -> bool:
    """Say whether the publisher made other ranks of the single orders than their sums give."""
    sums = [sum(ranks[place] for _, ranks, _ in single) for place in range(len(replies))]
    return bool(single) and [one["rank"] for one in replies] != [sum(other < own for other in sums) for own in sums]


def _kept(tree: Row, way: Way, replies: Sequence[Row], *, with_rank: bool) -> dict[str, str]:
    """Return what a tree and its messages say beyond their texts."""
    more = {key: one for key, one in tree.items() if key not in {"message_tree_id", "prompt"}}
    attrs = kept_parts("tree", [{key: one for key, one in more.items() if (key, one) != TREE_STATE}])
    extras, name = [message_extras(node) for node in way], str(tree.get("message_tree_id"))
    if re.fullmatch(re.escape(name) + r"(\.[0-9]+)?", str(way[0].get("message_id"))):
        extras[0].pop("message_id", None)  # as it would be named here
    attrs |= kept_parts("turns", extras)
    attrs |= kept_parts("replies", [message_extras(node, with_rank=with_rank) for node in replies])
    language = way[-1].get("lang")
    return attrs | ({"language": language} if isinstance(language, str) and language not in ("", "en") else {})


def _prompt(tree: Row, turns: Turns, attrs: dict[str, str], said: Provenance) -> Prompt:
    name = str(tree.get("message_tree_id", ""))
    group = {} if name == tree_id(turns[0].content) else {"group": name}
    return prompt_of(turns, said.of(SOURCE, LICENCE), group | attrs)


def _of_trees(convert: Convert, rows: Sequence[Row], said: Provenance) -> Iterator[Record | Flaw]:
    for tree in rows:
        yield from convert(tree, said)


def _of_messages(convert: Convert, rows: Sequence[Row], said: Provenance) -> Iterator[Record | Flaw]:
    for tree in gathered(rows):
        yield from convert(tree, said)


def _is_tree(row: Row) -> float:
    return 1.0 if "message_tree_id" in row and isinstance(row.get("prompt"), dict) else 0.0


def _is_message(row: Row) -> float:
    return 1.0 if {"message_tree_id", "message_id", "text", "role"} <= row.keys() else 0.0


def _formats() -> Iterator[Format]:
    kinds: tuple[tuple[str, str, type[Record], Convert], ...] = (
        ("", "ranked replies", Comparison, comparisons_of),
        ("-demonstrations", "best replies", Demonstration, demonstrations_of),
    )
    lost = ("system turns", "ties of single people", "scores and flags", "licence and consent", "guideline version")
    for ending, title, noun, convert in kinds:

        def read(rows: Sequence[Row], said: Provenance, convert: Convert = convert) -> Iterator[Record | Flaw]:
            return _of_trees(convert, rows, said)

        def read_flat(rows: Sequence[Row], said: Provenance, convert: Convert = convert) -> Iterator[Record | Flaw]:
            return _of_messages(convert, rows, said)

        yield Format(
            name=f"oasst{ending}",
            title=f"Open-Assistant trees: {title}",
            holds=(noun,),
            to_records=read,
            to_rows=trees_of,
            likeness=_is_tree,
            record_key=tree_key,
            cannot_hold=lost,
            suffixes=(".jsonl.gz", ".jsonl"),
            one_source=True,
        )
        yield Format(
            name=f"oasst-messages{ending}",
            title=f"Open-Assistant messages: {title}",
            holds=(noun,),
            to_records=read_flat,
            to_rows=lambda records: [row for tree in trees_of(records) for row in flattened(tree)],
            likeness=_is_message,
            row_key=lambda row: str(row.get("message_tree_id")),
            record_key=tree_key,
            cannot_hold=lost,
            suffixes=(".jsonl.gz", ".jsonl"),
            one_source=True,
        )


OASST: tuple[Format, ...] = tuple(_formats())
