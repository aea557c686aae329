"""Records to trees of token ids: demonstrations, ranked replies and raw rows as the model will see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from trivium.core.errors import ContextError
from trivium.records import Conversation, Demonstration, Message
from trivium.text.tokenizer import Tokenizer
from trivium.training.batch import Tree
from trivium.training.order import PackedOrder
from trivium.training.shards import TokenShards


def prompt_ids(tokenizer: Tokenizer, messages: Conversation) -> list[int]:
    """Return the ids of a conversation up to where the assistant speaks."""
    return tokenizer.chat(messages, reply_follows=True).ids


def reply_ids(tokenizer: Tokenizer, reply: str, *, ended: bool = True) -> list[int]:
    """Return the ids of a reply, with its end of turn unless it was cut."""
    return [*tokenizer.encode(reply), *([tokenizer.end_of_turn_id] if ended else [])]


def demonstration_tree(tokenizer: Tokenizer, demonstration: Demonstration) -> Tree:
    """Return the demonstration with every assistant turn wanted: the last as the tree's reply, earlier ones inside
    the prompt.
    """
    messages = demonstration.prompt.messages
    whole = tokenizer.chat((*messages, Message(role="assistant", content=demonstration.reply)), reply_follows=False)
    size = len(prompt_ids(tokenizer, messages))
    earlier = whole.loss_mask[:size]
    return Tree(
        prompt=whole.ids[:size],
        replies=(whole.ids[size:],),
        prompt_loss=earlier if any(earlier) else None,
        name=demonstration.prompt.id,
    )


def replies_tree(
    tokenizer: Tokenizer, messages: Conversation, replies: Sequence[str], cut: Sequence[bool], name: str
) -> Tree:
    """Return one prompt with its K replies; a reply that was cut has no end of turn."""
    branches = tuple(tuple(reply_ids(tokenizer, r, ended=not c)) for r, c in zip(replies, cut, strict=True))
    return Tree(prompt=prompt_ids(tokenizer, messages), replies=branches, name=name)


def fitting(trees: Sequence[Tree], context_tokens: int) -> tuple[list[Tree], list[dict[str, Any]]]:
    """Split off the trees with a path longer than the context: a ledger row each, with what was found and wanted."""
    kept: list[Tree] = []
    dropped: list[dict[str, Any]] = []
    for tree in trees:
        longest = len(tree.prompt) + max((len(reply) for reply in tree.replies), default=0)
        if longest <= context_tokens:
            kept.append(tree)
        else:
            reason = "longer than the context"
            dropped.append({"id": tree.name, "reason": reason, "tokens": longest, "context_tokens": context_tokens})
    if not kept:
        raise ContextError(
            f"no example fits a context of {context_tokens} tokens; "
            f"the shortest has {min(d['tokens'] for d in dropped)}"
            if dropped
            else "there are no examples",
            do="raise pretrain.context_tokens, or give shorter examples",
        )
    return kept, dropped


class RawRows:
    """Rows of raw text from token shards, in a seeded order that any step can be asked for."""

    def __init__(self, shards: TokenShards, seed: int, row_tokens: int, rows_per_step: int) -> None:
        """See `PackedOrder` for the order."""
        self.shards = shards
        self.order = PackedOrder(shards, seed, row_tokens, rows_per_step)
        self.rows_per_step = rows_per_step

    def trees(self, step: int) -> tuple[list[Tree], list[list[int]]]:
        """Return the step's pieces as trees whose every token counts, and which of them share a row."""
        trees: list[Tree] = []
        rows: list[list[int]] = []
        for row in self.order.rows(step):
            rows.append(list(range(len(trees), len(trees) + len(row))))
            for index, start, stop in row:
                ids = np.asarray(self.shards.document(index)[start:stop], dtype=np.int64)
                loss = np.ones(len(ids), dtype=bool)
                trees.append(Tree(prompt=ids, prompt_loss=loss, name=f"document {index}"))  # type: ignore[arg-type]
        return trees, rows


def shuffled(count: int, per_step: int, step: int, rng_of_epoch: Any) -> list[int]:
    """Return the indices of a step when `count` examples are gone through in a new seeded order each epoch.

    `rng_of_epoch(epoch)` gives the generator. A step may span two epochs; every epoch shows each example once.
    """
    picked: list[int] = []
    position = step * per_step
    while len(picked) < per_step:
        epoch, within = divmod(position + len(picked), count)
        order = rng_of_epoch(epoch).permutation(count)
        picked.extend(int(i) for i in order[within : within + per_step - len(picked)])
    return picked
