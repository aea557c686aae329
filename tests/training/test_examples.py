"""Examples: which tokens count, that every example comes once an epoch, and that raw rows are covered exactly."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiny import TEXTS
from trivium.core.errors import ContextError
from trivium.core.seed import stream
from trivium.records import Demonstration, Message, Prompt
from trivium.text.tokenizer import Tokenizer
from trivium.text.train import TokenizerConfig
from trivium.training.batch import Tree, pack
from trivium.training.examples import (
    RawRows,
    demonstration_tree,
    fitting,
    prompt_ids,
    replies_tree,
    reply_ids,
    shuffled,
)
from trivium.training.shards import TokenDocument, TokenShards, write_shards

WORDS = Tokenizer.train(TEXTS, TokenizerConfig(vocab_size=300))


@pytest.fixture
def words() -> Tokenizer:
    return WORDS


def demonstration(*turns: tuple[str, str], reply: str) -> Demonstration:
    messages = tuple(Message(role=role, content=content) for role, content in turns)
    return Demonstration(prompt=Prompt.of_messages(messages, origin="dataset", source="test"), reply=reply)


def wanted_text(words: Tokenizer, tree: Tree) -> str:
    """What a packed batch of the tree trains on, in order."""
    return words.decode(pack([tree]).target_N.tolist(), skip_special=False)


END = "<|end|>"


def test_one_turn_counts_the_reply_and_its_end_and_nothing_else(words: Tokenizer) -> None:
    tree = demonstration_tree(words, demonstration(("user", "What is the capital?"), reply="Paris."))
    assert tree.prompt_loss is None
    assert words.decode(tree.replies[0], skip_special=False) == f"Paris.{END}"
    assert wanted_text(words, tree) == f"Paris.{END}"


def test_every_assistant_turn_counts_and_no_word_of_system_or_user(words: Tokenizer) -> None:
    turns = (("system", "Be kind."), ("user", "Hello"), ("assistant", "Good day."), ("user", "And the capital?"))
    tree = demonstration_tree(words, demonstration(*turns, reply="Paris."))
    assert wanted_text(words, tree) == f"Good day.{END}Paris.{END}"
    whole = words.decode([*tree.prompt, *tree.replies[0]], skip_special=False)
    assert whole == words.decode(
        words.chat(
            [*(Message(role=r, content=c) for r, c in turns), Message(role="assistant", content="Paris.")],
            reply_follows=False,
        ).ids,
        skip_special=False,
    )


@settings(max_examples=40, deadline=None)
@given(
    contents=st.lists(st.text(alphabet="ab <|end|>é\n", max_size=12), min_size=1, max_size=3), reply=st.text(max_size=9)
)
def test_the_marks_of_a_tree_are_those_of_the_chat_template(contents: list[str], reply: str) -> None:
    turns = [turn for text in contents for turn in (("user", text), ("assistant", text))][:-1]
    tree = demonstration_tree(WORDS, demonstration(*turns, reply=reply))
    messages = [*(Message(role=r, content=c) for r, c in turns), Message(role="assistant", content=reply)]
    chat = WORDS.chat(messages, reply_follows=False)
    assert [*tree.prompt, *tree.replies[0]] == chat.ids
    marks = [*(tree.prompt_loss if tree.prompt_loss is not None else [False] * len(tree.prompt))]
    assert marks + [True] * len(tree.replies[0]) == chat.loss_mask


def test_a_reply_that_was_cut_has_no_end(words: Tokenizer) -> None:
    messages = (Message(role="user", content="Go"),)
    tree = replies_tree(words, messages, ["one", "one"], [False, True], "g")
    assert list(tree.prompt) == prompt_ids(words, messages)
    assert tree.replies == (
        (*words.encode("one"), words.end_of_turn_id),
        tuple(reply_ids(words, "one", ended=False)),
    )
    assert words.end_of_turn_id not in tree.replies[1]


def test_what_is_longer_than_the_context_is_left_out_with_its_length() -> None:
    trees = [Tree([1] * 5, ([1] * 3, [1] * 4), name="fits"), Tree([1] * 5, ([1] * 2, [1] * 5), name="long")]
    kept, dropped = fitting(trees, 9)
    assert [tree.name for tree in kept] == ["fits"]
    assert dropped == [{"id": "long", "reason": "longer than the context", "tokens": 10, "context_tokens": 9}]
    with pytest.raises(ContextError, match="the shortest has 9"):
        fitting(trees, 8)
    with pytest.raises(ContextError, match="no examples"):
        fitting([], 8)


@given(count=st.integers(1, 30), per_step=st.integers(1, 40), seed=st.integers(0, 3))
@settings(max_examples=80, deadline=None)
def test_every_epoch_shows_each_example_once(count: int, per_step: int, seed: int) -> None:
    num_steps = 3 * count // per_step + 2
    steps = [shuffled(count, per_step, step, lambda epoch: stream(seed, "order", epoch)) for step in range(num_steps)]
    assert {len(step) for step in steps} == {per_step}
    flat = [index for step in steps for index in step]
    for epoch in range(len(flat) // count):
        assert sorted(flat[epoch * count : (epoch + 1) * count]) == list(range(count))


def test_epochs_have_different_orders_and_a_step_is_the_same_whenever_it_is_asked_for() -> None:
    def rng_of(epoch: int):
        return stream(1, "order", epoch)

    first, second = shuffled(50, 50, 0, rng_of), shuffled(50, 50, 1, rng_of)
    assert first != second
    assert shuffled(50, 50, 0, rng_of) == first


def shards_of(lengths: list[int]) -> TokenShards:
    folder = Path(tempfile.mkdtemp())
    documents = (TokenDocument([10 + index] * length, length) for index, length in enumerate(lengths))
    write_shards(folder, documents, vocab_size=100, fingerprint="f", shard_tokens=9)
    return TokenShards.open(folder)


@given(lengths=st.lists(st.integers(1, 12), min_size=1, max_size=8), row_tokens=st.integers(2, 15))
@settings(max_examples=50, deadline=None)
def test_raw_rows_are_filled_exactly_and_an_epoch_holds_every_token_once(lengths: list[int], row_tokens: int) -> None:
    rows_per_step = 2
    raw = RawRows(shards_of(lengths), 5, row_tokens, rows_per_step)
    num_steps = -(-sum(lengths) // (row_tokens * rows_per_step))
    seen: list[int] = []
    for step in range(num_steps):
        trees, rows = raw.trees(step)
        assert [index for row in rows for index in row] == list(range(len(trees)))
        assert [sum(trees[index].num_tokens for index in row) for row in rows] == [row_tokens] * rows_per_step
        assert all(all(tree.prompt_loss) and len(tree.prompt_loss) == len(tree.prompt) for tree in trees)
        seen += [int(token) for tree in trees for token in tree.prompt]
    expected = Counter({10 + index: length for index, length in enumerate(lengths)})
    assert Counter(seen[: sum(lengths)]) == expected
