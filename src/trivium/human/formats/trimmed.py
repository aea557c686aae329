"""Records as a file has them to records as training wants them: without white space around texts."""

from __future__ import annotations

from trivium.human.formats.rows import Flaw
from trivium.records import Comparison, Demonstration, Judgement, Message, Prompt, Record


def trimmed(record: Record) -> Record | Flaw:
    """Return the record with its texts stripped, or why nothing is left of it."""
    if isinstance(record, Prompt):
        turns = tuple(Message(role=turn.role, content=turn.content.strip()) for turn in record.messages)
        if turns == record.messages:
            return record
        again = Prompt.of_messages(turns, origin=record.origin, source=record.source)
        return record.model_copy(update={"messages": turns, "id": again.id})
    if not isinstance(record, Demonstration | Comparison | Judgement):
        return record
    update: dict[str, object] = {"prompt": trimmed(record.prompt)}
    if isinstance(record, Comparison):
        replies = tuple(reply.strip() for reply in record.replies)
        if len(set(replies)) == 1:
            return Flaw("both replies are the same text" if len(replies) == 2 else "all replies are the same text")
        update["replies"] = replies
    else:
        update["reply"] = record.reply.strip()
    return record.model_copy(update=update)
