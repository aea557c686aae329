"""An SFT model, a reward model and prompts to a policy: PPO with a KL leash and a pre-training mix."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import torch
from numpy.random import Generator
from pydantic import Field, model_validator

from trivium.alignment.kl import AdaptiveKL, FixedKL
from trivium.alignment.ppo import PPOData, PPOSettings, PPOTask
from trivium.alignment.rollout import Minibatch, Models, Reply, RolloutPrompt, RolloutSettings, Watch
from trivium.core.config import Config
from trivium.core.errors import RecipeError, SourceError
from trivium.core.kinds import Checkpoint, RewardModel, Sources, Tokens
from trivium.core.recipe import nearest
from trivium.core.seed import derive, stream
from trivium.core.stage import StageContext, stage
from trivium.inference.sampling import Sampling
from trivium.model.decoder import LanguageModel, ScalarModel
from trivium.model.exchange import FINGERPRINT, check_tokenizer, load_checkpoint, save_checkpoint
from trivium.model.lora import save_adapter
from trivium.model.trainable import Update, UpdateAll, UpdateLora, lora_config, select
from trivium.primer.truth import grade
from trivium.primer.world import TruthRow
from trivium.records import Prompt, read_records
from trivium.text.tokenizer import Tokenizer
from trivium.training.batch import Tree
from trivium.training.bits import bits_per_byte
from trivium.training.examples import RawRows, prompt_ids, shuffled
from trivium.training.first_batch import write_first_batch
from trivium.training.language import Layout
from trivium.training.loop import LoopPlan, train
from trivium.training.optimizer import OptimizerConfig, Optimizers, build_optimizer
from trivium.training.precision import Precision, Products, products_of
from trivium.training.schedule import ScheduleConfig
from trivium.training.shards import TokenShards

FIRST_BATCH = "first_batch.json"


class FixedKLConfig(Config):
    """A KL coefficient that stays: reward per nat and token."""

    method: Literal["fixed"] = "fixed"
    beta: float = Field(default=0.05, ge=0)


class AdaptiveKLConfig(Config):
    """A KL coefficient steered towards `target` nats per reply."""

    method: Literal["adaptive"]
    beta: float = Field(default=0.05, gt=0)
    target: float = Field(default=3.0, gt=0)
    horizon: int = Field(default=5000, gt=0)


class PPOConfig(Config):
    """Proximal policy optimisation from a reward model (Ouyang et al. 2022, section 3.5 and appendix C.4)."""

    method: Literal["ppo"] = "ppo"
    iterations: int = Field(default=30, gt=0)
    replies: int = Field(default=256, gt=0)
    minibatch: int = Field(default=64, gt=0)
    epochs: int = Field(default=1, gt=0)
    prompt_copies: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    """How often an epoch holds each prompt of a kind (`Prompt.kind`); once where it is not said, 0 leaves it out."""
    max_new_tokens: int = Field(default=48, gt=0)
    temperature: float = Field(default=1.0, gt=0)
    gamma: float = Field(default=1.0, gt=0, le=1)
    lam: float = Field(default=0.95, ge=0, le=1)
    clip: float = Field(default=0.2, gt=0)
    value_clip: float = Field(default=0.2, gt=0)
    kl: Annotated[FixedKLConfig | AdaptiveKLConfig, Field(discriminator="method")] = FixedKLConfig()
    missing_end_score: float = -4.0
    whiten_rewards: bool = False
    mix_coefficient: float = Field(default=0.5, ge=0)
    """On the mean loss per raw-text token of the step."""
    mix_rows: int = Field(default=16, ge=0)
    row_tokens: int = Field(default=128, gt=1)
    micro_tokens: int = Field(default=8192, gt=0)
    optimizer: OptimizerConfig = OptimizerConfig(learning_rate=3e-4, weight_decay=0.0, epsilon=1e-5)
    value_learning_rate: float = Field(default=3e-4, gt=0)
    schedule: ScheduleConfig = ScheduleConfig(shape="linear", warmup_share=0.1, final_share=0.1)
    update: Update = UpdateAll()
    precision: Precision = "auto"
    """Of the matrix products of the value network and of raw text; log-probs are always in float32."""

    @model_validator(mode="after")
    def _every_reply_is_used(self) -> PPOConfig:
        if self.replies % self.minibatch:
            raise ValueError(f"replies ({self.replies}) must be a multiple of minibatch ({self.minibatch})")
        return self


@stage(version=2)
def policy(
    sft: Checkpoint,
    reward: RewardModel,
    sources: Sources,
    tokens: Tokens,
    config: PPOConfig,
    context: StageContext,
) -> Checkpoint:
    """Start from SFT, which is also the KL reference; the value network starts from the reward model."""
    words = Tokenizer.load(sft.path)
    check_tokenizer(sft.path, words)
    check_tokenizer(reward.path, words)
    models = _models(sft, reward, words, context.device)
    heldout = TokenShards.heldout(tokens.path)
    model = models.policy
    select(model, config.update, torch.Generator().manual_seed(derive(context.seed, "policy", "update")))
    data = _data((sources, tokens), words, model.config.max_position_embeddings, config, context)
    value_optimizer = config.optimizer.model_copy(
        update={"learning_rate": config.value_learning_rate, "method": "adamw"}
    )
    members = [*build_optimizer([model], config.optimizer).members]
    members += build_optimizer([models.value], value_optimizer).members
    settings = _settings(config, products_of(config.precision, context.device, context.log))
    kl = config.kl
    control = FixedKL(kl.beta) if isinstance(kl, FixedKLConfig) else AdaptiveKL(kl.beta, kl.target, kl.horizon)
    task = PPOTask(models, Optimizers(members), data, settings, control)
    num_steps = config.iterations * settings.steps_per_iteration
    train(task, LoopPlan("policy", num_steps, config.optimizer.clip_norm, config.schedule), context)
    (context.out / FIRST_BATCH).write_bytes((context.scratch / FIRST_BATCH).read_bytes())
    save_checkpoint(context.out, model, sft.path, extra={FINGERPRINT: words.fingerprint})
    save_checkpoint(context.out / "value", models.value, None)
    if isinstance(config.update, UpdateLora):
        save_adapter(context.out / "adapter", model, lora_config(config.update))
    layout = settings.layout
    context.metrics["bits_per_byte"] = bits_per_byte(model, words, heldout, layout)
    return context.made(Checkpoint)


def _models(sft: Checkpoint, reward: RewardModel, words: Tokenizer, device: str) -> Models:
    policy_model, reference = (load_checkpoint(sft.path, head="language").to(device) for _ in range(2))
    value, scorer = (load_checkpoint(reward.path, head="scalar").to(device) for _ in range(2))
    assert isinstance(policy_model, LanguageModel)
    assert isinstance(reference, LanguageModel)
    assert isinstance(value, ScalarModel)
    assert isinstance(scorer, ScalarModel)
    reference.requires_grad_(False)
    scorer.requires_grad_(False)
    return Models(policy_model, reference, value, scorer)


def _settings(config: PPOConfig, products: Products) -> PPOSettings:
    rollout = RolloutSettings(
        temperature=config.temperature,
        gamma=config.gamma,
        lam=config.lam,
        missing_end_score=config.missing_end_score,
        row_tokens=config.row_tokens,
        whiten_rewards=config.whiten_rewards,
        products=products,
    )
    return PPOSettings(
        replies=config.replies,
        minibatch=config.minibatch,
        epochs=config.epochs,
        clip=config.clip,
        value_clip=config.value_clip,
        mix_coefficient=config.mix_coefficient,
        rollout=rollout,
        layout=Layout(config.row_tokens, config.micro_tokens),
    )


def _data(
    inputs: tuple[Sources, Tokens], words: Tokenizer, limit: int, config: PPOConfig, context: StageContext
) -> PPOData:
    sources, tokens = inputs
    seed = context.seed
    pool = _pool(sources, words, limit - config.max_new_tokens, config.prompt_copies, context)
    raw = None
    if config.mix_rows and config.mix_coefficient:
        shards = TokenShards.open(tokens.path / "train")
        raw = RawRows(shards, derive(seed, "policy", "mix"), config.row_tokens, config.mix_rows).trees

    def pick(iteration: int) -> list[RolloutPrompt]:
        def rng_of(epoch: int) -> Generator:
            return stream(seed, "policy", "prompts", epoch)

        return [pool[index] for index in shuffled(len(pool), config.replies, iteration, rng_of)]

    def sampling(iteration: int) -> Sampling:
        return Sampling(
            max_new_tokens=config.max_new_tokens,
            temperature=config.temperature,
            seed=derive(seed, "policy", "rollout", iteration),
            stop_ids=(words.end_of_turn_id,),
        )

    return PPOData(pick, sampling, raw, _watch(sources, words), _first_seen(context.scratch / FIRST_BATCH, words))


def _first_seen(path: Path, words: Tokenizer) -> Callable[[Sequence[Minibatch]], None]:
    """Return what writes down the first sampled replies; in scratch, for a resumed run does not see them again."""

    def write(minibatches: Sequence[Minibatch]) -> None:
        first = minibatches[0]
        trees = [Tree(prompt=r.prompt.ids, replies=(r.ids,), name=r.prompt.id) for r in first.replies]
        write_first_batch(path, words, trees, first.advantages_ML.tolist())

    return write


def _pool(
    sources: Sources, words: Tokenizer, room: int, copies: Mapping[str, int], context: StageContext
) -> list[RolloutPrompt]:
    """Return an epoch's prompts: the training prompts that leave room for a reply, each as often as its kind says.

    What is left out goes to the ledger.
    """
    pool: list[RolloutPrompt] = []
    kinds: set[str] = set()
    with (context.out / "ledger.jsonl").open("w", encoding="utf-8") as ledger:
        for prompt in read_records(sources.path / "prompts.jsonl", Prompt):
            if prompt.split != "train":
                continue
            ids = tuple(prompt_ids(words, prompt.messages))
            count = copies.get(prompt.kind, 1)
            kinds.add(prompt.kind)
            if not count:
                ledger.write(json.dumps({"id": prompt.id, "reason": f"prompt_copies.{prompt.kind} = 0"}) + "\n")
            elif len(ids) <= room:
                pool += [RolloutPrompt(prompt.id, ids)] * count
            else:
                row = {"id": prompt.id, "reason": "prompt leaves no room for a reply", "tokens": len(ids), "room": room}
                ledger.write(json.dumps(row) + "\n")
    if not pool:
        raise SourceError(
            f"no training prompt leaves room for a reply ({room} tokens)",
            where=str(sources.path / "prompts.jsonl"),
            do="give prompts, or raise pretrain.model.context_tokens",
        )
    if unknown := sorted(set(copies) - kinds):
        raise RecipeError(
            f"`policy.prompt_copies`: no training prompt is of the kind {unknown[0]!r}{nearest(unknown[0], kinds)}",
            where=str(sources.path / "prompts.jsonl"),
            do=f"kinds there are: {', '.join(sorted(kinds))}",
        )
    context.measure("prompts", len(pool), n=len(pool))
    return pool


def _watch(sources: Sources, words: Tokenizer) -> Watch | None:
    """Return what logs the true quality of an iteration's replies, where the sources know the truth. Nothing learns
    from it.
    """
    truths = {row.prompt_id: row.truth for row in read_records(sources.path / "truths.jsonl", TruthRow)}
    if not truths:
        return None

    def gold(replies: Sequence[Reply]) -> dict[str, float]:
        known = [r for r in replies if r.prompt.id in truths]
        golds = [grade(truths[r.prompt.id], words.decode(r.ids), r.stopped).gold for r in known]
        return {"gold": sum(golds) / len(golds)} if golds else {}

    return gold
