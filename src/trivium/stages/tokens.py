"""A corpus and a tokenizer to token shards: one folder to train on, one held out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from trivium.core.config import Config
from trivium.core.kinds import Corpus, TokenizerFiles, Tokens
from trivium.core.stage import StageContext, stage
from trivium.records import Document, read_records
from trivium.text.tokenizer import Tokenizer
from trivium.training.shards import TokenDocument, write_shards

DOCUMENTS_AT_ONCE = 512


class TokensConfig(Config):
    """How shards are cut."""

    shard_tokens: int = 16_777_216


@stage(version=1)
def tokens(corpus: Corpus, tokenizer: TokenizerFiles, config: TokensConfig, context: StageContext) -> Tokens:
    """Encode each document after a beginning-of-document token; memory holds one batch of documents."""
    encoder = Tokenizer.load(tokenizer.path)
    for split, name in (("train", "documents.jsonl"), ("heldout", "heldout.jsonl")):
        summary = write_shards(
            context.out / split,
            _encoded(corpus.path / name, encoder),
            vocab_size=encoder.vocab_size,
            shard_tokens=config.shard_tokens,
            fingerprint=encoder.fingerprint,
        )
        context.measure(f"{split}_tokens", summary.num_tokens, n=summary.num_documents)
    return context.made(Tokens)


def _encoded(path: Path, encoder: Tokenizer) -> Iterator[TokenDocument]:
    """Yield (ids, UTF-8 bytes) of each document."""
    documents = read_records(path, Document)
    while batch := [document.text for document in islice(documents, DOCUMENTS_AT_ONCE)]:
        for text, ids in zip(batch, encoder.encode_batch(batch), strict=True):
            yield TokenDocument([encoder.bos_id, *ids], len(text.encode()))
