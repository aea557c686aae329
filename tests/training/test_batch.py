"""Packed rows and shared prompts give what one document at a time gives."""

from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from trivium.model.config import ModelConfig
from trivium.model.decoder import LanguageModel, ScalarModel, initialise
from trivium.training.batch import PackedBatch, Tree, allowed_mask, micro_rows, pack, pack_rows
from trivium.training.losses import token_logprobs

VOCAB = 50
SHAPE = ModelConfig(vocab_size=VOCAB, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
                    num_key_value_heads=2, head_dim=8, qk_norm=True)  # fmt: skip


def language_model() -> LanguageModel:
    model = LanguageModel(SHAPE.model_copy(update={"initializer_range": 0.2}))
    initialise(model, torch.Generator().manual_seed(11))
    return model


def scalar_model() -> ScalarModel:
    model = ScalarModel(SHAPE.model_copy(update={"initializer_range": 0.2}))
    initialise(model, torch.Generator().manual_seed(12))
    return model


def tokens(count: int, seed: int) -> list[int]:
    return torch.randint(VOCAB, (count,), generator=torch.Generator().manual_seed(seed)).tolist()


def document(count: int, seed: int) -> Tree:
    return Tree(tokens(count, seed), prompt_loss=[True] * count, name=f"d{seed}")


def wanted_logprobs(model: LanguageModel, batch: PackedBatch) -> torch.Tensor:
    hidden = model(batch.ids_BT, batch.positions_BT, batch.allowed).flatten(0, 1)
    return token_logprobs(hidden[batch.source_N], model.lm_head.weight, batch.target_N)


def plain_logprobs(model: LanguageModel, ids: Sequence[int]) -> torch.Tensor:
    """Log-probs of ids[1:] of one document alone, by plain causal attention over the full softmax."""
    row = torch.tensor([list(ids)])
    logits = model.logits(model(row, torch.arange(len(ids))[None]))
    return torch.log_softmax(logits[0, :-1], -1).gather(1, row[0, 1:, None])[:, 0]


def gradients(model: torch.nn.Module) -> list[torch.Tensor]:
    return torch.nn.utils.parameters_to_vector([p.grad for p in model.parameters()])


def test_packed_documents_have_the_logprobs_and_gradients_of_documents_alone():
    model = language_model()
    documents = [document(count, seed) for seed, count in enumerate([7, 1, 12, 3, 9, 20])]
    packed = wanted_logprobs(model, pack(documents, row_tokens=24))
    packed.sum().backward()
    packed_gradient = gradients(model)
    model.zero_grad()
    alone = torch.cat([plain_logprobs(model, tree.prompt) for tree in documents])
    alone.sum().backward()
    torch.testing.assert_close(packed, alone, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(packed_gradient, gradients(model), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("row_tokens", [None, 30, 64, 500])
def test_replies_that_share_a_prompt_equal_separate_sequences(row_tokens):
    model, scalar = language_model(), scalar_model()
    trees = [
        Tree(tokens(9, 1), (tokens(5, 2), tokens(1, 3), tokens(8, 4)), name="three"),
        Tree(tokens(4, 5), (tokens(6, 6),), name="one"),
        Tree(tokens(1, 7), (tokens(3, 8), tokens(3, 9)), name="two"),
    ]
    batch = pack(trees, row_tokens=row_tokens)
    logprobs = wanted_logprobs(model, batch)
    scores = scalar(batch.ids_BT, batch.positions_BT, batch.allowed).flatten()[batch.end_M]
    replies = [(tree, reply) for tree in trees for reply in tree.replies]
    for index, (tree, reply) in enumerate(replies):
        whole = [*tree.prompt, *reply]
        alone = plain_logprobs(model, whole)[len(tree.prompt) - 1 :]
        torch.testing.assert_close(logprobs[batch.reply_N == index], alone, atol=1e-5, rtol=1e-5)
        score = scalar(torch.tensor([whole]), torch.arange(len(whole))[None])[0, -1]
        torch.testing.assert_close(scores[index], score, atol=1e-5, rtol=1e-5)
    assert batch.tree_M.tolist() == [0, 0, 0, 1, 2, 2]


def test_a_prompts_own_wanted_tokens_are_marked_minus_one_and_equal_the_plain_ones():
    model = language_model()
    tree = Tree(tokens(6, 1), (tokens(3, 2),), prompt_loss=[False, False, True, False, False, True])
    batch = pack([tree])
    logprobs = wanted_logprobs(model, batch)
    alone = plain_logprobs(model, [*tree.prompt, *tree.replies[0]])
    torch.testing.assert_close(logprobs[batch.reply_N == -1], alone[[1, 4]], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(logprobs[batch.reply_N == 0], alone[5:], atol=1e-5, rtol=1e-5)


def test_padding_changes_nothing():
    model = language_model()
    short = document(5, 1)
    alone = wanted_logprobs(model, pack([short]))
    beside_long = pack([short, document(40, 2)])
    assert beside_long.ids_BT.shape == (2, 40)
    torch.testing.assert_close(wanted_logprobs(model, beside_long)[:4], alone, atol=1e-5, rtol=1e-5)
    assert torch.isfinite(model(beside_long.ids_BT, beside_long.positions_BT, beside_long.allowed)).all()


def test_the_mask_is_the_written_rule_for_a_row_worked_by_hand():
    document_row, branch_row = torch.tensor([[1, 1, 1, 1, 2, 0]]), torch.tensor([[0, 0, 1, 2, 0, 0]])
    wanted = [
        "1.....",  # prompt
        "11....",
        "111...",  # first reply: the prompt and itself
        "11.1..",  # second reply: not the first
        "....1.",  # another document
        ".....1",  # padding sees itself, so that no softmax is empty
    ]
    found = ["".join("1" if seen else "." for seen in row) for row in allowed_mask(document_row, branch_row)[0, 0]]
    assert found == wanted


lengths = st.lists(st.integers(1, 30), min_size=1, max_size=40)


@given(lengths=lengths, row_tokens=st.integers(1, 60))
def test_packing_places_every_tree_once_and_overfills_no_row(lengths, row_tokens):
    rows = pack_rows(lengths, row_tokens)
    assert sorted(index for row in rows for index in row) == list(range(len(lengths)))
    assert all(sum(lengths[i] for i in row) <= row_tokens or len(row) == 1 for row in rows)


@given(lengths=lengths, row_tokens=st.integers(20, 60), micro_tokens=st.integers(1, 200))
def test_micro_batches_hold_every_tree_once_within_their_places(lengths, row_tokens, micro_tokens):
    trees = [Tree([0] * count) for count in lengths]
    batches = list(micro_rows(trees, row_tokens, micro_tokens))
    assert sorted(index for rows in batches for row in rows for index in row) == list(range(len(lengths)))
    for rows in batches:
        width = max(sum(lengths[i] for i in row) for row in rows)
        assert width * len(rows) <= micro_tokens or len(rows) == 1


@settings(max_examples=40)
@given(data=st.data())
def test_every_token_lands_where_its_indices_say(data):
    counts = data.draw(
        st.lists(st.tuples(st.integers(1, 9), st.lists(st.integers(1, 6), max_size=3)), min_size=1, max_size=6)
    )
    trees = [
        Tree(tokens(p, 31 + i), tuple(tokens(r, 97 * i + k) for k, r in enumerate(rs)))
        for i, (p, rs) in enumerate(counts)
    ]
    batch = pack(trees, row_tokens=data.draw(st.integers(1, 50)))
    flat, positions = batch.ids_BT.flatten(), batch.positions_BT.flatten()
    wanted = [token for tree in trees for reply in tree.replies for token in reply]
    assert batch.target_N.tolist() == wanted
    ends = [(reply or tree.prompt)[-1] for tree in trees for reply in (tree.replies or [[]])]
    assert flat[batch.end_M].tolist() == ends
    places = [len(t.prompt) + k for t in trees for reply in t.replies for k in range(len(reply))]
    assert (positions[batch.source_N] + 1).tolist() == places
    assert batch.num_real_tokens == sum(tree.num_tokens for tree in trees)
    assert len(batch.names) == len(trees)


def test_a_tree_without_prompt_or_with_an_empty_reply_is_refused():
    with pytest.raises(AssertionError):
        pack([Tree([], ([1],))])
    with pytest.raises(AssertionError):
        pack([Tree([1], ([],))])


def test_moving_a_batch_keeps_its_names():
    batch = pack([document(3, 1)])
    assert batch.to("cpu").names == ("d1",)
