"""A base model and demonstrations to an assistant that answers and stops: supervised fine-tuning with raw text
replayed."""

from __future__ import annotations

import json

import torch
from pydantic import Field

from trivium.core.config import Config
from trivium.core.kinds import Checkpoint, Demonstrations, Tokens
from trivium.core.seed import derive, stream
from trivium.core.stage import StageContext, stage
from trivium.model.decoder import LanguageModel
from trivium.model.exchange import FINGERPRINT, check_tokenizer, load_checkpoint, save_checkpoint
from trivium.model.lora import save_adapter
from trivium.model.trainable import Update, UpdateAll, UpdateLora, lora_config, select
from trivium.records import Demonstration, read_records
from trivium.text.tokenizer import Tokenizer
from trivium.training.batch import Tree
from trivium.training.bits import bits_per_byte, clustered_ratio, tree_nats
from trivium.training.examples import RawRows, demonstration_tree, fitting, shuffled
from trivium.training.first_batch import write_first_batch
from trivium.training.language import LanguageTask, Layout, Rows, Stream
from trivium.training.loop import LoopPlan, train
from trivium.training.optimizer import OptimizerConfig, build_optimizer
from trivium.training.precision import Precision, products_of
from trivium.training.schedule import ScheduleConfig
from trivium.training.shards import TokenShards


class SftConfig(Config):
    """How the base is fine-tuned. `mix_rows` rows of raw text are replayed a step: without them the knowledge is
    lost.
    """

    epochs: float = Field(default=3.0, gt=0)
    demonstrations_per_step: int = Field(default=64, gt=0)
    mix_rows: int = Field(default=8, ge=0)
    mix_coefficient: float = Field(default=1.0, ge=0)
    """On the mean loss per raw-text token, beside 1 on the mean loss per reply token."""
    row_tokens: int = Field(default=128, gt=1)
    micro_tokens: int = Field(default=8192, gt=0)
    optimizer: OptimizerConfig = OptimizerConfig(learning_rate=1e-3)
    schedule: ScheduleConfig = ScheduleConfig(shape="cosine", warmup_share=0.05, final_share=0.05)
    update: Update = UpdateAll()
    precision: Precision = "auto"


@stage(version=2)
def sft(
    base: Checkpoint, demonstrations: Demonstrations, tokens: Tokens, config: SftConfig, context: StageContext
) -> Checkpoint:
    """Train on the assistant's tokens and its end of turn; report the loss on held-out demonstrations."""
    words = Tokenizer.load(base.path)
    check_tokenizer(base.path, words)
    text = TokenShards.heldout(tokens.path)
    model = load_checkpoint(base.path, head="language").to(context.device)
    assert isinstance(model, LanguageModel)
    limit = model.config.max_position_embeddings
    trees, dropped = fitting(_trees(demonstrations, "demonstrations.jsonl", words), limit)
    lines = "".join(json.dumps(row) + "\n" for row in dropped)
    (context.out / "ledger.jsonl").write_text(lines, encoding="utf-8")
    select(model, config.update, torch.Generator().manual_seed(derive(context.seed, "sft", "update")))
    layout = Layout(config.row_tokens, config.micro_tokens)
    streams = [Stream("reply", _Draw(trees, config.demonstrations_per_step, context.seed))]
    if config.mix_rows and config.mix_coefficient:
        shards = TokenShards.open(tokens.path / "train")
        raw = RawRows(shards, derive(context.seed, "sft", "mix"), config.row_tokens, config.mix_rows)
        streams.append(Stream("text", raw.trees, config.mix_coefficient))
    num_steps = max(1, round(config.epochs * len(trees) / config.demonstrations_per_step))
    products = products_of(config.precision, context.device, context.log)
    optimizer = build_optimizer([model], config.optimizer, products)
    task = LanguageTask(model, optimizer, streams, layout, products=products)
    write_first_batch(context.out / "first_batch.json", words, streams[0].draw(0)[0])
    train(task, LoopPlan("sft", num_steps, config.optimizer.clip_norm, config.schedule), context)
    save_checkpoint(context.out, model, base.path, extra={FINGERPRINT: words.fingerprint})
    if isinstance(config.update, UpdateLora):
        save_adapter(context.out / "adapter", model, lora_config(config.update))
    _report(model, words, demonstrations, text, layout, context)
    context.measure("demonstrations", len(trees), n=len(trees) + len(dropped))
    return context.made(Checkpoint)


class _Draw:
    """The demonstrations of any step, in a new seeded order each epoch."""

    def __init__(self, trees: list[Tree], per_step: int, seed: int) -> None:
        self.trees = trees
        self.per_step = per_step
        self.seed = seed

    def __call__(self, step: int) -> tuple[list[Tree], Rows | None]:
        indices = shuffled(len(self.trees), self.per_step, step, lambda epoch: stream(self.seed, "sft", "order", epoch))
        return [self.trees[index] for index in indices], None


def _trees(demonstrations: Demonstrations, name: str, words: Tokenizer) -> list[Tree]:
    rows = read_records(demonstrations.path / name, Demonstration)
    return [demonstration_tree(words, row) for row in rows]


def _report(
    model: LanguageModel,
    words: Tokenizer,
    demonstrations: Demonstrations,
    text: TokenShards,
    layout: Layout,
    context: StageContext,
) -> None:
    heldout = _trees(demonstrations, "heldout.jsonl", words)
    limit = model.config.max_position_embeddings
    heldout = [tree for tree in heldout if len(tree.prompt) + len(tree.replies[0]) <= limit]
    if heldout:
        context.metrics["heldout_loss"] = clustered_ratio(*tree_nats(model, heldout, layout))
    context.metrics["bits_per_byte"] = bits_per_byte(model, words, text, layout)
