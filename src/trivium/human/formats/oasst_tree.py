"""Records to Open-Assistant message trees; and a tree to its flat list of messages and back, without loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from trivium.human.formats.rows import Flaw, Row
from trivium.records import Comparison, Demonstration, Message, content_id

RANKER = "oasst-consensus"
ROLES = {"user": "prompter", "assistant": "assistant"}
OF_TREE = ("message_tree_id", "tree_state")


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
            node = _child(leaf, Message(role="assistant", content=record.reply))
            node["lang"] = record.language
    name = tree_key(records[0])
    return [
        {"message_tree_id": name, "tree_state": "ready_for_export", "prompt": _settled(one)} for one in roots.values()
    ]


def _grow(roots: dict[str, Row], record: Any) -> Row:
    """Return the node of a record's last turn, after making those on the way that are missing."""
    turns = record.prompt.messages
    for number, turn in enumerate(turns):
        if turn.role != ("user", "assistant")[number % 2]:
            raise Flaw("a tree holds questions and answers in turn, and no system turn")
    name = tree_key(record)
    root = roots.setdefault(turns[0].content, _node(f"{name}.{len(roots)}" if roots else name, None, turns[0]))
    node = root
    for turn in turns[1:]:
        node = _child(node, turn)
    return node


def _node(name: str, parent: str | None, turn: Message) -> Row:
    row: Row = {"message_id": name} | ({"parent_id": parent} if parent else {})
    row |= {"text": turn.content, "role": ROLES[turn.role], "lang": "en", "review_count": 0, "review_result": True}
    return row | {"deleted": False, "synthetic": False, "replies": []}


def _child(node: Row, turn: Message) -> Row:
    """Return the reply with that text, made where it is missing. Ids sort as the replies were given."""
    for reply in node["replies"]:
        if reply["text"] == turn.content:
            found: Row = reply
            return found
    made = _node(f"{node['message_id']}.{len(node['replies']):04d}", node["message_id"], turn)
    node["replies"].append(made)
    return made


def _rank(node: Row, record: Comparison, name: str) -> None:
    """Note a person's order at the node; the consensus goes into the replies' ranks."""
    replies = [_child(node, Message(role="assistant", content=text)) for text in record.replies]
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
            if reply["message_id"] in total:
                reply["rank"] = sum(other < total[reply["message_id"]] for other in total.values())
    replies.sort(key=lambda reply: (reply.get("rank") is None, reply.get("rank", 0), reply["message_id"]))
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
