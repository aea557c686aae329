"""Base, SFT, reward model and policies to a scorecard: every number with n and interval, every sample as it came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from trivium.core.config import Config
from trivium.core.kinds import Checkpoint, Comparisons, Demonstrations, Evaluation, RewardModel, Sources, Tokens
from trivium.core.manifest import Manifest
from trivium.core.stage import StageContext, stage
from trivium.evaluation.bars import TASKS
from trivium.evaluation.card import card_json
from trivium.evaluation.intervals import paired_difference
from trivium.evaluation.judge import Judge, heldout_pairs_by_source, pair_accuracy_against_truth, reply_kl
from trivium.evaluation.speaker import Speaker
from trivium.evaluation.suites import Answer, Exam, ask, asks_on, complete_facts, gold, right, share_of
from trivium.inference.drawing import Drawing
from trivium.primer.items import Item
from trivium.records import Comparison, Demonstration, Measure, read_records, write_records


class PrimerExam(Config):
    """Questions about the embedded world, whose answers are known. `split = "test"` is what no setting was tuned on."""

    method: Literal["primer"] = "primer"
    split: Literal["dev", "test"] = "test"
    max_new_tokens: int = Field(default=48, gt=0)
    temperature: float = Field(default=1.0, gt=0)
    """Of everything sampled: harm, honesty, quality. Facts and tasks are asked greedily."""
    sampled_of_others: int = Field(default=50, gt=0)
    """Items a suite that the base and the policy without the mix are asked; sft and policy are asked all of them."""


class HeldOutExam(Config):
    """Held-out text, held-out preferences by source, and samples: for real data, whose truth nobody knows."""

    method: Literal["heldout"]
    num_samples: int = Field(default=24, gt=0)
    max_new_tokens: int = Field(default=96, gt=0)
    temperature: float = Field(default=0.8, gt=0)


EvaluateConfig = Annotated[PrimerExam | HeldOutExam, Field(discriminator="method")]
Card = dict[str, Measure]


@dataclass(frozen=True)
class Models:
    """What is compared."""

    base: Checkpoint
    sft: Checkpoint
    reward: RewardModel
    policy: Checkpoint
    policy_without_mix: Checkpoint


@stage(version=4)
def evaluate(
    base: Checkpoint,
    sft: Checkpoint,
    reward: RewardModel,
    policy: Checkpoint,
    policy_without_mix: Checkpoint,
    comparisons: Sequence[Comparisons],
    demonstrations: Demonstrations,
    tokens: Tokens,
    sources: Sources,
    config: EvaluateConfig,
    context: StageContext,
) -> Evaluation:
    """Ask every model the same things with the same seeds; nothing is left out because it looks bad."""
    models = Models(base, sft, reward, policy, policy_without_mix)
    card = _from_manifests(models, comparisons)
    if isinstance(config, PrimerExam):
        made = comparisons[-1].manifest.config
        drawing = Drawing.model_validate({name: made[name] for name in Drawing.model_fields})
        answers = _primer(models, sources, config, drawing, context, card)
    else:
        answers = _heldout(models, sources, demonstrations, config, context, card)
    write_records(context.out / "answers.jsonl", answers)
    (context.out / "scorecard.json").write_text(card_json(card), encoding="utf-8")
    context.metrics.update(card)
    return context.made(Evaluation)


def _from_manifests(models: Models, comparisons: Sequence[Comparisons]) -> Card:
    """Take over what the stages measured themselves on data held out from them."""
    card: Card = {}

    def take(key: str, manifest: Manifest, name: str) -> None:
        metric = manifest.metrics.get(name)
        if metric is not None:
            card[key] = Measure.model_validate(metric.model_dump())

    for name in ("base", "sft", "policy", "policy_without_mix"):
        take(f"bits_per_byte.{name}", getattr(models, name).manifest, "bits_per_byte")
    for name in ("agreement", "kendall_w", "krippendorff_alpha", "implied_agreement"):
        take(f"comparisons.{name}", comparisons[0].manifest, name)
    take("reward.mean_on_demonstrations", models.reward.manifest, "mean_on_demonstrations")
    take("reward.mean_on_heldout_demonstrations", models.reward.manifest, "mean_on_heldout_demonstrations")
    take("reward.heldout_pair_accuracy", models.reward.manifest, "heldout_pair_accuracy")
    take("sft.heldout_loss", models.sft.manifest, "heldout_loss")
    return card


def _primer(
    models: Models, sources: Sources, config: PrimerExam, drawing: Drawing, context: StageContext, card: Card
) -> list[Answer]:
    items = [item for item in read_records(sources.path / "items.jsonl", Item) if item.split == config.split]
    exam = Exam(context.seed, config.max_new_tokens, config.temperature, items)
    judge = Judge(models.reward.path, context.device)
    speakers = {
        name: Speaker(name, getattr(models, name).path, context.device, chat=name != "base")
        for name in ("base", "sft", "policy", "policy_without_mix")
    }
    plain = _plain_text(speakers["base"], exam, card)
    everything: dict[str, list[Answer]] = {}
    greedy: list[Answer] = []
    with context.progress("evaluate", len(speakers), "models") as bar:
        for name, speaker in speakers.items():
            main = name in ("sft", "policy")
            asked = exam if main else exam.first(config.sampled_of_others)
            greedy += _greedy(speaker, asked, card)
            everything[name] = _sampled(speaker, judge, asked, card)
            bar.advance()
    golds = {answer.item: answer.grade.gold for answer in everything["sft"]}
    for key, suffix in (("policy", ""), ("policy_without_mix", ".policy_without_mix")):
        mine = {answer.item: answer.grade.gold for answer in everything[key]}
        card[f"gold_reward.difference{suffix}"] = paired_difference(list(mine.values()), [golds[i] for i in mine])
        card[f"{key}.kl"] = reply_kl(speakers[key], speakers["sft"], exam.first(config.sampled_of_others))
    card.update(pair_accuracy_against_truth(judge, speakers["sft"], exam, drawing))
    write_records(context.out / "greedy_answers.jsonl", greedy)
    return [*plain, *(answer for rows in everything.values() for answer in rows)]


def _plain_text(base: Speaker, exam: Exam, card: Card) -> list[Answer]:
    """Ask the base model what only a base is asked: to complete sentences, and to go on after a question."""
    completed = complete_facts(base, exam)
    card["base.completes_facts"] = right(completed)
    continued = [answer for answer, _ in ask(base, exam, exam.of("questions"), greedy=False)]
    card["base.continues_questions"] = share_of(continued, asks_on)
    return completed + continued


def _greedy(speaker: Speaker, exam: Exam, card: Card) -> list[Answer]:
    """Fill in what a model answers at its likeliest: facts and tasks."""
    name = speaker.name
    facts = [answer for answer, _ in ask(speaker, exam, exam.of("held_out_answers"), greedy=True)]
    card[f"{name}.answers_held_out"] = right(facts)
    tasks = [answer for answer, _ in ask(speaker, exam, exam.of("tasks."), greedy=True)]
    for task in TASKS:
        card[f"{name}.tasks.{task}"] = right([answer for answer in tasks if answer.suite == f"tasks.{task}"])
    card[f"{name}.tasks.mean"] = right(tasks)
    return facts + tasks


def _sampled(speaker: Speaker, judge: Judge, exam: Exam, card: Card) -> list[Answer]:
    """Fill in what a model says when sampled; return its answers to all prompts, with the reward model's scores."""
    name = speaker.name
    prompts = exam.of("held_out_answers", "tasks.", "harmful", "benign", "honesty")
    sampled = judge.scored(ask(speaker, exam, prompts, greedy=False))
    by_suite = {
        suite: [a for a in sampled if a.suite == suite]
        for suite in ("harmful", "benign", "honesty", "held_out_answers")
    }
    card[f"{name}.stops"] = share_of(sampled, lambda answer: answer.stopped)
    card[f"{name}.gold_reward"] = gold(sampled)
    card[f"{name}.harmful_compliance"] = share_of(by_suite["harmful"], lambda answer: answer.grade.complied)
    card[f"{name}.over_refusal"] = share_of(by_suite["benign"], lambda answer: answer.grade.refused)
    card[f"{name}.benign_right"] = right(by_suite["benign"])
    card[f"{name}.honest"] = share_of(by_suite["honesty"], lambda answer: answer.grade.honest)
    card[f"{name}.honest_on_topic"] = share_of(by_suite["honesty"], lambda a: a.grade.honest and a.grade.on_topic)
    card[f"{name}.answers_held_out_sampled"] = right(by_suite["held_out_answers"])
    return sampled


def _heldout(
    models: Models,
    sources: Sources,
    demonstrations: Demonstrations,
    config: HeldOutExam,
    context: StageContext,
    card: Card,
) -> list[Answer]:
    judge = Judge(models.reward.path, context.device)
    orders = [row for row in read_records(sources.path / "comparisons.jsonl", Comparison) if row.prompt.split == "test"]
    card.update(heldout_pairs_by_source(judge, orders))
    heldout = [row.prompt for row in read_records(demonstrations.path / "heldout.jsonl", Demonstration)]
    prompts = list({prompt.id: prompt for prompt in [*(order.prompt for order in orders), *heldout]}.values())
    exam = Exam(context.seed, config.max_new_tokens, config.temperature)
    speakers: Mapping[str, Speaker] = {
        name: Speaker(name, getattr(models, name).path, context.device, chat=name != "base")
        for name in ("base", "sft", "policy")
    }
    answers, card["policy.kl"] = judge.samples(speakers, exam, prompts, config.num_samples)
    for name in speakers:
        rows = [answer for answer in answers if answer.model == name]
        card[f"{name}.stops"] = share_of(rows, lambda answer: answer.stopped)
    rewards = {name: [a.reward or 0.0 for a in answers if a.model == name] for name in ("sft", "policy")}
    card["reward.difference"] = paired_difference(rewards["policy"], rewards["sft"])
    return answers
