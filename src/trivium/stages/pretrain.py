"""Token shards to a base model: next-token prediction over packed documents."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field

from trivium.core.config import Config
from trivium.core.kinds import Checkpoint, TokenizerFiles, Tokens
from trivium.core.seed import derive
from trivium.core.stage import StageContext, stage
from trivium.model.config import ModelConfig
from trivium.model.decoder import LanguageModel, initialise
from trivium.model.exchange import FINGERPRINT, save_checkpoint
from trivium.model.induction import start_with_induction
from trivium.text.tokenizer import Tokenizer
from trivium.training.bits import bits_per_byte
from trivium.training.compiled import compiled
from trivium.training.examples import RawRows
from trivium.training.first_batch import write_first_batch
from trivium.training.language import LanguageTask, Layout, Stream
from trivium.training.loop import LoopPlan, train
from trivium.training.optimizer import OptimizerConfig, build_optimizer
from trivium.training.precision import Precision, products_of
from trivium.training.schedule import ScheduleConfig
from trivium.training.shards import TokenShards


class Shape(Config):
    """The decoder's size; the vocabulary comes from the tokenizer."""

    hidden_size: int = Field(default=128, gt=0)
    num_layers: int = Field(default=4, gt=0)
    num_heads: int = Field(default=4, gt=0)
    num_kv_heads: int = Field(default=4, gt=0)
    intermediate_size: int = Field(default=384, gt=0)
    context_tokens: int = Field(default=256, gt=0)
    qk_norm: bool = False
    tie_embeddings: bool = True

    def model_config_for(self, vocab_size: int) -> ModelConfig:
        """Return the decoder's configuration for a vocabulary."""
        return ModelConfig(
            vocab_size=vocab_size,
            hidden_size=self.hidden_size,
            intermediate_size=self.intermediate_size,
            num_hidden_layers=self.num_layers,
            num_attention_heads=self.num_heads,
            num_key_value_heads=self.num_kv_heads,
            head_dim=self.hidden_size // self.num_heads,
            max_position_embeddings=self.context_tokens,
            qk_norm=self.qk_norm,
            tie_word_embeddings=self.tie_embeddings,
        )


class PretrainConfig(Config):
    """How long and how the base model is trained. A step sees `rows_per_step` · `row_tokens` tokens."""

    model: Shape = Shape()
    num_steps: int = Field(default=500, gt=0)
    rows_per_step: int = Field(default=32, gt=0)
    row_tokens: int = Field(default=128, gt=1)
    micro_tokens: int = Field(default=8192, gt=0)
    """Tokens computed at once: bounds memory, leaves the gradient alone."""
    optimizer: OptimizerConfig = OptimizerConfig(method="muon", learning_rate=3e-3)
    schedule: ScheduleConfig = ScheduleConfig(shape="wsd", warmup_share=0.02, decay_share=0.4, final_share=0.05)
    start: Literal["normal", "induction"] = "normal"
    """`induction` starts two heads near a pair that copies from the context, which a small model learns late. It asks
    for a gentle Muon rate, about 0.004: a high one wipes the pair out."""
    precision: Precision = "auto"
    compile: bool = False
    """Compile the model's graph. On two cores it saves about 15 % a step and costs about 25 s: worth it from 3
    minutes on.
    """


@stage(version=4)
def pretrain(tokens: Tokens, tokenizer: TokenizerFiles, config: PretrainConfig, context: StageContext) -> Checkpoint:
    """Train from random weights; report bits per byte on the held-out documents."""
    words = Tokenizer.load(tokenizer.path)
    shards = TokenShards.open(tokens.path / "train")
    heldout = TokenShards.heldout(tokens.path)
    model = LanguageModel(config.model.model_config_for(words.vocab_size))
    weights = torch.Generator().manual_seed(derive(context.seed, "pretrain", "weights"))
    initialise(model, weights)
    if config.start == "induction":
        start_with_induction(model, weights)
    model.to(context.device)
    products = products_of(config.precision, context.device, context.log)
    rows = RawRows(shards, derive(context.seed, "pretrain", "order"), config.row_tokens, config.rows_per_step)
    layout = Layout(config.row_tokens, config.micro_tokens)
    task = LanguageTask(
        model,
        build_optimizer([model], config.optimizer, products),
        [Stream("text", rows.trees)],
        layout,
        forward=compiled(model, config.compile, context.log),
        products=products,
    )
    write_first_batch(context.out / "first_batch.json", words, rows.trees(0)[0])
    train(task, LoopPlan("pretrain", config.num_steps, config.optimizer.clip_norm, config.schedule), context)
    save_checkpoint(context.out, model, tokenizer.path, extra={FINGERPRINT: words.fingerprint})
    context.metrics["bits_per_byte"] = bits_per_byte(model, words, heldout, layout)
    context.measure("parameters", model.config.num_parameters, n=1)
    seen = config.num_steps * config.rows_per_step * config.row_tokens
    context.measure("tokens_seen", seen, n=config.num_steps)
    return context.made(Checkpoint)
