"""Records to Open-Assistant message trees; and a tree to its flat list of messages and back, without loss."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from trivium.human.formats.rows import Flaw, Row
from trivium.human.formats.turns import parts
from trivium.records import Comparison, Demonstration, Message, content_id

RANKER = "oasst-consensus"
ROLES = {"user": "prompter", "assistant": "assistant"}
OF_TREE = ("message_tree_id", "tree_state")
TREE_STATE = ("tree_state", "ready_for_export")
SHAPE = {"text", "role", "parent_id", "replies", "rank"}
"""Fields of a message that the conversation and the order say themselves."""
OWN_ID = re.compile(r"\.[0-9]{4}")
"""What an id that was made here adds to the parent's."""
PLAIN = {"lang": "en", "review_count": 0, "review_result": True, "deleted": False, "synthetic": False}


def message_extras(node: Row, *, with_rank: bool = False) -> Row:
    """Return what a message says beyond its text, its place, and an id that it would be given here."""
    more = {key: one for key, one in node.items() if key not in SHAPE and (key, one) not in PLAIN.items()}
    if OWN_ID.fullmatch(str(node.get("message_id")).removeprefix(str(node.get("parent_id")))):
        del more["message_id"]
    events = more.pop("events", None)
    if isinstance(events, dict) and (left := {key: one for key, one in events.items() if key != "ranking"}):
        more["events"] = left
    return dict(sorted((more | ({"rank": node["rank"]} if with_rank and "rank" in node else {})).items()))


def tree_id(opening: str) -> str:
    """Return the name of the tree that begins with this message, where it has none of its own."""
    return f"tree-{content_id(opening)}"


def tree_key(record: Any) -> str:
    """Return the name of the tree that a record belongs into."""
    return str(record.prompt.attrs.get("group", tree_id(record.prompt.messages[0].content)))


def trees_of(records: Sequence[Any]) -> list[Row]:
    """Return the trees that records of one name make: one, or more where their openings differ."""
    roots: dict[str, Row] = {}
    for record in records:
        leaf = _grow(roots, record)
        if isinstance(record, Comparison):
            _rank(leaf, record, tree_key(record))
        else:
            assert isinstance(record, Demonstration)
            [more] = parts(record.prompt.attrs, "replies") or [{}]
            node = _child(leaf, Message(role="assistant", content=record.reply), more)
            node["lang"] = record.language
    name = tree_key(records[0])
    [beside] = parts(records[0].prompt.attrs, "tree") or [{}]
    head = {"message_tree_id": name} | dict([TREE_STATE]) | beside
    return [{key: head[key] for key in OF_TREE} | {"prompt": _settled(one)} | head for one in roots.values()]


def _grow(roots: dict[str, Row], record: Any) -> Row:
    """Return the node of a record's last turn, after making those on the way that are missing."""
    turns = record.prompt.messages
    for number, turn in enumerate(turns):
        if turn.role != ("user", "assistant")[number % 2]:
            raise Flaw("a tree holds questions and answers in turn, and no system turn")
    name, known = tree_key(record), parts(record.prompt.attrs, "turns")
    more = known if len(known) == len(turns) else [{}] * len(turns)
    if "language" in record.prompt.attrs and "lang" not in more[-1]:
        more = [*more[:-1], more[-1] | {"lang": record.prompt.attrs["language"]}]
    first = _node(f"{name}.{len(roots)}" if roots else name, None, turns[0]) | more[0]
    node = roots.setdefault(turns[0].content, first)
    for turn, own in zip(turns[1:], more[1:], strict=True):
        node = _child(node, turn, own)
    return node


def _node(name: str, parent: str | None, turn: Message) -> Row:
    row: Row = {"message_id": name} | ({"parent_id": parent} if parent else {})
    return row | {"text": turn.content, "role": ROLES[turn.role]} | PLAIN | {"replies": []}


def _child(node: Row, turn: Message, more: Row) -> Row:
    """Return the reply with that text, made where it is missing, with what is known of it. Ids sort as the replies were
    given.
    """
    for reply in node["replies"]:
        if reply["text"] == turn.content:
            found: Row = reply
            return found
    made = _node(f"{node['message_id']}.{len(node['replies']):04d}", node["message_id"], turn) | more
    node["replies"].append(made)
    return made


def _rank(node: Row, record: Comparison, name: str) -> None:
    """Note a person's order at the node; the consensus goes into the replies' ranks."""
    known = parts(record.prompt.attrs, "replies")
    more = known if len(known) == len(record.replies) else [{}] * len(record.replies)
    replies = [
        _child(node, Message(role="assistant", content=text), own)
        for text, own in zip(record.replies, more, strict=True)
    ]
    if len({reply["message_id"] for reply in replies}) != len(replies):
        raise Flaw("two of its replies are the same text, which a tree cannot tell apart")
    if record.ranker == RANKER:
        for reply, rank in zip(replies, record.ranks, strict=True):
            reply["rank"] = rank - 1
        return
    order = sorted(range(len(replies)), key=record.ranks.__getitem__)
    event = {
        "type": "ranking",
        "user_id": record.ranker,
        "ranking": order,
        "ranked_message_ids": [replies[at]["message_id"] for at in order],
        "ranking_parent_id": node["message_id"],
        "message_tree_id": name,
        "not_rankable": record.none_acceptable,
    }
    node.setdefault("events", {}).setdefault("ranking", []).append(event)


def _settled(node: Row) -> Row:
    """Return a node whose replies have the ranks that single orders add up to, the best first, unranked ones last."""
    orders = [event["ranked_message_ids"] for event in node.get("events", {}).get("ranking", [])]
    replies = [_settled(reply) for reply in node["replies"]]
    if orders:
        total = {
            reply["message_id"]: sum(order.index(reply["message_id"]) for order in orders)
            for reply in replies
            if all(reply["message_id"] in order for order in orders)
        }
        for reply in replies:
            if reply["message_id"] in total and "rank" not in reply:
                reply["rank"] = sum(other < total[reply["message_id"]] for other in total.values())
    replies.sort(key=lambda reply: (reply.get("rank") is None, reply.get("rank", 0)))  # else as they were said
    return node | {"replies": replies}


def flattened(tree: Row) -> Iterator[Row]:
    """Yield the messages of a tree, parents first, each with the tree's name and state."""
    beside = {key: tree[key] for key in OF_TREE if key in tree}
    rest = {f"tree.{key}": value for key, value in tree.items() if key not in {*OF_TREE, "prompt"}}
    stack: list[Row] = [tree["prompt"]]
    while stack:
        node = stack.pop()
        yield {key: value for key, value in node.items() if key != "replies"} | beside | rest
        rest = {}
        stack += reversed(node.get("replies") or [])


def gathered(messages: Sequence[Row]) -> list[Row]:
    """Return the tree of messages that share its name, whatever their order among other branches.

    >>> reply = {"message_id": "a", "parent_id": "t", "replies": []}
    >>> tree = {"message_tree_id": "t", "prompt": {"message_id": "t", "replies": [reply]}}
    >>> gathered(list(flattened(tree))) == [tree]
    True
    """
    nodes: dict[object, Row] = {}
    for row in messages:
        if not isinstance(row.get("message_id"), str) or not isinstance(row.get("parent_id", ""), str | None):
            raise Flaw("a message's id, or its parent's, is no text")
        own = {key: value for key, value in row.items() if key not in OF_TREE and not key.startswith("tree.")}
        if own.get("message_id") in nodes:
            raise Flaw(f"the message {own.get('message_id')!r} is there twice")
        nodes[own.get("message_id")] = own | {"replies": []}
    roots = []
    for node in nodes.values():
        parent = node.get("parent_id")
        if parent is None:
            roots.append(node)
        elif parent not in nodes:
            raise Flaw(f"the parent {parent!r} of message {node.get('message_id')!r} is missing")
        else:
            nodes[parent]["replies"].append(node)
    if len(roots) != 1:
        raise Flaw(f"{len(roots)} first messages in one tree, wanted one")
    if (num_reached := sum(1 for _ in flattened({"prompt": roots[0]}))) != len(nodes):
        raise Flaw(f"{len(nodes) - num_reached} messages are their own ancestors")
    beside = {key: messages[0][key] for key in OF_TREE if key in messages[0]}
    rest = {key.removeprefix("tree."): one for row in messages for key, one in row.items() if key.startswith("tree.")}
    return [beside | rest | {"prompt": roots[0]}]
