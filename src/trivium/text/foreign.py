"""A conversation to token ids with a loss mask, through a chat template and a tokenizer made by others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import tokenizers

from trivium.core.errors import CheckpointError
from trivium.records import Message
from trivium.text.chat import ChatTokens
from trivium.text.special import SpecialIds
from trivium.text.template import ChatTemplate, Rendered, free_marks
from trivium.text.wellformed import whole


class ForeignChat:
    """Renders the folder's template and encodes what it wrote, reading special tokens only where the template wrote
    them.
    """

    def __init__(
        self,
        backend: tokenizers.Tokenizer,
        special_ids: Mapping[str, int],
        ids: SpecialIds,
        template: str,
        named_tokens: Mapping[str, str],
        *,
        where: str,
    ) -> None:
        """Keep a second copy of the backend that does read special tokens."""
        self._plain = backend
        self._reading = tokenizers.Tokenizer.from_str(backend.to_str())
        self._reading.encode_special_tokens = False
        self._special_ids = dict(special_ids)
        self._end = ids.end_of_turn
        self._template = ChatTemplate(template, named_tokens, where=where)
        self._has_generation = re.search(r"\{%-?\s*generation\b", template) is not None
        self._where = where
        longest_first = sorted(self._special_ids, key=len, reverse=True)
        self._specials = re.compile("|".join(re.escape(token) for token in longest_first))

    def chat(self, messages: Sequence[Message], *, reply_follows: bool) -> ChatTokens:
        """Return ids and loss mask.

        With `{% generation %}` in the template the mask is its blocks, and the end of turn behind each; without, it is
        what each assistant message adds to the rendering of the messages before it, up to its end of turn. Raises
        CheckpointError where the template rewrites earlier turns, because then no mask is right.
        """
        clean = [Message(role=message.role, content=whole(message.content)) for message in messages]
        typed = [token for token in self._special_ids if any(token in message.content for message in clean)]
        marks = dict(zip(typed, free_marks([message.content for message in clean], len(typed) + 2)[2:], strict=True))
        hidden = [Message(role=message.role, content=_replaced(message.content, marks)) for message in clean]
        rendered = self._template.render(hidden, reply_follows=reply_follows)
        spans = rendered.spans if self._has_generation else self._added_spans(hidden, rendered)
        ids, offsets = self._encode(rendered, {mark: token for token, mark in marks.items()})
        loss_mask = [any(start < end and low < end and start < high for low, high in spans) for start, end in offsets]
        for index in range(1, len(ids)):
            loss_mask[index] = loss_mask[index] or (
                loss_mask[index - 1] and ids[index] == self._end and ids[index - 1] != self._end
            )
        return ChatTokens(ids, loss_mask)

    def _added_spans(self, messages: Sequence[Message], rendered: Rendered) -> list[tuple[int, int]]:
        """Return what each assistant message adds, up to and with its end of turn."""
        end_text = next(token for token, token_id in self._special_ids.items() if token_id == self._end)
        spans = []
        for index, message in enumerate(messages):
            if message.role != "assistant":
                continue
            before = self._template.render(messages[:index], reply_follows=True).text
            after = self._template.render(messages[: index + 1], reply_follows=False).text
            if not after.startswith(before) or not rendered.text.startswith(after):
                raise CheckpointError(
                    "the chat template rewrites earlier turns when later ones follow: the replies are not found",
                    where=self._where,
                    do="put {% generation %} … {% endgeneration %} around the assistant's content and end of turn",
                )
            end = after.find(end_text, len(before))
            spans.append((len(before), len(after) if end < 0 else end + len(end_text)))
        return spans

    def _encode(self, rendered: Rendered, typed: Mapping[str, str]) -> tuple[list[int], list[tuple[int, int]]]:
        """Return ids and their character offsets; `typed` maps each mark to the special token that a person typed
        there.
        """
        if not typed:
            encoding = self._reading.encode(rendered.text, add_special_tokens=False)
            return encoding.ids, encoding.offsets
        ids: list[int] = []
        offsets: list[tuple[int, int]] = []
        position = 0
        for found in [*self._specials.finditer(rendered.text), None]:
            stop = found.start() if found else len(rendered.text)
            piece_ids, piece_offsets = self._encode_typed(rendered.text[position:stop], typed)
            ids += piece_ids
            offsets += [(start + position, end + position) for start, end in piece_offsets]
            if found:
                ids.append(self._special_ids[found.group()])
                offsets.append(found.span())
                position = found.end()
        return ids, offsets

    def _encode_typed(self, text: str, typed: Mapping[str, str]) -> tuple[list[int], list[tuple[int, int]]]:
        """Encode a stretch without special tokens, its marks written out again; offsets are those of the marked text.

        Exact for byte-level tokenizers; one that puts a blank before a text's first word puts it before each stretch.
        """
        written: list[str] = []
        origin: list[int] = []  # for each written character, which character of the marked text it comes from
        for index, char in enumerate(text):
            out = typed.get(char, char)
            written.append(out)
            origin += [index] * len(out)
        encoding = self._plain.encode("".join(written), add_special_tokens=False)
        return encoding.ids, [
            (origin[start], origin[end - 1] + 1) if end > start else (0, 0) for start, end in encoding.offsets
        ]


def _replaced(text: str, marks: Mapping[str, str]) -> str:
    """Put a mark in place of each special token, longest first."""
    for token in sorted(marks, key=len, reverse=True):
        text = text.replace(token, marks[token])
    return text
