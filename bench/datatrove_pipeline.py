"""A folder of jsonl to datatrove's whole pipeline: filters, personal data, MinHash in its four steps, token files.

Steps that it lacks or that fetch a model (language identification, bad words, repeated paragraphs, encoding repair) are
left out on its side alone: ours takes them.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_WORDS = ("gopher_quality_filter", "gopher_repetition_filter", "fineweb_quality_filter")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
NUM_BUCKETS, HASHES_PER_BUCKET = 20, 6
"""As many signatures and bands as ours."""


def load() -> None:
    """Load what the pipeline is made of."""
    modules = ("executor", *(f"pipeline.{name}" for name in ("dedup", "filters", "formatters", "readers", "tokens")))
    for name in ("spacy", *(f"datatrove.{module}" for module in modules), "datatrove.pipeline.writers.jsonl"):
        importlib.import_module(name)


def run(source: Path, tokenizer: Path, folder: Path, *, blanks: bool) -> dict[str, Any]:
    """Go from jsonl to token files; `blanks` gives it white-space words, and sentences by one regular expression."""
    from loguru import logger

    logger.remove()
    logger.add(sys.stderr, level="ERROR")
    if blanks:
        _plain_words()
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupBuckets

    for number, pipeline in enumerate(_pipelines(source, tokenizer, folder, blanks=blanks)):
        tasks = NUM_BUCKETS if isinstance(pipeline[0], MinhashDedupBuckets) else 1  # it wants a task for each band
        logs = str(folder / f"logs-{number}")
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=logs, skip_completed=False).run()
    tokens = sum(path.stat().st_size for path in (folder / "tokens").glob("*.ds")) // 2
    return {"kept": _lines(folder / "deduplicated"), "filtered": _lines(folder / "filtered"), "tokens": tokens}


def _pipelines(source: Path, tokenizer: Path, folder: Path, *, blanks: bool) -> list[list[Any]]:
    from datatrove.pipeline import dedup, filters
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.formatters import PIIFormatter
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.tokens import DocumentTokenizer
    from datatrove.pipeline.writers.jsonl import JsonlWriter

    config = MinhashConfig(num_buckets=NUM_BUCKETS, hashes_per_bucket=HASHES_PER_BUCKET)
    names = ("filtered", "signatures", "buckets", "clusters", "deduplicated", "tokens")
    filtered, signatures, buckets, clusters, left, tokens = (str(folder / name) for name in names)
    signature = dedup.MinhashDedupSignature(signatures, config=config)
    if blanks:
        signature.word_tokenizer = SimpleNamespace(word_tokenize=str.split)

    def written(to: str) -> Any:
        return JsonlWriter(to, output_filename="${rank}.jsonl", compression=None)

    chosen = [
        filters.GopherRepetitionFilter(),
        filters.GopherQualityFilter(),
        filters.C4QualityFilter(filter_no_terminal_punct=False),
        filters.FineWebQualityFilter(),
        PIIFormatter(),
    ]
    return [
        [JsonlReader(str(source)), *chosen, written(filtered)],
        [JsonlReader(filtered), signature],
        [dedup.MinhashDedupBuckets(signatures, buckets, config=config)],
        [dedup.MinhashDedupCluster(buckets, clusters, config=config)],
        [JsonlReader(filtered), dedup.MinhashDedupFilter(clusters), written(left)],
        [JsonlReader(left), DocumentTokenizer(tokens, str(tokenizer / "tokenizer.json"), shuffle_documents=False)],
    ]


def _plain_words() -> None:
    for name in _WORDS:
        module = importlib.import_module(f"datatrove.pipeline.filters.{name}")
        module.split_into_words = _blanks  # type: ignore[attr-defined]
    sentences: Callable[[str, str], list[str]] = lambda text, language="": _SENTENCE_END.split(text)  # noqa: E731
    importlib.import_module("datatrove.pipeline.filters.c4_filters").split_into_sentences = sentences  # type: ignore[attr-defined]


def _blanks(text: str, language: str = "") -> list[str]:
    return text.split()


def _lines(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("*.jsonl"))
