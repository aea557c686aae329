"""A model and prompts to comparisons: K sampled replies a prompt, several people's orders, mean ranks, winner and
loser."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from trivium.core.config import Config
from trivium.core.errors import SourceError
from trivium.core.identity import fingerprint
from trivium.core.kinds import Checkpoint, Comparisons, Sources
from trivium.core.seed import derive, stream
from trivium.core.stage import StageContext, stage
from trivium.human.agreement import concordance, krippendorff_alpha, pairwise_agreement
from trivium.human.nearest import nearest, stray_replies
from trivium.human.ranking import Aggregate, AggregateRules, aggregate, group
from trivium.human.ranking import ranked as ranked_of
from trivium.inference.drawing import Drawing, draw
from trivium.inference.engine import Engine
from trivium.model.decoder import LanguageModel
from trivium.model.exchange import load_checkpoint
from trivium.primer.rankers import PANEL, implied_panel_agreement
from trivium.primer.truth import Truth, grade
from trivium.primer.world import TruthRow
from trivium.records import Comparison, Measure, Prompt, read_records, write_records
from trivium.text.tokenizer import Tokenizer
from trivium.training.examples import prompt_ids


class SampledComparisons(Drawing):
    """Replies sampled from the model, ranked by the primer's simulated people, who know the truth but for their
    noise.
    """

    method: Literal["simulated"] = "simulated"
    num_prompts: int = Field(default=2000, gt=1)
    num_rankers: int = Field(default=5, ge=2, le=len(PANEL))
    noise_scale: float = Field(default=1.0, ge=0)
    """Multiplies the panel's stated noise."""
    alike_replies: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """For each entry one more reply, one of that many different replies to other prompts that are most like this
    prompt's first: the same said of something else, such as an abstention about another topic. Without them a reward
    model comes to like the form of a reply whatever it is about."""
    rules: AggregateRules = AggregateRules()
    """When a prompt's rankers disagree too much for its order to be used."""


class FileComparisons(Config):
    """Orders that people gave elsewhere, taken from the sources."""

    method: Literal["files"]
    max_prompts: int | None = Field(default=None, gt=1)


ComparisonsConfig = Annotated[SampledComparisons | FileComparisons, Field(discriminator="method")]


@stage(version=4)
def comparisons(model: Checkpoint, sources: Sources, config: ComparisonsConfig, context: StageContext) -> Comparisons:
    """Write every person's order, and for each prompt the mean ranks with winner and loser, or why it is contested."""
    if isinstance(config, SampledComparisons):
        orders = _simulated(model, sources, config, context)
        rules = config.rules
    else:
        orders = _from_files(sources, config, context)
        rules = AggregateRules()
    grouped = group(orders)
    aggregates = [aggregate(rows, rules) for rows in grouped]
    write_records(context.out / "comparisons.jsonl", orders)
    write_records(context.out / "groups.jsonl", aggregates)
    _report(grouped, aggregates, context)
    return context.made(Comparisons)


def _report(grouped: Sequence[Sequence[Comparison]], aggregates: Sequence[Aggregate], context: StageContext) -> None:
    ranked = [ranked_of(rows) for rows in grouped]
    context.metrics["agreement"] = pairwise_agreement(ranked)
    context.metrics["kendall_w"] = concordance(ranked)
    context.metrics["krippendorff_alpha"] = krippendorff_alpha(ranked)
    contested = sum(row.contested is not None for row in aggregates)
    context.measure("prompts", len(aggregates), n=len(aggregates))
    context.measure("contested", contested, n=len(aggregates))


def _simulated(
    model: Checkpoint, sources: Sources, config: SampledComparisons, context: StageContext
) -> list[Comparison]:
    num_replies = len(config.temperatures) + len(config.strays) + len(config.alike_replies)
    if num_replies < 4:
        raise SourceError(
            f"wanted at least 4 replies a prompt, found {num_replies}",
            where="comparisons.temperatures",
            do="add temperatures, or strays",
        )
    truths = {row.prompt_id: row.truth for row in read_records(sources.path / "truths.jsonl", TruthRow)}
    pool = [p for p in read_records(sources.path / "prompts.jsonl", Prompt) if p.split == "train" and p.id in truths]
    if not pool:
        raise SourceError(
            "simulated rankers need prompts whose truth is known",
            where=str(sources.path),
            do='use [sources] method = "primer", or [comparisons] method = "files"',
        )
    picked = stream(context.seed, "comparisons", _weights(model)).permutation(len(pool))[: config.num_prompts]
    prompts = [pool[index] for index in sorted(picked)]
    replies = _sample(model, prompts, config, context)
    _stray(prompts, replies, config, context)
    return _ranked(prompts, replies, truths, config, context)


def _weights(model: Checkpoint) -> str:
    """Return what the draws hang on: the model's weights, not its id, which a new version of any stage changes."""
    files = model.manifest.files
    return fingerprint({name: files[name].sha256 for name in files if name.endswith(".safetensors")})


Sampled = list[list[tuple[str, bool]]]
"""For each prompt, K replies as (text, whether it ended by itself)."""


def _sample(model: Checkpoint, prompts: Sequence[Prompt], config: SampledComparisons, context: StageContext) -> Sampled:
    words = Tokenizer.load(model.path)
    language_model = load_checkpoint(model.path, head="language").to(context.device)
    assert isinstance(language_model, LanguageModel)
    engine = Engine(language_model, max_batch=256)
    ids = [prompt_ids(words, prompt.messages) for prompt in prompts]
    keys = [prompt.id for prompt in prompts]
    weights = _weights(model)

    def seed_of(temperature: float) -> int:
        return derive(context.seed, "comparisons", weights, str(temperature))

    with context.progress("comparisons", len(prompts) * len(config.temperatures), "replies") as bar:
        drawn = draw(engine, config, (ids, keys), words.end_of_turn_id, seed_of, bar.advance)
    return [[(words.decode(one.ids), one.stopped) for one in row] for row in drawn]


def _stray(prompts: Sequence[Prompt], replies: Sampled, config: SampledComparisons, context: StageContext) -> None:
    """Add to each prompt's replies some that were given to prompts like it and some that are like its own, and shuffle
    them.
    """
    rng = stream(context.seed, "comparisons", "stray", len(replies))
    originals = [row[0] for row in replies]
    by_prompt = nearest([prompt.text for prompt in prompts], max(config.strays, default=0))
    once = {reply: index for index, reply in enumerate(dict.fromkeys(originals))}
    different = list(once)
    by_reply = nearest([text for text, _ in different], max(config.alike_replies, default=0))
    for row, original, others in zip(replies, originals, by_prompt, strict=True):
        row += stray_replies(row, [originals[index] for index in others], config.strays, rng)
        alike = [different[index] for index in by_reply[once[original]]] or [original]
        row += stray_replies(row, alike, config.alike_replies, rng)
        order = rng.permutation(len(row))
        row[:] = [row[index] for index in order]


def _ranked(
    prompts: Sequence[Prompt],
    replies: Sampled,
    truths: dict[str, Truth],
    config: SampledComparisons,
    context: StageContext,
) -> list[Comparison]:
    orders: list[Comparison] = []
    gaps: list[float] = []
    seed = derive(context.seed, "comparisons", "rankers")
    panel = [replace(one, noise=one.noise * config.noise_scale) for one in PANEL[: config.num_rankers]]
    for prompt, row in zip(prompts, replies, strict=True):
        golds = [grade(truths[prompt.id], text, stopped).gold for text, stopped in row]
        texts = tuple(text for text, _ in row)
        gaps += [abs(a - b) for i, a in enumerate(golds) for j, b in enumerate(golds[:i]) if texts[i] != texts[j]]
        flags = tuple(() if stopped else ("cut",) for _, stopped in row)
        for ranker in panel:
            ranks = ranker.rank(prompt.id, texts, golds, seed)
            orders.append(Comparison(prompt=prompt, replies=texts, ranks=ranks, ranker=ranker.name, flags=flags))
    context.metrics["implied_agreement"] = Measure(value=implied_panel_agreement(gaps, panel), n=len(gaps))
    return orders


def _from_files(sources: Sources, config: FileComparisons, context: StageContext) -> list[Comparison]:
    orders = list(read_records(sources.path / "comparisons.jsonl", Comparison))
    orders = [order for order in orders if order.prompt.split == "train"]
    if not orders:
        raise SourceError(
            "the sources hold no comparisons", where=str(sources.path), do="add a source with use = comparisons"
        )
    context.licences.update(order.prompt.licence for order in orders)
    ids = list(dict.fromkeys(order.prompt.id for order in orders))
    if config.max_prompts is not None and len(ids) > config.max_prompts:
        picked = stream(context.seed, "comparisons").permutation(len(ids))[: config.max_prompts]
        kept = {ids[index] for index in picked}
        orders = [order for order in orders if order.prompt.id in kept]
    (context.out / "sources.json").write_text(json.dumps(sorted({o.prompt.source for o in orders})), encoding="utf-8")
    return orders
