"""Trees of tokens to language-model losses: the task of pre-training and of supervised fine-tuning."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from trivium.model.decoder import LanguageModel
from trivium.training.batch import PackedBatch, Tree, micro_rows, pack
from trivium.training.losses import chunked_cross_entropy
from trivium.training.optimizer import Optimizers
from trivium.training.precision import PLAIN, Products
from trivium.training.task import SimpleTask

Rows = list[list[int]]


@dataclass(frozen=True)
class Stream:
    """Where a task's trees come from and what their loss counts for.

    `draw(step)` returns the step's trees and, where they are laid out already, which of them share a row.
    `coefficient` multiplies the mean loss per wanted token, so it does not hang on how many tokens the stream gives.
    """

    name: str
    draw: Callable[[int], tuple[Sequence[Tree], Rows | None]]
    coefficient: float = 1.0


@dataclass(frozen=True)
class Layout:
    """How trees become micro-batches: tokens a row, and places a micro-batch (which bounds memory)."""

    row_tokens: int
    micro_tokens: int = 8192


def count_wanted(trees: Sequence[Tree]) -> int:
    """Return how many tokens of the trees are predicted and counted."""
    replies = sum(len(reply) for tree in trees for reply in tree.replies)
    return replies + sum(sum(map(bool, tree.prompt_loss[1:])) for tree in trees if tree.prompt_loss is not None)


def micro_batches(trees: Sequence[Tree], rows: Rows | None, layout: Layout) -> Iterator[PackedBatch]:
    """Pack trees and cut the rows into micro-batches."""
    if rows is None:
        groups = micro_rows(trees, layout.row_tokens, layout.micro_tokens)
    else:
        size = max(1, layout.micro_tokens // layout.row_tokens)
        groups = (rows[start : start + size] for start in range(0, len(rows), size))
    for group in groups:
        yield pack(trees, group)


def wanted_hidden(forward: Callable[..., Tensor], batch: PackedBatch) -> Tensor:
    """Return the hidden states [N, D] at the places whose next token is wanted; `forward` is the model, or it
    compiled.
    """
    hidden_BTD = forward(batch.ids_BT, batch.positions_BT, batch.allowed)
    return hidden_BTD.flatten(0, 1).index_select(0, batch.source_N)


def text_loss(forward: Callable[..., Tensor], weight_VD: Tensor, batch: PackedBatch, products: Products) -> Tensor:
    """Return the batch's cross-entropy in nats, summed over its wanted tokens."""
    with products():
        hidden_ND = wanted_hidden(forward, batch)
    return chunked_cross_entropy(products.cast(hidden_ND), products.cast(weight_VD), batch.target_N)


class LanguageTask(SimpleTask):
    """Minimise the sum over streams of coefficient · mean cross-entropy per wanted token."""

    def __init__(
        self,
        model: LanguageModel,
        optimizers: Optimizers,
        streams: Sequence[Stream],
        layout: Layout,
        forward: Callable[..., Tensor] | None = None,
        products: Products = PLAIN,
    ) -> None:
        """`streams[0]` is the stage's own data; the others are mixed in. `forward` is called in the model's place."""
        self.model = model
        self.forward = model if forward is None else forward  # not `or`: a compiled model has no truth value
        self.modules: Mapping[str, nn.Module] = {"model": model}
        self.optimizers = optimizers
        self.streams = streams
        self.layout = layout
        self.products = products
        self.device = next(model.parameters()).device

    def losses(self, step: int) -> Iterator[tuple[Tensor, dict[str, float]]]:
        """Yield a micro-batch's share of each stream's loss."""
        for stream in self.streams:
            trees, rows = stream.draw(step)
            wanted = count_wanted(trees)
            for batch in micro_batches(trees, rows, self.layout):
                moved = batch.to(self.device)
                mean = text_loss(self.forward, self.model.lm_head.weight, moved, self.products) / wanted
                stats = {f"{stream.name}_loss": float(mean.detach()), "tokens": float(batch.num_real_tokens)}
                yield stream.coefficient * mean, stats

    def batch_names(self, step: int) -> Sequence[str]:
        """Name the trees of the step."""
        return [tree.name for stream in self.streams for tree in stream.draw(step)[0]]
