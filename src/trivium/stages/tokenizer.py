"""A corpus to a tokenizer in the Hugging Face layout."""

from __future__ import annotations

from trivium.core.kinds import Corpus, TokenizerFiles
from trivium.core.stage import StageContext, stage
from trivium.records import Document, read_records
from trivium.text.tokenizer import Tokenizer, TokenizerConfig


@stage(version=1)
def tokenizer(corpus: Corpus, config: TokenizerConfig, context: StageContext) -> TokenizerFiles:
    """Train on the kept documents; report bytes per token on those held out."""
    texts = (document.text for document in read_records(corpus.path / "documents.jsonl", Document))
    trained = Tokenizer.train(texts, config)
    trained.save(context.out)
    heldout = [document.text for document in read_records(corpus.path / "heldout.jsonl", Document)]
    num_tokens = sum(len(ids) for ids in trained.encode_batch(heldout))
    num_bytes = sum(len(text.encode()) for text in heldout)
    context.measure("vocabulary", trained.vocab_size, n=trained.vocab_size)
    context.measure("bytes_per_token", num_bytes / num_tokens if num_tokens else None, n=num_tokens)
    return context.made(TokenizerFiles)
