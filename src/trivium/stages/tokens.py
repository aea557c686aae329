"""A corpus and a tokenizer to token shards: one folder to train on, one held out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from trivium.core.config import Config, NotIdentity
from trivium.core.errors import InputError, TriviumError
from trivium.core.kinds import Corpus, TokenizerFiles, Tokens
from trivium.core.seed import derive
from trivium.core.stage import StageContext, stage
from trivium.curation.contamination import EVALUATION, EvaluationIndex, match, named
from trivium.curation.encode import encode
from trivium.curation.engine import Engine, EngineSettings
from trivium.curation.mix import MixSettings, Planned, choose, plan_mix
from trivium.curation.words import words
from trivium.text.tokenizer import Tokenizer
from trivium.training.shards import MORE_HELD_OUT, TokenDocument, TokenShards, write_shards

DOCUMENTS_AT_ONCE = 256


class TokensConfig(Config):
    """How shards are cut, and what they are a mix of: without one, every document once, in the order of the corpus."""

    shard_tokens: int = 16_777_216
    mix: MixSettings | None = None
    engine: Annotated[EngineSettings, NotIdentity()] = EngineSettings()


@stage(version=2)
def tokens(corpus: Corpus, tokenizer: TokenizerFiles, config: TokensConfig, context: StageContext) -> Tokens:
    """Encode each document after a beginning-of-document token, portion by portion; a killed run goes on.

    There is no folder `heldout` where the corpus holds nothing out: few documents, or `corpus.heldout_share` = 0.
    Where the corpus was decontaminated, the finished shards are decoded and searched once more.
    """
    encoder = Tokenizer.load(tokenizer.path)
    engine = Engine(config.engine)
    for split, name in (("train", "documents.jsonl"), ("heldout", "heldout.jsonl")):
        if split == "heldout" and not (corpus.path / name).stat().st_size:
            context.log.write("nothing held out", f"warning: the corpus holds nothing out; {MORE_HELD_OUT}")
            continue
        encoded = encode(corpus.path / name, tokenizer.path, context.scratch / split, engine)
        documents: Iterator[TokenDocument] = (TokenDocument(*each) for each in encoded)
        if split == "train" and config.mix is not None:
            documents = _mixed(documents, encoder, config, context)
        summary = write_shards(
            context.out / split,
            documents,
            vocab_size=encoder.vocab_size,
            shard_tokens=config.shard_tokens,
            fingerprint=encoder.fingerprint,
        )
        context.measure(f"{split}_tokens", summary.num_tokens, n=summary.num_documents)
    shards = TokenShards.open(context.out / "train")
    _measure_sources(shards, context)
    if (corpus.path / EVALUATION).exists():
        _search(shards, encoder, EvaluationIndex.load(corpus.path / EVALUATION), context)
    return context.made(Tokens)


def _mixed(
    documents: Iterator[TokenDocument], encoder: Tokenizer, config: TokensConfig, context: StageContext
) -> Iterator[TokenDocument]:
    """Lay all documents down once, count them, and yield those of the mix in its order."""
    assert config.mix is not None
    num_bytes: list[int] = []

    def counted() -> Iterator[TokenDocument]:
        for document in documents:
            num_bytes.append(document.num_bytes)
            yield document

    folder = context.scratch / "all"
    write_shards(folder, counted(), vocab_size=encoder.vocab_size, fingerprint=encoder.fingerprint)
    shards = TokenShards.open(folder)
    sizes, sources, names = shards.lengths(), shards.source_numbers(), shards.info.sources
    plan = plan_mix(_tokens_by_source(sizes, sources, names), config.mix)
    chosen = choose(sizes, sources, plan, derive(context.seed, "tokens"))
    if not len(chosen):
        raise InputError("no document fits the budget of the mix", where="tokens.mix.budget", do="raise it")
    _tell(plan, context)
    for index in chosen.tolist():
        yield TokenDocument(shards.document(index), num_bytes[index], names[sources[index]])


def _tokens_by_source(sizes: NDArray[np.int64], sources: NDArray[np.int64], names: tuple[str, ...]) -> dict[str, int]:
    counts = np.bincount(sources, sizes, minlength=len(names)).astype(np.int64)
    return dict(zip(names, counts.tolist(), strict=True))


def _tell(plan: list[Planned], context: StageContext) -> None:
    for each in plan:
        context.measure(f"epochs.{each.source}", each.epochs, n=each.available)
        if each.capped:
            text = f"warning: {each.source} gives {each.epochs:.1f} epochs, less than its share of {each.share:.0%}"
            context.log.write("mix capped", text, source=each.source, epochs=each.epochs, share=each.share)


def _measure_sources(shards: TokenShards, context: StageContext) -> None:
    names = shards.info.sources
    if len(names) > 1:
        counts = _tokens_by_source(shards.lengths(), shards.source_numbers(), names)
        for name, count in counts.items():
            context.measure(f"train_tokens.{name}", count, n=shards.num_tokens)


def _search(shards: TokenShards, encoder: Tokenizer, index: EvaluationIndex, context: StageContext) -> None:
    """Raise where a document of the finished store still holds an evaluation item."""
    for start in range(0, shards.num_documents, DOCUMENTS_AT_ONCE):
        numbers = range(start, min(start + DOCUMENTS_AT_ONCE, shards.num_documents))
        texts = [encoder.decode(shards.document(number).tolist()) for number in numbers]
        found = match(words(pa.array(texts, pa.large_string())), index)
        for row, number in enumerate(numbers):
            if found.num_runs[row] >= index.min_matches:
                raise TriviumError(
                    f"document {number} of the token store holds an evaluation item: {named(found.items[row], index)}",
                    where=str(shards.folder),
                    do="report this: the corpus was decontaminated, and its tokens are not",
                )
    context.measure("contaminated_documents", 0, n=shards.num_documents)
