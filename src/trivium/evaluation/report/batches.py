"""Turns the tokens of a first batch into marked pieces, so that the loss mask is seen without colour too."""

from __future__ import annotations

from collections.abc import Sequence

from trivium.evaluation.report.data import BatchRow, FirstBatch, Piece
from trivium.evaluation.report.words import counted, decimal


def css(piece: Piece, heaviest: float) -> str:
    """Name the marks of a piece: `x` special, `l` counted by the loss, `w1` to `w3` how much, `neg` pushed down.

    >>> css(Piece(text="<|end|>", loss=True, special=True), 0.0)
    'x l'
    >>> css(Piece(text="No", loss=True, weight=-0.9), 1.0)
    'l w3 neg'
    """
    marks = ["x"] if piece.special else []
    if piece.loss:
        marks.append("l")
        if piece.weight is not None and heaviest > 0:
            marks.append(f"w{1 + min(int(3 * abs(piece.weight) / heaviest), 2)}")
            marks += ["neg"] if piece.weight < 0 else []
    return " ".join(marks)


def heaviest(batch: FirstBatch) -> float:
    """Return the largest weight of the batch without its sign; 0 when all weigh the same or none is given."""
    weights = [piece.weight for row in batch.rows for piece in row.pieces if piece.weight is not None]
    return max(map(abs, weights)) if weights and len(set(weights)) > 1 else 0.0


def visible(text: str) -> str:
    """Show what has no ink: a line end becomes a sign and the line end, a piece of blanks only becomes dots.

    >>> visible(" Paris"), visible("  "), visible("a\\nb"), visible("")
    (' Paris', '··', 'a↵\\nb', '∅')
    """
    if not text:
        return "∅"
    if text.strip(" ") == "":
        return "·" * len(text)
    return text.replace("\n", "↵\n")


def told(piece: Piece) -> str:
    """Write the tooltip of a weighted piece."""
    return f"weight {decimal(piece.weight, 2)}" if piece.weight is not None and piece.loss else ""


def row_note(row: BatchRow) -> str:
    """Say what the row is and how much of it is not shown."""
    left = f"{counted(row.num_left_out, 'more token')} in this row" if row.num_left_out else ""
    return "; ".join(part for part in (row.note, left) if part)


def share(batch: FirstBatch) -> str:
    """Say how much of the batch the loss counts.

    >>> share(FirstBatch(stage="sft", what="", rows=(), num_tokens=1000, num_loss_tokens=400))
    '1,000 tokens, 400 in the loss (40\xa0%)'
    """
    percent = f" ({100 * batch.num_loss_tokens / batch.num_tokens:.0f}\u00a0%)" if batch.num_tokens else ""
    return f"{counted(batch.num_tokens, 'token')}, {batch.num_loss_tokens:,} in the loss{percent}"


def has_weights(batches: Sequence[FirstBatch]) -> bool:
    """Say whether the key must explain weights."""
    return any(heaviest(batch) > 0 for batch in batches)


def has_negative(batches: Sequence[FirstBatch]) -> bool:
    """Say whether some token is pushed down."""
    return any((piece.weight or 0) < 0 for batch in batches for row in batch.rows for piece in row.pieces)
