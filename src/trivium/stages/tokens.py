"""A corpus and a tokenizer to token shards: one folder to train on, one held out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trivium.core.config import Config
from trivium.core.errors import InputError
from trivium.core.kinds import Corpus, TokenizerFiles, Tokens
from trivium.core.seed import derive
from trivium.core.stage import StageContext, stage
from trivium.curation.mix import MixSettings, Planned, choose, plan_mix
from trivium.records import Document, read_records
from trivium.text.tokenizer import Tokenizer
from trivium.training.shards import TokenDocument, TokenShards, write_shards

DOCUMENTS_AT_ONCE = 512


class TokensConfig(Config):
    """How shards are cut, and what they are a mix of: without one, every document once, in the order of the corpus."""

    shard_tokens: int = 16_777_216
    mix: MixSettings | None = None


@stage(version=2)
def tokens(corpus: Corpus, tokenizer: TokenizerFiles, config: TokensConfig, context: StageContext) -> Tokens:
    """Encode each document after a beginning-of-document token; memory holds one batch of documents."""
    encoder = Tokenizer.load(tokenizer.path)
    for split, name in (("train", "documents.jsonl"), ("heldout", "heldout.jsonl")):
        documents = _encoded(corpus.path / name, encoder)
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
        if split == "train":
            _measure_sources(TokenShards.open(context.out / split), context)
    return context.made(Tokens)


def _encoded(path: Path, encoder: Tokenizer) -> Iterator[TokenDocument]:
    """Yield ids, UTF-8 bytes and source of each document."""
    documents = read_records(path, Document)
    while batch := list(islice(documents, DOCUMENTS_AT_ONCE)):
        for document, ids in zip(batch, encoder.encode_batch([each.text for each in batch]), strict=True):
            yield TokenDocument([encoder.bos_id, *ids], len(document.text.encode()), document.source)


def _mixed(
    documents: Iterator[TokenDocument], encoder: Tokenizer, config: TokensConfig, context: StageContext
) -> Iterator[TokenDocument]:
    """Encode all documents once to disk, count them, and yield those of the mix in its order."""
    assert config.mix is not None
    num_bytes: list[int] = []

    def counted() -> Iterator[TokenDocument]:
        for document in documents:
            num_bytes.append(document.num_bytes)
            yield document

    folder = context.scratch / "encoded"
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
