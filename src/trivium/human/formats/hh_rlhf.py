"""Turns rows {chosen, rejected} of whole dialogues, as in hh-rlhf, into comparisons of two replies to their common
prompt.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from trivium.human.formats.rows import Flaw, Reject, Row, find_files, read_records, text_of
from trivium.records import Comparison, Message, Prompt

TURN = re.compile(r"\n\n(Human|Assistant):")
ASSISTANT = "\n\nAssistant: "
SOURCE, LICENCE = "hh-rlhf", "MIT"


def comparisons(path: Path) -> Iterator[Comparison | Reject]:
    """Yield one comparison per row; path is a file or a folder of *.jsonl(.gz)."""
    for file in find_files(path, "*.jsonl.gz", "*.jsonl"):
        yield from read_records(file, _convert)


def _convert(row: Row) -> Iterator[Comparison | Flaw]:
    chosen, rejected = row.get("chosen"), row.get("rejected")
    if not isinstance(chosen, str) or not isinstance(rejected, str):
        raise Flaw("wanted two texts, `chosen` and `rejected`")
    for name, text in (("chosen", chosen), ("rejected", rejected)):
        if text.rstrip().endswith("\n\nAssistant:"):
            raise Flaw(f"`{name}` ends in an empty assistant turn")
    # The dialogues are the same up to the last reply; the prefix may run into it where both replies begin alike.
    start = os.path.commonprefix([chosen, rejected]).rfind(ASSISTANT)  # noqa: RUF071 -- characters are meant, no path
    if start < 0:
        raise Flaw("the dialogues have no common prompt before an assistant turn")
    replies = [text[start + len(ASSISTANT) :] for text in (chosen, rejected)]
    if any(TURN.search(reply) for reply in replies):
        raise Flaw("the dialogues part before the last assistant turn")
    best, worst = (text_of({"reply": reply}, "reply") for reply in replies)
    if best == worst:
        raise Flaw("both replies are the same text")
    prompt = Prompt.of_messages(parse_turns(chosen[:start]), origin="dataset", source=SOURCE, licence=LICENCE)
    yield Comparison(prompt=prompt, replies=(best, worst), ranks=(1, 2), ranker="hh-rlhf")


def parse_turns(text: str) -> tuple[Message, ...]:
    r"""Return the turns of a transcript by their markers, never by their position.

    >>> [(turn.role, turn.content) for turn in parse_turns("\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Bye")]
    [('user', 'Hi'), ('assistant', 'Hello'), ('user', 'Bye')]
    """
    before, *parts = TURN.split(text)
    if before.strip():
        raise Flaw("the dialogue does not start with a marker")
    turns = []
    for speaker, content in zip(parts[::2], parts[1::2], strict=True):
        if not content.strip():
            raise Flaw(f"an empty turn by {speaker}")
        turns.append(Message(role="user" if speaker == "Human" else "assistant", content=content.strip()))
    return tuple(turns)
