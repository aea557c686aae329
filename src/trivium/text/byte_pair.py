"""A tokenizer.json to a tiktoken encoder with the same ids, or to nothing where sameness cannot be shown.

tiktoken joins the adjacent pair whose *joined bytes* have the lowest rank and looks whole pieces up first; tokenizers
applies a list of *pairs* in order. The two agree on every input when (1) each token is the product of exactly one
pair, (2) ids grow in the order of the pairs, and (3) every token, encoded alone, gives itself. Reason: suppose P and Q
stand side by side, PQ is a token, and its pair is (A, B). No merge crossed the borders of that stretch, so the merges
of lower rank inside it were those made on PQ alone, and by (3) those end in A, B: (P, Q) = (A, B). So both always
choose among the same pairs with the same ranks; and by (3) the look-up of whole pieces changes nothing. The split
pattern must be ours: it alone is known to mean the same to both regex engines (see pattern.py).
"""

from __future__ import annotations

import json
from typing import Any

import tiktoken
import tokenizers
from tokenizers import pre_tokenizers

from trivium.text.pattern import SPLIT_PATTERN


def byte_alphabet() -> dict[str, int]:
    """Return the byte that each printable stand-in character of byte-level tokenizers means.

    Printable bytes stand for themselves; the others are numbered from U+0100 on (Radford et al. 2019, GPT-2 encoder).

    >>> byte_alphabet()["A"], byte_alphabet()["\u0120"] == ord(" ")
    (65, True)
    """
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(printable)]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + index): byte for index, byte in enumerate(others)}


def fast_encoder(backend: tokenizers.Tokenizer, description: dict[str, Any]) -> tiktoken.Encoding | None:
    """Return a tiktoken encoder with equal ids, or None when the tokenizer is no byte-level BPE of ours or fails a
    condition above.

    `description` is the parsed tokenizer.json of `backend`.
    """
    model = description["model"]
    if (
        model["type"] != "BPE"
        or description.get("normalizer")
        or not _splits_like_ours(description.get("pre_tokenizer"))
    ):
        return None
    if any(not token["special"] for token in description["added_tokens"]) or _has_options(model):
        return None
    ranks = _ranks(model, {token["content"] for token in description["added_tokens"]})
    if ranks is None or not _each_token_gives_itself(backend, model["merges"]):
        return None
    return tiktoken.Encoding("trivium", pat_str=SPLIT_PATTERN, mergeable_ranks=ranks, special_tokens={})


def _splits_like_ours(pre_tokenizer: dict[str, Any] | None) -> bool:
    split = pre_tokenizers.Split(tokenizers.Regex(SPLIT_PATTERN), behavior="isolated")
    ours = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    blank = tokenizers.Tokenizer(tokenizers.models.BPE())
    blank.pre_tokenizer = ours
    return bool(pre_tokenizer == json.loads(blank.to_str())["pre_tokenizer"])


def _has_options(model: dict[str, Any]) -> bool:
    """Whether the model uses an option that tiktoken has no counterpart for."""
    names = ("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback")
    return any(model.get(name) for name in names)


def _ranks(model: dict[str, Any], specials: set[str]) -> dict[bytes, int] | None:
    """Return bytes → id when conditions (1) and (2) hold and all 256 bytes are there, else None."""
    alphabet = byte_alphabet()
    vocabulary = {token: index for token, index in model["vocab"].items() if token not in specials}
    merges = [tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ")) for merge in model["merges"]]
    products = [left + right for left, right in merges]
    if len(vocabulary) != len(alphabet) + len(merges) or not set(alphabet) <= set(vocabulary):
        return None
    if len(set(products)) != len(products) or not set(products) <= set(vocabulary):
        return None
    order = [vocabulary[product] for product in products]
    if order != sorted(order) or any(max(vocabulary[a], vocabulary[b]) >= vocabulary[a + b] for a, b in merges):
        return None
    return {bytes(alphabet[char] for char in token): index for token, index in vocabulary.items()}


def _each_token_gives_itself(backend: tokenizers.Tokenizer, merges: list[Any]) -> bool:
    """Condition (3), by running the original on every token."""
    products = ["".join(merge) if isinstance(merge, list) else merge.replace(" ", "") for merge in merges]
    return all([piece.value for piece in backend.model.tokenize(product)] == [product] for product in products)
