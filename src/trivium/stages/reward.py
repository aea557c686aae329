"""People's orders to a reward model: one score a reply, shifted so that demonstrations have mean zero."""

from __future__ import annotations

import json
from collections.abc import Sequence

import torch
from pydantic import Field

from trivium.alignment.ranking import ordered_pairs, pair_accuracy
from trivium.alignment.reward_task import RankedTree, RankingSettings, RewardTask
from trivium.core.config import Config
from trivium.core.errors import RecipeError, SourceError
from trivium.core.kinds import Checkpoint, Comparisons, Demonstrations, RewardModel, Tokens
from trivium.core.seed import derive, stream
from trivium.core.stage import StageContext, stage
from trivium.evaluation.intervals import mean, share
from trivium.human.ranking import Aggregate
from trivium.model.decoder import ScalarModel
from trivium.model.exchange import FINGERPRINT, check_tokenizer, load_checkpoint, save_checkpoint
from trivium.records import Comparison, Demonstration, content_id, read_records
from trivium.text.tokenizer import Tokenizer
from trivium.training.examples import RawRows, demonstration_tree, replies_tree, shuffled
from trivium.training.first_batch import write_first_batch
from trivium.training.language import Layout, Stream
from trivium.training.loop import LoopPlan, train
from trivium.training.optimizer import OptimizerConfig, build_optimizer
from trivium.training.precision import Precision, products_of
from trivium.training.schedule import ScheduleConfig
from trivium.training.scores import score_trees
from trivium.training.shards import TokenShards


class RewardConfig(Config):
    """How the reward model is trained: whole prompts a step, each with all its pairs."""

    epochs: float = Field(default=3.0, gt=0)
    prompts_per_step: int = Field(default=32, gt=0)
    margin: float = Field(default=0.0, ge=0)
    """Added per unit of mean-rank gap (Touvron et al. 2023, section 3.2.2)."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=0.5)
    min_rank_gap: float = Field(default=0.0, ge=0)
    """Pairs whose mean ranks differ by less are not learnt from: where people are noisy, chance ordered them."""
    heldout_share: float = Field(default=0.06, ge=0, lt=1)
    mix_rows: int = Field(default=4, ge=0)
    mix_coefficient: float = Field(default=0.5, ge=0)
    """On the mean loss per raw-text token replayed beside the rankings; needs tied embeddings."""
    row_tokens: int = Field(default=256, gt=1)
    micro_tokens: int = Field(default=8192, gt=0)
    optimizer: OptimizerConfig = OptimizerConfig(learning_rate=5e-4)
    schedule: ScheduleConfig = ScheduleConfig(shape="cosine", warmup_share=0.05, final_share=0.1)
    precision: Precision = "auto"


@stage(version=3)
def reward(
    sft: Checkpoint,
    comparisons: Sequence[Comparisons],
    demonstrations: Demonstrations,
    tokens: Tokens,
    config: RewardConfig,
    context: StageContext,
) -> RewardModel:
    """Train from the SFT model's trunk with a fresh head on all rounds of comparisons."""
    words = Tokenizer.load(sft.path)
    check_tokenizer(sft.path, words)
    head = torch.Generator().manual_seed(derive(context.seed, "reward", "head"))
    model = load_checkpoint(sft.path, head="scalar", generator=head)
    model.to(context.device)
    groups, dropped = _groups(comparisons, words, model.config.max_position_embeddings)
    lines = "".join(json.dumps(row) + "\n" for row in dropped)
    (context.out / "ledger.jsonl").write_text(lines, encoding="utf-8")
    heldout = [group for group in groups if _held_out(group.tree.name, config.heldout_share)]
    kept = [group for group in groups if not _held_out(group.tree.name, config.heldout_share)]
    layout = Layout(config.row_tokens, config.micro_tokens)

    def draw(step: int) -> list[RankedTree]:
        rng = lambda epoch: stream(context.seed, "reward", "order", epoch)  # noqa: E731 - named by its use
        return [kept[index] for index in shuffled(len(kept), config.prompts_per_step, step, rng)]

    products = products_of(config.precision, context.device, context.log)
    settings = RankingSettings(config.margin, config.label_smoothing, config.min_rank_gap, products)
    mix = _mix(model, tokens, config, context)
    optimizer = build_optimizer([model], config.optimizer, products)
    task = RewardTask(model, optimizer, draw, layout, settings, mix)
    num_steps = max(1, round(config.epochs * len(kept) / config.prompts_per_step))
    write_first_batch(context.out / "first_batch.json", words, [group.tree for group in draw(0)])
    train(task, LoopPlan("reward", num_steps, config.optimizer.clip_norm, config.schedule), context)
    _calibrate(model, words, demonstrations, layout, context)
    save_checkpoint(context.out, model, sft.path, extra={FINGERPRINT: words.fingerprint})
    rows = score_trees(model, [group.tree for group in heldout], layout)
    scores = [score for group, row in zip(heldout, rows, strict=True) for score in group.per_rank(row)]
    accuracy = pair_accuracy(torch.tensor(scores), ordered_pairs([group.mean_ranks for group in heldout]))
    context.metrics["heldout_pair_accuracy"] = share(accuracy.num_right, accuracy.n)
    context.measure("groups", len(kept), n=len(groups))
    return context.made(RewardModel)


def _mix(model: ScalarModel, tokens: Tokens, config: RewardConfig, context: StageContext) -> Stream | None:
    """Return the raw text that is replayed, or None where the recipe asks for none."""
    if not config.mix_rows or not config.mix_coefficient:
        return None
    if not model.config.tie_word_embeddings:
        raise RecipeError(
            "replaying raw text needs tied embeddings: a reward model has no language head of its own",
            where="reward.mix_rows",
            do="set reward.mix_rows = 0, or pretrain.model.tie_embeddings = true",
        )
    shards = TokenShards.open(tokens.path / "train")
    rows = RawRows(shards, derive(context.seed, "reward", "mix"), config.row_tokens, config.mix_rows)
    return Stream("text", rows.trees, config.mix_coefficient)


def _groups(
    comparisons: Sequence[Comparisons], words: Tokenizer, limit: int
) -> tuple[list[RankedTree], list[dict[str, object]]]:
    """Return the groups people agreed on, as trees, and why the others are left out."""
    groups: list[RankedTree] = []
    dropped: list[dict[str, object]] = []
    for artifact in comparisons:
        flags: dict[tuple[str, tuple[str, ...]], tuple[tuple[str, ...], ...]] = {}
        for order in read_records(artifact.path / "comparisons.jsonl", Comparison):
            flags.setdefault((order.prompt.id, order.replies), order.flags)
        for row in read_records(artifact.path / "groups.jsonl", Aggregate):
            reason = row.contested
            cut = ["cut" in marks for marks in flags[row.prompt.id, row.replies]] or [False] * len(row.replies)
            tree = replies_tree(words, row.prompt.messages, row.replies, cut, row.prompt.id)
            if not reason and len(tree.prompt) + max(map(len, tree.replies)) > limit:
                reason = f"longer than the context of {limit} tokens"
            if reason:
                dropped.append({"id": row.prompt.id, "reason": reason})
            else:
                groups.append(RankedTree.of(tree, row.mean_ranks))
    if len(groups) < 2:
        raise SourceError(
            f"wanted at least 2 prompts that people could rank, found {len(groups)}; {len(dropped)} were left out",
            do="look at ledger.jsonl of the comparisons; gather more rankings",
        )
    return groups, dropped


def _held_out(prompt_id: str, share_held: float) -> bool:
    return int(content_id("reward", prompt_id)[:12], 16) / 16**12 < share_held


def _calibrate(
    model: ScalarModel, words: Tokenizer, demonstrations: Demonstrations, layout: Layout, context: StageContext
) -> None:
    """Shift the scores so that demonstrations have mean 0 (Ouyang et al. 2022, section 3.5); report it on held-out
    ones too.
    """
    limit = model.config.max_position_embeddings

    def scores(name: str) -> list[float]:
        rows = read_records(demonstrations.path / name, Demonstration)
        trees = [demonstration_tree(words, row) for row in rows]
        trees = [tree for tree in trees if len(tree.prompt) + len(tree.replies[0]) <= limit]
        return [row[0] for row in score_trees(model, trees, layout)] if trees else []

    train_scores = scores("demonstrations.jsonl")
    model.bias -= sum(train_scores) / len(train_scores)
    context.metrics["mean_on_demonstrations"] = mean([score + model.bias for score in train_scores])
    context.metrics["mean_on_heldout_demonstrations"] = mean(scores("heldout.jsonl"))
