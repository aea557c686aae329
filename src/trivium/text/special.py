"""Names of the special tokens, and a tokenizer's settings to the ids that play each part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trivium.core.errors import CheckpointError

BOS = "<|bos|>"
"""Opens a document or a chat, and by that closes the document before it: the only separator."""
PAD = "<|pad|>"
"""Fills a batch; never equal to the end of turn, or a model would not learn to stop."""
SYSTEM = "<|system|>"
USER = "<|user|>"
ASSISTANT = "<|assistant|>"
END = "<|end|>"
"""Ends a turn; the `eos_token` of the exchange format."""

SPECIALS = (BOS, PAD, SYSTEM, USER, ASSISTANT, END)
"""In the order of their ids: 0 to 5 in every tokenizer trained here."""

_DOCUMENT_SEPARATOR = "<|endoftext|>"  # the Qwen family states no bos_token and separates documents with this one


@dataclass(frozen=True)
class SpecialIds:
    """Which id plays which part; the role ids are None where a foreign chat template writes roles in other ways."""

    bos: int
    pad: int
    end_of_turn: int
    system: int | None
    user: int | None
    assistant: int | None

    @property
    def has_roles(self) -> bool:
        """Whether each role has a token of its own."""
        return None not in (self.system, self.user, self.assistant)


def token_text(value: Any) -> str | None:
    """Return the text of a special token as the exchange format writes it: a string, or an object with `content`.

    >>> token_text({"content": "</s>", "lstrip": False})
    '</s>'
    """
    if isinstance(value, Mapping):
        value = value.get("content")
    return value if isinstance(value, str) else None


def resolve(special_ids: Mapping[str, int], settings: Mapping[str, Any], *, where: str) -> SpecialIds:
    """Find the parts among the special tokens, first by our names, then by what `tokenizer_config.json` states.

    A missing `bos_token` is looked for as `<|endoftext|>`, a missing `pad_token` as `unk_token`, then as the document
    start. Raises CheckpointError naming every part that has no token.
    """

    def stated(key: str) -> int | None:
        return special_ids.get(token_text(settings.get(key)) or "")

    def first(*candidates: int | None) -> int | None:
        return next((each for each in candidates if each is not None), None)

    end = first(special_ids.get(END), stated("eos_token"))
    bos = first(special_ids.get(BOS), stated("bos_token"), special_ids.get(_DOCUMENT_SEPARATOR))
    pad = first(
        *(each for each in (special_ids.get(PAD), stated("pad_token"), stated("unk_token"), bos) if each != end)
    )
    if bos is None or pad is None or end is None:
        parts = {
            "document start (bos_token)": bos,
            "padding (pad_token, not the end of turn)": pad,
            "end of turn (eos_token)": end,
        }
        missing = ", ".join(name for name, found in parts.items() if found is None)
        raise CheckpointError(
            f"the tokenizer has no special token for: {missing}; found special tokens {sorted(special_ids)[:12]}",
            where=where,
            do="state the missing ones in tokenizer_config.json and mark them special in tokenizer.json",
        )
    return SpecialIds(bos, pad, end, special_ids.get(SYSTEM), special_ids.get(USER), special_ids.get(ASSISTANT))
