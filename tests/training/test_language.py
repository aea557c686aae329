"""The language task: its gradient is the batch's, however the batch is cut."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the name every reader of torch code expects

from trivium.core.seed import stream
from trivium.model.config import ModelConfig
from trivium.model.decoder import LanguageModel, initialise
from trivium.training.batch import Tree
from trivium.training.bits import tree_nats
from trivium.training.language import LanguageTask, Layout, Stream, count_wanted, micro_batches
from trivium.training.optimizer import OptimizerConfig, build_optimizer

VOCAB = 30
SHAPE = ModelConfig(vocab_size=VOCAB, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
                    num_key_value_heads=1, head_dim=8, initializer_range=0.2)  # fmt: skip


def model() -> LanguageModel:
    made = LanguageModel(SHAPE)
    initialise(made, torch.Generator().manual_seed(4))
    return made


def trees(name: str, count: int = 9) -> list[Tree]:
    rng = stream(1, name)
    drawn = []
    for index in range(count):
        prompt = rng.integers(0, VOCAB, rng.integers(1, 15)).tolist()
        replies = tuple(rng.integers(0, VOCAB, rng.integers(1, 9)).tolist() for _ in range(index % 3))
        drawn.append(Tree(prompt, replies, rng.random(len(prompt)) < 0.5, f"{name} {index}"))
    return drawn


def gradient_and_loss(layout: Layout, names: tuple[str, ...] = ("sft",)) -> tuple[torch.Tensor, float]:
    made = model()
    streams = [Stream(name, lambda step, name=name: (trees(name), None), 0.5 + i) for i, name in enumerate(names)]
    task = LanguageTask(made, build_optimizer([made], OptimizerConfig()), streams, layout)
    total = 0.0
    for loss, _ in task.losses(0):
        loss.backward()
        total += loss.item()
    return torch.nn.utils.parameters_to_vector([p.grad for p in made.parameters()]), total


def loss_one_path_at_a_time(made: LanguageModel, batch: list[Tree]) -> tuple[torch.Tensor, int]:
    """Cross-entropy summed with every reply as its own sequence; the prompt's wanted tokens once."""
    total, count = torch.zeros(()), 0
    for tree in batch:
        for number, reply in enumerate(tree.replies or [[]]):
            ids = torch.tensor([*tree.prompt, *reply])
            wanted = torch.tensor([number == 0 and bool(flag) for flag in tree.prompt_loss] + [True] * len(reply))[1:]
            logits = made.logits(made(ids[None], torch.arange(len(ids))[None]))[0, :-1]
            total = total + F.cross_entropy(logits[wanted], ids[1:][wanted], reduction="sum")
            count += int(wanted.sum())
    return total, count


@pytest.mark.parametrize("micro_tokens", [1, 20, 60, 10_000])
@pytest.mark.parametrize("row_tokens", [1, 24, 40, 300])
def test_neither_loss_nor_gradient_depends_on_the_micro_batch_split_or_the_row_length(row_tokens, micro_tokens):
    made = model()
    total, count = loss_one_path_at_a_time(made, trees("sft"))
    (0.5 * total / count).backward()
    wanted = torch.nn.utils.parameters_to_vector([p.grad for p in made.parameters()])
    gradient, loss = gradient_and_loss(Layout(row_tokens, micro_tokens))
    assert count == count_wanted(trees("sft"))
    assert loss == pytest.approx(0.5 * total.item() / count, rel=1e-5)
    torch.testing.assert_close(gradient, wanted, atol=1e-5, rtol=1e-4)


def test_a_mixed_in_stream_adds_its_coefficient_times_its_own_mean():
    layout = Layout(40, 60)
    both, loss = gradient_and_loss(layout, ("sft", "raw"))
    first, _ = gradient_and_loss(layout, ("sft",))
    made = model()
    total, count = loss_one_path_at_a_time(made, trees("raw"))
    (1.5 * total / count).backward()
    second = torch.nn.utils.parameters_to_vector([p.grad for p in made.parameters()])
    torch.testing.assert_close(both, first + second, atol=1e-5, rtol=1e-4)
    assert loss > 1.5 * total.item() / count


def test_rows_laid_out_beforehand_are_taken_as_they_are():
    batch = trees("sft", 6)
    rows = [[5, 0], [2], [1, 3, 4]]
    packed = list(micro_batches(batch, rows, Layout(30, 60)))
    assert [len(micro.ids_BT) for micro in packed] == [2, 1]
    assert sum(micro.num_real_tokens for micro in packed) == sum(tree.num_tokens for tree in batch)


def test_what_each_tree_costs_without_gradients_adds_up_to_the_same_sum():
    total, count = loss_one_path_at_a_time(model(), trees("held out"))
    nats, counts = tree_nats(model(), trees("held out"), Layout(40, 60))
    assert counts.sum() == count
    assert nats.sum() == pytest.approx(total.item(), rel=1e-5)
    alone = [loss_one_path_at_a_time(model(), [tree])[0].item() for tree in trees("held out")]
    assert nats == pytest.approx(alone, rel=1e-4, abs=1e-5)


def test_a_compiled_model_is_called_in_the_models_place_and_costs_the_same():
    made = model()
    layout = Layout(40, 10_000)
    stream_of = Stream("sft", lambda step: (trees("sft"), None))
    optimizer = build_optimizer([made], OptimizerConfig())
    forward = torch.compile(made, backend="aot_eager", dynamic=False)  # the compiler of machine code takes a minute
    plain, fast = (LanguageTask(made, optimizer, [stream_of], layout, forward=given) for given in (None, forward))
    for (wanted, _), (found, _) in zip(plain.losses(0), fast.losses(0), strict=True):
        assert found.item() == pytest.approx(wanted.item(), rel=1e-4)
        found.backward()
    assert all(parameter.grad is not None for parameter in made.parameters())
