"""A batch of texts to the score columns of every quality rule, and its word hashes, in one pass over Arrow buffers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from trivium.curation import lines as ln
from trivium.curation.blocks import Block, blocks
from trivium.curation.repetition import REPETITION_COLUMNS, repetition_columns
from trivium.curation.words import Tokens, Words, hashes_of, joined, num_before, tokenise

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
"""Rae et al. 2021 (Gopher), appendix A.1.1."""
KNOWN_WORDS = (*STOP_WORDS, "javascript", "lorem")
SHORT_LINE_CHARS = 30
"""FineWeb (Penedo et al. 2024), section 3.6."""
MIN_LINE_WORDS = 3
"""C4 as corrected in its later releases: a line of fewer words is no sentence."""

COUNT_COLUMNS = ("num_chars", "num_words", "num_lines", "num_stop_words", "num_sentences", "num_curly_brackets")
SHARE_COLUMNS = (
    "mean_word_chars", "alpha_word_share", "symbol_word_ratio", "bullet_line_share", "ellipsis_line_share",
    "terminal_line_share", "short_line_share", "newline_word_ratio", "repeated_line_share", "repeated_line_char_share",
    "repeated_paragraph_share", "repeated_paragraph_char_share", "thin_line_share", "lorem_ipsum", "javascript_lines",
)  # fmt: skip
COLUMNS = COUNT_COLUMNS + SHARE_COLUMNS + REPETITION_COLUMNS


@dataclass(frozen=True)
class Features:
    """Score columns (one row a document) and the word hashes of the same batch."""

    columns: pa.RecordBatch
    words: Words


@dataclass(frozen=True)
class Seen:
    """What the scores of one block are made from."""

    block: Block
    tokens: Tokens
    token_documents: I64
    lines: ln.Lines
    continuation: I64
    """Places of the bytes that begin no character; empty where the block is ASCII."""

    def chars(self, starts: I64, stops: I64) -> I64:
        """Return how many characters lie in each span of bytes."""
        size = stops - starts
        if not len(self.continuation):
            return size
        return size - np.searchsorted(self.continuation, stops) + np.searchsorted(self.continuation, starts)

    def per_document(self, documents: I64, weights: NDArray[np.generic] | None = None) -> F64:
        """Return how many (or how much weight) fall on each document."""
        return np.bincount(documents, weights, self.block.num_documents).astype(np.float64)


def features(texts: pa.LargeStringArray, *, repetition: bool = True) -> Features:
    """Return all scores that `rules` knows; `repetition=False` leaves out the n-gram columns, the dearest ones.

    Words are white-space words, lengths are characters. A share is 0 where there is nothing to share.
    """
    names = COLUMNS if repetition else COUNT_COLUMNS + SHARE_COLUMNS
    columns: dict[str, list[F64]] = {name: [] for name in names}
    parts, counts = [], []
    for block in blocks(texts):
        seen = look(block)
        scores = block_scores(seen)
        if repetition:
            scores |= repetition_columns(seen.block, seen.tokens, seen.chars)
        for name in names:
            columns[name].append(scores[name])
        parts.append(seen.tokens.hashes[seen.tokens.is_word])
        counts.append(scores["num_words"].astype(np.int64))
    arrays = [
        pa.array(
            np.concatenate(columns[name]) if columns[name] else [],
            pa.int64() if name in COUNT_COLUMNS else pa.float64(),
        )
        for name in names
    ]
    return Features(pa.RecordBatch.from_arrays(arrays, names=list(names)), joined(parts, counts))


def look(block: Block) -> Seen:
    """Find the tokens and lines of a block."""
    tokens = tokenise(block)
    token_documents = np.repeat(np.arange(block.num_documents), np.diff(tokens.bounds))
    continuation = np.flatnonzero(block.data & 0xC0 == 0x80)
    return Seen(block, tokens, token_documents, ln.find_lines(block, tokens), continuation)


def block_scores(seen: Seen) -> dict[str, F64]:
    """Return all columns but those of repeated n-grams."""
    tokens, block = seen.tokens, seen.block
    num_words = np.diff(num_before(tokens.is_word)[tokens.bounds]).astype(np.float64)
    num_tokens = np.diff(tokens.bounds).astype(np.float64)
    num_alpha = np.diff(num_before(tokens.has_letter)[tokens.bounds]).astype(np.float64)
    known = _known_words(seen)
    num_chars = seen.chars(block.offsets[:-1], block.offsets[1:]).astype(np.float64)
    places = {byte: _places(seen, byte) for byte in b"#{}\n"}
    ellipses = _documents_of(seen, _ellipses(block))
    return {
        "num_chars": num_chars,
        "num_words": num_words,
        "num_stop_words": np.sum([np.minimum(known[word], 1) for word in STOP_WORDS], axis=0),
        "num_curly_brackets": places[ord("{")] + places[ord("}")],
        "mean_word_chars": _share(_word_chars(seen), num_words),
        "alpha_word_share": _share(num_alpha, num_tokens),
        "symbol_word_ratio": _share(np.maximum(places[ord("#")], ellipses), num_tokens),
        "newline_word_ratio": _share(places[ord("\n")], num_tokens),
        "lorem_ipsum": _phrase(seen, ("lorem", "ipsum")) if known["lorem"].any() else np.zeros(block.num_documents),
        **_line_scores(seen, num_chars, has_script=bool(known["javascript"].any())),
    }


def _word_chars(seen: Seen) -> F64:
    """Return how many characters are in each document's words: their bytes, less those that begin no character."""
    tokens = seen.tokens
    sizes = np.zeros(len(tokens.starts) + 1, np.int64)
    np.cumsum((tokens.ends + 1 - tokens.starts) * tokens.is_word, out=sizes[1:])
    num_bytes = np.diff(sizes[tokens.bounds])
    if not len(seen.continuation) or not len(tokens.starts):
        return num_bytes.astype(np.float64)
    inside = np.searchsorted(tokens.starts, seen.continuation, side="right") - 1  # a blank's bytes count for a token
    inside = inside[(inside >= 0) & (seen.continuation <= tokens.ends[inside])]
    return num_bytes - seen.per_document(seen.token_documents[inside[tokens.is_word[inside]]])


def _line_scores(seen: Seen, num_chars: F64, *, has_script: bool) -> dict[str, F64]:
    lines, data = seen.lines, seen.block.data
    num_lines = seen.per_document(lines.documents)
    chars = seen.chars(lines.starts, lines.ends + 1)
    terminal = ln.ends_with(data, lines.starts, lines.ends, tuple(ln.TERMINAL))
    ellipsis = ln.ends_with(data, lines.starts, lines.ends, ln.ELLIPSES)
    bullet = ln.begins_with(data, lines.starts, lines.ends, tuple(ln.BULLETS))
    thin = lines.stop_tokens - lines.first_tokens < MIN_LINE_WORDS
    again = ln.repeated(lines.keys, lines.documents)
    keys, opens = ln.paragraph_keys(lines)
    owners = lines.documents[opens]
    paragraph_again = ln.repeated(keys, owners)
    closes = np.append(opens, len(lines.ends))[1:] - 1
    paragraph_chars = seen.chars(lines.starts[opens], lines.ends[closes] + 1)
    script = np.unique(_line_of(seen, _where_words(seen, "javascript"))) if has_script else np.zeros(0, np.int64)

    def count(chosen: NDArray[np.bool_]) -> F64:
        return seen.per_document(lines.documents[chosen])

    return {
        "num_lines": num_lines,
        "num_sentences": _num_sentences(seen),
        "bullet_line_share": _share(count(bullet), num_lines),
        "ellipsis_line_share": _share(count(ellipsis), num_lines),
        "terminal_line_share": _share(count(terminal), num_lines),
        "short_line_share": _share(count(chars <= SHORT_LINE_CHARS), num_lines),
        "thin_line_share": _share(count(thin), num_lines),
        "repeated_line_share": _share(count(again), num_lines),
        "repeated_line_char_share": _share(seen.per_document(lines.documents[again], chars[again]), num_chars),
        "repeated_paragraph_share": _share(seen.per_document(owners[paragraph_again]), seen.per_document(owners)),
        "repeated_paragraph_char_share": _share(
            seen.per_document(owners[paragraph_again], paragraph_chars[paragraph_again]), num_chars
        ),
        "javascript_lines": seen.per_document(lines.documents[script]),
    }


def _num_sentences(seen: Seen) -> F64:
    """Count the tokens that end a sentence (. ? ! or their kin), quotes and brackets behind the mark left aside."""
    data, ends = seen.block.data, seen.tokens.ends
    last = _SENTENCE_ENDS[data[ends]]
    behind = _CLOSERS[data[ends]] & (ends > seen.tokens.starts)
    last |= behind & _SENTENCE_ENDS[data[np.maximum(ends - 1, 0)]]
    wide = np.flatnonzero(data[ends] >= 0x80)
    if len(wide):
        last[wide] |= ln.ends_with(
            data, seen.tokens.starts[wide], ends[wide], ("。", "！", "？", ".”", "!”", "?”", "…", "।", "؟", "۔")
        )
    return seen.per_document(seen.token_documents[last])


def _known_words(seen: Seen) -> dict[str, F64]:
    """Count each of the words that rules look for; a table of their last 16 bits rules most others out."""
    hashes = seen.tokens.hashes
    likely = np.flatnonzero(_likely_words()[hashes & np.uint64(0xFFFF)])
    hashes, documents = hashes[likely], seen.token_documents[likely]
    return {word: seen.per_document(documents[hashes == _hash_of(word)]) for word in KNOWN_WORDS}


@cache
def _likely_words() -> NDArray[np.bool_]:
    table = np.zeros(1 << 16, np.bool_)
    table[[int(_hash_of(word)) & 0xFFFF for word in KNOWN_WORDS]] = True
    return table


def _where_words(seen: Seen, word: str) -> I64:
    return np.flatnonzero(seen.tokens.hashes == _hash_of(word))


def _line_of(seen: Seen, tokens: I64) -> I64:
    return np.searchsorted(seen.lines.first_tokens, tokens, side="right") - 1


def _phrase(seen: Seen, pair: tuple[str, str]) -> F64:
    """Count where two words follow each other."""
    hashes = seen.tokens.hashes
    first = np.flatnonzero(hashes[:-1] == _hash_of(pair[0]))
    return seen.per_document(seen.token_documents[first[hashes[first + 1] == _hash_of(pair[1])]])


@cache
def _hash_of(word: str) -> np.uint64:
    return np.uint64(hashes_of([word])[0])


def _places(seen: Seen, byte: int) -> F64:
    return _documents_of(seen, np.flatnonzero(seen.block.data == byte))


def _documents_of(seen: Seen, places: I64) -> F64:
    return seen.per_document(np.searchsorted(seen.block.offsets, places, side="right") - 1)


def _ellipses(block: Block) -> I64:
    """Return where `...` (each three dots once) and `…` are."""
    data = block.data
    dots = np.flatnonzero((data[:-2] == 0x2E) & (data[1:-1] == 0x2E) & (data[2:] == 0x2E))
    if len(dots):
        runs = np.diff(dots, prepend=-2) != 1
        rank = np.arange(len(dots)) - np.maximum.accumulate(np.where(runs, np.arange(len(dots)), 0))
        dots = dots[rank % 3 == 0]
    wide = np.flatnonzero(data[:-2] == 0xE2)
    return np.concatenate([dots, wide[(data[wide + 1] == 0x80) & (data[wide + 2] == 0xA6)]])


def _share(part: F64, whole: F64) -> F64:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _table(chars: bytes) -> NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(chars)] = True
    return table


_SENTENCE_ENDS = _table(b".?!")
_CLOSERS = _table(b"\"')]")
