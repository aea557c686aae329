"""The reward task: its gradient is the step's however it is cut, it starts at ln 2, and it learns an order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the name every reader of torch code expects
from torch import Tensor

from alignment.tiny_models import SHAPE, VOCAB, scalar
from trivium.alignment.reward_task import RankedTree, RankingSettings, RewardTask
from trivium.core.seed import stream
from trivium.model.decoder import ScalarModel, initialise
from trivium.training.batch import Tree
from trivium.training.language import Layout, Stream
from trivium.training.loop import LoopPlan, one_step
from trivium.training.optimizer import OptimizerConfig, build_optimizer
from trivium.training.schedule import ScheduleConfig

BETTER = 9
PLAIN = RankingSettings()


def groups(step: int, count: int = 7) -> list[RankedTree]:
    """Prompts with 2 to 4 replies; the more often a token occurs, the better the rank. Some are tied."""
    rng = stream(8, "groups", step)
    made = []
    for index in range(count):
        prompt = rng.integers(0, VOCAB, rng.integers(1, 6)).tolist()
        replies = []
        for _ in range(2 + index % 3):
            size = int(rng.integers(3, 7))
            replies.append([BETTER if rng.random() < 0.4 else int(rng.integers(10, VOCAB)) for _ in range(size)])
        ranks = tuple(-float(reply.count(BETTER)) for reply in replies)
        made.append(RankedTree(Tree(prompt, tuple(replies), name=f"group {step}-{index}"), ranks))
    return made


def task_of(model: ScalarModel, layout: Layout, settings: RankingSettings = PLAIN) -> RewardTask:
    return RewardTask(model, build_optimizer([model], OptimizerConfig(learning_rate=5e-3)), groups, layout, settings)


def one_by_one(model: ScalarModel, batch: Sequence[RankedTree], margin: float) -> Tensor:
    """The mean over prompts of the mean over ordered pairs, every reply read by itself."""
    total = torch.zeros(())
    for group in batch:
        scores = []
        for reply in group.tree.replies:
            ids = torch.tensor([[*group.tree.prompt, *reply]])
            scores.append(model(ids, torch.arange(ids.shape[1])[None])[0, -1])
        losses = []
        for a, b in combinations(range(len(scores)), 2):
            gap = group.mean_ranks[b] - group.mean_ranks[a]
            if gap:
                winner, loser = (a, b) if gap > 0 else (b, a)
                losses.append(-F.logsigmoid(scores[winner] - scores[loser] - margin * abs(gap)))
        if losses:
            total = total + torch.stack(losses).mean()
    return total / len(batch)


def gradient(model: ScalarModel) -> Tensor:
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


@pytest.mark.parametrize("margin", [0.0, 0.3])
@pytest.mark.parametrize("layout", [Layout(1, 1), Layout(40, 80), Layout(64, 4096)])
def test_loss_and_gradient_do_not_depend_on_the_split(layout: Layout, margin: float) -> None:
    plain = scalar()
    loss = one_by_one(plain, groups(0), margin)
    loss.backward()
    packed = scalar()
    total = 0.0
    for part, _ in task_of(packed, layout, RankingSettings(margin=margin)).losses(0):
        part.backward()
        total += float(part.detach())
    assert total == pytest.approx(float(loss.detach()), rel=1e-5)
    torch.testing.assert_close(gradient(packed), gradient(plain), atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("layout", [Layout(1, 1), Layout(64, 4096)])
def test_replies_that_are_the_same_are_computed_once_and_weigh_as_often_as_they_were_given(layout: Layout) -> None:
    def doubled(step: int) -> list[RankedTree]:
        return [
            RankedTree(replace(one.tree, replies=(*one.tree.replies, one.tree.replies[0])), (*one.mean_ranks, 2.5))
            for one in groups(step)
        ]

    def once(step: int) -> list[RankedTree]:
        return [RankedTree.of(one.tree, one.mean_ranks) for one in doubled(step)]

    assert all(len(a.tree.replies) < len(b.tree.replies) for a, b in zip(once(0), doubled(0), strict=True))
    found = []
    for draw in (doubled, once):
        model = scalar()
        task = RewardTask(model, build_optimizer([model], OptimizerConfig()), draw, layout, PLAIN)
        right = 0.0
        for part, stats in task.losses(0):
            part.backward()
            right += stats.get("pair_accuracy", 0.0)
        found.append((gradient(model), right))
    torch.testing.assert_close(found[0][0], found[1][0], atol=1e-6, rtol=1e-4)
    assert found[0][1] == pytest.approx(found[1][1])
    assert once(0)[0].per_rank([5.0, 7.0, 9.0])[-1] == 5.0


def test_the_pair_accuracy_of_a_step_does_not_depend_on_the_split() -> None:
    found = [sum(stats["pair_accuracy"] for _, stats in task_of(scalar(), layout).losses(0)) for layout in
             (Layout(1, 1), Layout(64, 4096))]  # fmt: skip
    assert found[0] == pytest.approx(found[1])
    assert 0 <= found[0] <= 1


def test_a_fresh_head_starts_near_ln_2_and_the_order_is_learnt(tmp_path: Path) -> None:
    quiet = SHAPE.model_copy(update={"initializer_range": 0.02})
    model = ScalarModel(quiet)
    initialise(model, torch.Generator().manual_seed(1))
    with torch.no_grad():
        model.score.weight.mul_(0.1)
    task = task_of(model, Layout(64, 512))
    plan = LoopPlan("reward", 40, 1.0, ScheduleConfig(shape="constant", warmup_share=0.0))
    rows = [one_step(task, plan, step, tmp_path) for step in range(40)]
    assert rows[0]["loss"] == pytest.approx(math.log(2), abs=0.15)
    assert sum(row["pair_accuracy"] for row in rows[-5:]) / 5 > 0.9
    assert rows[-1]["loss"] < 0.5 * rows[0]["loss"]


def test_the_step_is_named_by_its_prompts() -> None:
    assert task_of(scalar(), Layout(64)).batch_names(2)[:2] == ["group 2-0", "group 2-1"]


def test_replayed_raw_text_adds_its_own_gradient_and_nothing_else() -> None:
    raw = [Tree(prompt=(1, 4, 5, 6, 7), prompt_loss=(True,) * 5, name="raw")]
    layout = Layout(64)

    def gradients(mix: Stream | None, coefficient_of_ranking: float) -> dict[str, Tensor]:
        model = scalar()
        task = RewardTask(model, build_optimizer([model], OptimizerConfig()), groups, layout, PLAIN, mix)
        for loss, stats in task.losses(0):
            weight = 1.0 if "text_loss" in stats else coefficient_of_ranking
            (weight * loss).backward()
        return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}

    stream = Stream("text", lambda step: (raw, None), 0.5)
    both, ranking, text = gradients(stream, 1.0), gradients(None, 1.0), gradients(stream, 0.0)
    for name, gradient in both.items():
        assert torch.allclose(gradient, ranking[name] + text[name], atol=1e-6)
    assert float(text["model.embed_tokens.weight"].norm()) > 0
