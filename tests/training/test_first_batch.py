"""The first batch: every token's text, marked as the loss takes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tiny import TEXTS
from trivium.records import Demonstration, Message, Prompt
from trivium.text.tokenizer import Tokenizer
from trivium.text.train import TokenizerConfig
from trivium.training.batch import Tree, pack
from trivium.training.examples import demonstration_tree
from trivium.training.first_batch import SHOWN, tree_pieces, write_first_batch


@pytest.fixture(scope="module")
def words() -> Tokenizer:
    return Tokenizer.train(TEXTS, TokenizerConfig(vocab_size=300))


def test_the_marks_are_the_tokens_that_the_packed_batch_predicts(words: Tokenizer) -> None:
    turns = (("user", "Hello"), ("assistant", "Good day."), ("user", "And now?"))
    messages = tuple(Message(role=r, content=c) for r, c in turns)
    prompt = Prompt.of_messages(messages, origin="dataset", source="t")
    tree = demonstration_tree(words, Demonstration(prompt=prompt, reply="We go."))
    pieces = tree_pieces(words, tree)
    assert "".join(piece["text"] for piece in pieces if piece["loss"]) == "Good day.<|end|>We go.<|end|>"
    assert sum(piece["loss"] for piece in pieces) == len(pack([tree]).target_N)
    assert [piece["text"] for piece in pieces if piece["special"]][:2] == ["<|bos|>", "<|user|>"]


def test_the_first_token_of_a_text_is_never_predicted_and_branches_are_numbered(words: Tokenizer) -> None:
    text = Tree([words.bos_id, *words.encode("Go on.")], prompt_loss=[True] * (1 + len(words.encode("Go on."))))
    assert [piece["loss"] for piece in tree_pieces(words, text)] == [False] + [True] * (len(text.prompt) - 1)
    ranked = Tree([words.bos_id], ([words.bos_id, words.bos_id], [words.bos_id]))
    assert [piece["branch"] for piece in tree_pieces(words, ranked)] == [0, 1, 1, 2]


def test_a_few_trees_are_written(words: Tokenizer, tmp_path: Path) -> None:
    file = tmp_path / "first_batch.json"
    write_first_batch(file, words, [Tree([words.bos_id], name=str(index)) for index in range(SHOWN + 3)])
    assert [row["name"] for row in json.loads(file.read_text())] == [str(index) for index in range(SHOWN)]
