"""Ranked groups to a reward model: all pairs of a prompt in one batch element, weight 1 / C(K, 2) each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from torch import Tensor, nn

from trivium.alignment.ranking import ordered_pairs, pair_accuracy, ranking_loss
from trivium.model.decoder import ScalarModel
from trivium.training.batch import Tree, micro_rows, pack
from trivium.training.language import Layout, Stream, count_wanted, micro_batches, text_loss
from trivium.training.optimizer import Optimizers
from trivium.training.precision import PLAIN, Products
from trivium.training.scores import end_scores
from trivium.training.task import SimpleTask

T = TypeVar("T")


@dataclass(frozen=True)
class RankedTree:
    """A prompt with its replies as tokens, the same ones once, and the mean rank people gave each of the K (1 best)."""

    tree: Tree
    mean_ranks: tuple[float, ...]
    branches: tuple[int, ...] | None = None
    """[K], which of the tree's replies each rank speaks of, where several of the K are the same; default one each."""

    @classmethod
    def of(cls, whole: Tree, mean_ranks: Sequence[float]) -> RankedTree:
        """Return the group with replies that are the same, token by token, kept once: they have the same score.

        >>> group = RankedTree.of(Tree([1], ([2], [3], [2])), [1, 2, 1.5])
        >>> group.tree.replies, group.branches
        (((2,), (3,)), (0, 1, 0))
        """
        replies = [tuple(reply) for reply in whole.replies]
        once = list(dict.fromkeys(replies))
        branches = tuple(once.index(reply) for reply in replies)
        return cls(replace(whole, replies=tuple(once)), tuple(mean_ranks), branches)

    def per_rank(self, values: Sequence[T]) -> list[T]:
        """Return a value for each of the K, from one for each of the tree's replies."""
        return list(values) if self.branches is None else [values[branch] for branch in self.branches]


def rank_places(groups: Sequence[RankedTree]) -> Tensor:
    """Return where the score [N] of every rank lies among the replies' scores [M] of the groups, one after another."""
    places: list[int] = []
    offset = 0
    for group in groups:
        end = offset + len(group.tree.replies)
        places += group.per_rank(range(offset, end))
        offset = end
    return torch.tensor(places, dtype=torch.long)


@dataclass(frozen=True)
class RankingSettings:
    """The ranking loss's options, see `alignment.ranking`, and the type its matrices are multiplied in."""

    margin: float = 0.0
    label_smoothing: float = 0.0
    min_rank_gap: float = 0.0
    products: Products = PLAIN


class RewardTask(SimpleTask):
    """Minimise the mean over prompts of the ranking loss; `draw(step)` gives the step's groups.

    `mix` replays raw text through the tied embeddings, so that the trunk keeps what it knew: a reward model that
    forgets the
    facts cannot tell a right answer from a wrong one.
    """

    def __init__(
        self,
        model: ScalarModel,
        optimizers: Optimizers,
        draw: Callable[[int], Sequence[RankedTree]],
        layout: Layout,
        settings: RankingSettings,
        mix: Stream | None = None,
    ) -> None:
        self.model = model
        self.modules: Mapping[str, nn.Module] = {"model": model}
        self.optimizers = optimizers
        self.draw = draw
        self.layout = layout
        self.settings = settings
        self.mix = mix
        self.device = next(model.parameters()).device

    def losses(self, step: int) -> Iterator[tuple[Tensor, dict[str, float]]]:
        """Yield a micro-batch's share of the step's loss, with how many of its pairs are ordered rightly."""
        groups = self.draw(step)
        trees = [group.tree for group in groups]
        min_gap = self.settings.min_rank_gap
        total_pairs = len(ordered_pairs([group.mean_ranks for group in groups], min_gap).winner_P)
        for rows in micro_rows(trees, self.layout.row_tokens, self.layout.micro_tokens):
            used = sorted(index for row in rows for index in row)
            batch = pack(trees, rows).to(self.device)
            pairs = ordered_pairs([groups[index].mean_ranks for index in used], min_gap).to(self.device)
            places_N = rank_places([groups[index] for index in used]).to(self.device)
            with self.settings.products():
                scores_N = end_scores(self.model, batch)[places_N]
            loss = ranking_loss(
                scores_N,
                pairs,
                margin=self.settings.margin,
                label_smoothing=self.settings.label_smoothing,
                num_groups=len(groups),
            )
            right = pair_accuracy(scores_N.detach(), pairs).num_right
            yield loss, {"pair_accuracy": right / max(1, total_pairs), "tokens": float(batch.num_real_tokens)}

        if self.mix is not None:
            yield from self._mix_losses(self.mix, step)

    def _mix_losses(self, mix: Stream, step: int) -> Iterator[tuple[Tensor, dict[str, float]]]:
        """Yield coefficient · mean cross-entropy per raw-text token; the embeddings are the head they are tied to."""
        trees, rows = mix.draw(step)
        wanted = count_wanted(trees)
        for batch in micro_batches(trees, rows, self.layout):
            moved = batch.to(self.device)
            trunk = self.model.model
            mean = text_loss(trunk, trunk.embed_tokens.weight, moved, self.settings.products) / wanted
            yield mix.coefficient * mean, {"text_loss": float(mean.detach()), "tokens": float(batch.num_real_tokens)}

    def batch_names(self, step: int) -> Sequence[str]:
        """Name the step's prompts."""
        return [group.tree.name for group in self.draw(step)]
