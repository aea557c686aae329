"""Texts to an untried tokenizer: byte-pair encoding, WordPiece or Unigram, all three over bytes.

Because each works on bytes and keeps all 256 of them, nothing is ever unknown and every text comes back exactly,
whichever the method.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Literal

import tokenizers
from pydantic import BaseModel, ConfigDict, Field
from tokenizers import decoders, models, pre_tokenizers, processors, trainers

from trivium.core.errors import InputError, SourceError
from trivium.text.pattern import MAX_PIECE_CHARS, SPLIT_PATTERN
from trivium.text.special import BOS, SPECIALS
from trivium.text.wellformed import whole

Method = Literal["bpe", "wordpiece", "unigram"]

CONTINUES = "\u203f"
"""Marks a WordPiece token that continues a word; outside the byte alphabet, so a typed `##` is never mistaken for
it.
"""

_NUM_BYTES = 256
_SMALLEST = {
    "bpe": len(SPECIALS) + _NUM_BYTES,
    "wordpiece": len(SPECIALS) + 2 * _NUM_BYTES,
    "unigram": len(SPECIALS) + _NUM_BYTES,
}


class TokenizerConfig(BaseModel):
    """How to train a tokenizer; `vocab_size` counts the special tokens and is a ceiling (a small corpus may not fill
    it).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Method = "bpe"
    vocab_size: int = Field(default=8192, ge=1)
    min_frequency: int = Field(default=2, ge=1)
    """A merge must occur this often (byte-pair encoding and WordPiece; Unigram prunes by likelihood instead)."""


def train_backend(texts: Iterable[str], config: TokenizerConfig) -> tokenizers.Tokenizer:
    """Train on a stream of texts (bounded memory: only word counts are kept); the same texts in the same order give
    the same tokens.

    Raises InputError when the vocabulary cannot hold the special tokens and all bytes, SourceError when there is no
    text at all.
    """
    smallest = _SMALLEST[config.method]
    if config.vocab_size < smallest:
        raise InputError(
            f"a {config.method} tokenizer needs room for {len(SPECIALS)} special tokens and all bytes: "
            f"wanted vocab_size >= {smallest}, found {config.vocab_size}",
            where="tokenizer.vocab_size",
            do=f"set vocab_size to at least {smallest}",
        )
    backend = tokenizers.Tokenizer(_empty_model(config.method))
    split = pre_tokenizers.Split(tokenizers.Regex(SPLIT_PATTERN), behavior="isolated")
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    backend.decoder = decoders.ByteLevel()
    backend.train_from_iterator(_some(texts), _trainer(config))
    if config.method == "wordpiece":
        backend = _with_model(backend, _finished_wordpiece(backend.get_vocab()))
        backend.decoder = decoders.Sequence([decoders.Replace(CONTINUES, ""), decoders.ByteLevel()])
    elif config.method == "unigram":
        backend = _with_model(backend, _settled_unigram(json.loads(backend.to_str())["model"]["vocab"]))
    _mark_specials(backend)
    return backend


def _with_model(trained: tokenizers.Tokenizer, model: models.Model) -> tokenizers.Tokenizer:
    """Return a fresh tokenizer that splits like the trained one."""
    fresh = tokenizers.Tokenizer(model)
    fresh.pre_tokenizer = trained.pre_tokenizer
    fresh.decoder = trained.decoder
    return fresh


def _some(texts: Iterable[str]) -> Iterator[str]:
    """Pass the texts on; raise when none of them had a character."""
    found = False
    for text in texts:
        found = found or bool(text)
        yield whole(text)
    if not found:
        raise SourceError(
            "wanted texts to train a tokenizer on, found none", do="give a corpus with at least one document"
        )


def _empty_model(method: Method) -> models.Model:
    if method == "bpe":
        return models.BPE()
    if method == "wordpiece":
        return models.WordPiece(unk_token=BOS, continuing_subword_prefix=CONTINUES)
    return models.Unigram()


def _trainer(config: TokenizerConfig) -> trainers.Trainer:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    specials = list(SPECIALS)
    if config.method == "bpe":
        return trainers.BpeTrainer(
            vocab_size=config.vocab_size,
            min_frequency=config.min_frequency,
            special_tokens=specials,
            initial_alphabet=alphabet,
            show_progress=False,
        )
    if config.method == "wordpiece":
        return trainers.WordPieceTrainer(
            vocab_size=config.vocab_size,
            min_frequency=config.min_frequency,
            special_tokens=specials
            + [CONTINUES + byte for byte in alphabet],  # registered up front: all there, in one order
            initial_alphabet=alphabet,
            continuing_subword_prefix=CONTINUES,
            show_progress=False,
        )
    return trainers.UnigramTrainer(
        vocab_size=config.vocab_size, special_tokens=specials, initial_alphabet=alphabet, show_progress=False
    )


def _finished_wordpiece(vocabulary: dict[str, int]) -> models.WordPiece:
    """Return the model with the words' limit opened to what the split pattern can give, so that no word is unknown."""
    return models.WordPiece(
        vocab=vocabulary,
        unk_token=BOS,  # required by the library; unreachable, every byte is in the vocabulary
        continuing_subword_prefix=CONTINUES,
        max_input_chars_per_word=4 * (MAX_PIECE_CHARS + 1),  # a character has at most 4 bytes
    )


def _settled_unigram(scored: list[tuple[str, float]]) -> models.Unigram:
    """Return the model without what differs from run to run: the last digits of its scores, and the order of unseen
    bytes.

    The trainer sums floats in the order of a hash map, and gives the bytes that it never saw scores 0.0001 apart in
    arbitrary order; here scores are rounded, and those bytes all get the lowest score.
    """
    pieces = [(token, score) for token, score in scored if token not in SPECIALS]
    lowest = min(score for _, score in pieces)
    unseen = lowest + 0.0001 * (_NUM_BYTES + 1)
    settled = [(token, round(lowest if len(token) == 1 and score <= unseen else score, 6)) for token, score in pieces]
    settled.sort(key=lambda piece: (-piece[1], piece[0]))
    return models.Unigram([*((token, 0.0) for token in SPECIALS), *settled], None, False)


def _mark_specials(backend: tokenizers.Tokenizer) -> None:
    """Declare the special tokens, and let the exchange format open a document with `bos` as training did."""
    backend.add_special_tokens([tokenizers.AddedToken(token, special=True, normalized=False) for token in SPECIALS])
    backend.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A {BOS} $B", special_tokens=[(BOS, backend.token_to_id(BOS))]
    )
