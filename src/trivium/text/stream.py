"""Token ids, one at a time, to text that can be shown at once: incomplete characters are held back."""

from __future__ import annotations

from trivium.text.tokenizer import Tokenizer

_REPLACEMENT = "\ufffd"


class StreamDecoder:
    """Decodes a stream: the pieces that `push` and `finish` return, joined, equal `decode` of all ids.

    Only the last U+FFFD of a decoded text can still become a character (a decoder writes one for an incomplete
    ending), so only that one is held back.
    """

    def __init__(self, tokenizer: Tokenizer, *, skip_special: bool = True) -> None:
        """Start an empty stream."""
        self._tokenizer = tokenizer
        self._skip_special = skip_special
        self._context: list[int] = []  # ids already shown; some decoders write a first token differently
        self._waiting: list[int] = []  # ids since then
        self._num_shown = 0  # characters of the waiting ids already shown

    def push(self, token_id: int) -> str:
        """Take one id; return the text that is now certain, perhaps empty."""
        self._waiting.append(token_id)
        text = self._text()
        certain = text[:-1] if text.endswith(_REPLACEMENT) else text
        new = certain[self._num_shown :]
        self._num_shown = max(self._num_shown, len(certain))
        if text and not text.endswith(_REPLACEMENT):
            self._context, self._waiting, self._num_shown = self._waiting, [], 0
        return new

    def finish(self) -> str:
        """Return what was held back: an incomplete character shows as U+FFFD."""
        rest = self._text()[self._num_shown :]
        self._context, self._waiting, self._num_shown = self._waiting, [], 0
        return rest

    def _text(self) -> str:
        before = self._tokenizer.decode(self._context, self._skip_special)
        return self._tokenizer.decode([*self._context, *self._waiting], self._skip_special)[len(before) :]
