"""A model and held-out shards to bits per byte, with an interval over documents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from trivium.core.seed import stream
from trivium.model.decoder import LanguageModel
from trivium.records import Measure
from trivium.text.tokenizer import Tokenizer
from trivium.training.batch import Tree, micro_rows, pack
from trivium.training.language import Layout, wanted_hidden
from trivium.training.losses import token_logprobs
from trivium.training.shards import TokenShards

RESAMPLES = 1000


@torch.inference_mode()
def tree_nats(model: LanguageModel, trees: Sequence[Tree], layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each tree, −log p summed over its wanted tokens, in nats, and how many these are."""
    nats, counts = np.zeros(len(trees)), np.zeros(len(trees))
    device = next(model.parameters()).device
    for rows in micro_rows(trees, layout.row_tokens, layout.micro_tokens):
        batch = pack(trees, rows).to(device)
        logprobs = token_logprobs(wanted_hidden(model, batch), model.lm_head.weight, batch.target_N)
        places = _tree_of_place(batch.document_BT, rows)[batch.source_N.cpu().numpy()]
        np.add.at(nats, places, -logprobs.double().cpu().numpy())
        np.add.at(counts, places, 1.0)
    return nats, counts


def document_nats(model: LanguageModel, documents: Sequence[np.ndarray], layout: Layout) -> np.ndarray:
    """Return -log p of each document's tokens after its first, in nats; windows of `row_tokens` where it is longer.

    A token at the start of a later window is scored from the window's first token on, so every token but each
    window's first
    is scored once; the first of a later window is scored as if it followed nothing but that window's beginning token.
    """
    trees: list[Tree] = []
    owners: list[int] = []
    for index, document in enumerate(documents):
        ids = np.asarray(document, dtype=np.int64)
        for start in range(0, max(1, len(ids) - 1), layout.row_tokens - 1):
            piece = ids[start : start + layout.row_tokens]
            trees.append(Tree(prompt=piece, prompt_loss=np.ones(len(piece), dtype=bool), name=str(len(trees))))  # type: ignore[arg-type]
            owners.append(index)
    nats = np.zeros(len(documents))
    np.add.at(nats, np.array(owners), tree_nats(model, trees, layout)[0])
    return nats


def _tree_of_place(document_BT: torch.Tensor, rows: Sequence[Sequence[int]]) -> np.ndarray:
    """Return, for each flat place of a batch, the index of the tree that lies there (0 where there is padding)."""
    documents = document_BT.cpu().numpy()
    table = np.zeros((len(rows), documents.max() + 1), dtype=np.int64)
    for row_index, row in enumerate(rows):
        table[row_index, 1 : len(row) + 1] = row
    return np.take_along_axis(table, documents, axis=1).ravel()


def bits_per_byte(
    model: LanguageModel, words: Tokenizer, shards: TokenShards, layout: Layout, max_documents: int = 2000
) -> Measure:
    """Return nats / (ln 2 · UTF-8 bytes) over held-out documents; lower is better. n is documents; interval by
    bootstrap over them.

    Windows overlap by one token, which is context only: every token after a document's first is scored exactly once.
    """
    count = min(max_documents, shards.num_documents)
    if not count:
        return Measure(value=None, n=0, undefined="no held-out documents")
    documents = [np.asarray(shards.document(index)) for index in range(count)]
    nats = document_nats(model, documents, layout)
    sizes = np.array([len(words.decode(ids.tolist()).encode()) for ids in documents], dtype=float)
    return clustered_ratio(nats / np.log(2), sizes)


def clustered_ratio(numerators: np.ndarray, denominators: np.ndarray) -> Measure:
    """Return sum/sum with a 95 % percentile bootstrap interval over the items (seeded: the same numbers give the same
    interval).
    """
    rng = stream(0, "bootstrap")
    picks = rng.integers(0, len(numerators), size=(RESAMPLES, len(numerators)))
    ratios = numerators[picks].sum(1) / denominators[picks].sum(1)
    low, high = np.quantile(ratios, [0.025, 0.975])
    value = float(numerators.sum() / denominators.sum())
    return Measure(value=value, n=len(numerators), low=float(low), high=float(high))
