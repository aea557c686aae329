"""A corpus to a tokenizer in the Hugging Face layout, and how well it packs each source and language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from trivium.core.kinds import Corpus, TokenizerFiles
from trivium.core.seed import derive
from trivium.core.stage import StageContext, stage
from trivium.curation.language import LanguageSettings, language
from trivium.curation.mix import MixSettings, choose, plan_mix
from trivium.records import Document, read_records
from trivium.text.tokenizer import Tokenizer, TokenizerConfig

DOCUMENTS_AT_ONCE = 512


class MixedTokenizerConfig(TokenizerConfig):
    """How to train, and on what: all kept documents, or a mix of them whose sizes are in bytes."""

    mix: MixSettings | None = None


@stage(version=2)
def tokenizer(corpus: Corpus, config: MixedTokenizerConfig, context: StageContext) -> TokenizerFiles:
    """Train on the kept documents or their mix; report bytes per token on those held out, by source and language."""
    file = corpus.path / "documents.jsonl"
    texts: Iterator[str] = (document.text for document in read_records(file, Document))
    if config.mix is not None:
        texts = _mixed(file, config.mix, derive(context.seed, "tokenizer"))
    trained = Tokenizer.train(texts, TokenizerConfig(**config.model_dump(exclude={"mix"})))
    trained.save(context.out)
    context.measure("vocabulary", trained.vocab_size, n=trained.vocab_size)
    _measure(trained, corpus.path / "heldout.jsonl", context)
    return context.made(TokenizerFiles)


def _mixed(file: Path, mix: MixSettings, seed: int) -> Iterator[str]:
    """Yield the texts of the mix in the order of the file, a text as often as the mix has it."""
    names: dict[str, int] = {}
    sizes, sources = [], []
    for document in read_records(file, Document):
        sizes.append(len(document.text.encode()))
        sources.append(names.setdefault(document.source, len(names)))
    counts = np.bincount(sources, sizes).astype(np.int64)
    plan = plan_mix(dict(zip(names, counts.tolist(), strict=True)), mix)
    chosen = choose(np.array(sizes), np.array(sources), plan, seed)
    times = np.bincount(chosen, minlength=len(sizes)).tolist()
    for count, document in zip(times, read_records(file, Document), strict=True):
        for _ in range(count):
            yield document.text


def _measure(trained: Tokenizer, file: Path, context: StageContext) -> None:
    """Count bytes and tokens of the held-out documents together, by source and by language."""
    num_bytes: Counter[str] = Counter()
    num_tokens: Counter[str] = Counter()
    documents = read_records(file, Document)
    while batch := list(islice(documents, DOCUMENTS_AT_ONCE)):
        texts = [document.text for document in batch]
        codes = language(pa.array(texts, pa.large_string()), LanguageSettings()).column("language").to_pylist()
        for document, code, ids in zip(batch, codes, trained.encode_batch(texts), strict=True):
            for key in ("", f".source.{document.source}", f".language.{code}"):
                num_bytes[key] += len(document.text.encode())
                num_tokens[key] += len(ids)
    context.measure("bytes_per_token", num_bytes[""] / num_tokens[""] if num_tokens[""] else None, n=num_tokens[""])
    for key in sorted(num_tokens):
        if key and num_tokens[key]:
            context.measure(f"bytes_per_token{key}", num_bytes[key] / num_tokens[key], n=num_tokens[key])
