"""Texts to datatrove's own work on them, step by step, with spaCy's words (as it comes) and with white-space words."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable
from types import SimpleNamespace
from unittest.mock import patch

Step = tuple[int, Callable[[], object]]

NUM_TEXTS = {"spacy": 60, "blanks": 300}
"""How many texts the peer gets: it is slow, and its time grows with their number alone."""
_SPLITTERS = (
    "datatrove.pipeline.filters.gopher_quality_filter",
    "datatrove.pipeline.filters.gopher_repetition_filter",
    "datatrove.pipeline.filters.fineweb_quality_filter",
)


def steps(texts: list[str]) -> dict[tuple[str, str], Step]:
    """Return (step, words) → bytes and work; nothing where datatrove is not installed (the extra `bench`)."""
    try:
        from datatrove.data import Document
        from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
        from datatrove.pipeline.filters import FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter
        from datatrove.pipeline.formatters import PIIFormatter
    except ImportError:
        return {}
    quality = (GopherQualityFilter(), FineWebQualityFilter())
    config = MinhashConfig(num_buckets=14, hashes_per_bucket=8)
    signatures = {how: MinhashDedupSignature(tempfile.gettempdir(), config=config) for how in NUM_TEXTS}
    signatures["blanks"].word_tokenizer = SimpleNamespace(word_tokenize=str.split)
    kinds: dict[str, Callable[[Document], object]] = {
        "quality": lambda document: [each.filter(document) for each in quality],
        "repetition": lambda document: [each.filter(document) for each in (*quality, GopherRepetitionFilter())],
        "privacy": lambda document: PIIFormatter().format(document.text),
    }
    made: dict[tuple[str, str], Step] = {}
    for splitting, count in NUM_TEXTS.items():
        some = texts[:: max(len(texts) // count, 1)][:count]
        documents = [Document(text=text, id=str(index)) for index, text in enumerate(some)]
        size = sum(len(text.encode()) for text in some)
        step = signatures[splitting]
        for name, work in (kinds | {"minhash": lambda document, step=step: _signature(step, document.text)}).items():
            made[name, splitting] = (size, lambda work=work, docs=documents, how=splitting: _all(work, docs, how))
    return made


def _signature(step: object, text: str) -> object:
    shingles = step.get_shingles(text)  # type: ignore[attr-defined]
    return step.get_signature(shingles) if len(shingles) else None  # type: ignore[attr-defined]


def _all(work: Callable[[object], object], documents: list[object], splitting: str) -> None:
    if splitting == "spacy":
        for document in documents:
            work(document)
        return
    splitters = [patch.object(importlib.import_module(name), "split_into_words", _blanks) for name in _present()]
    for each in splitters:
        each.start()
    try:
        for document in documents:
            work(document)
    finally:
        for each in splitters:
            each.stop()


def _present() -> list[str]:
    return [name for name in _SPLITTERS if hasattr(importlib.import_module(name), "split_into_words")]


def _blanks(text: str, language: str = "eng") -> list[str]:
    return text.split()
