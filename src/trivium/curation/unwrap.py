"""A text whose paragraphs were broken to a fixed width to the same text with one line a paragraph.

Novels and mails come that way. A line end there says nothing, and a model that is trained on it learns to end lines in
the middle of a sentence; rules that count how lines end take such a text for a list. Poems, code, tables and lists keep
their lines: a line end is a wrap only where the next word would not have fitted.
"""

from __future__ import annotations

from itertools import pairwise

MIN_WIDTH, MAX_WIDTH = 45, 130
"""Columns; what is narrower is verse or a list, and what is wider was not broken to a width."""
MIN_BREAKS = 4
MIN_WRAPPED_SHARE = 0.75
"""Of the line ends within paragraphs, so many must be wraps."""
MIN_LOWER_SHARE = 0.4
"""Of the lines that go on a paragraph, so many must begin with a small letter: verse and tables do not."""
SLACK = 0.92
"""The width is taken for so much of the longest lines', for not every line is broken at the last chance."""
_BULLETS = ("- ", "* ", "• ", "+ ", "> ", "| ")


def unwrap(text: str) -> str:
    """Return the text with its wraps undone, the same text where it was not broken to a width.

    >>> import textwrap
    >>> wrapped = textwrap.fill("The old man and the woman walked to the river in the evening. " * 5, 60)
    >>> wrapped.count("\\n"), unwrap(wrapped).count("\\n"), unwrap(wrapped)[42:77]
    (5, 0, 'ver in the evening. The old man and')
    """
    lines = text.split("\n")
    width = _width(lines)
    if width is None:
        return text
    parts = [lines[0]]
    for line, following in pairwise(lines):
        if not _goes_on(line, following) or not _is_wrap(line, following, width):
            parts += ["\n", following]
        elif line.endswith(("-", "—")) and not line.endswith((" -", " —")):
            parts.append(following)
        else:
            parts += [" ", following]
    return "".join(parts)


def _goes_on(line: str, following: str) -> bool:
    """Return whether the second line may belong to the paragraph of the first."""
    return bool(line and following) and not following[0].isspace() and not following.startswith(_BULLETS)


def _is_wrap(line: str, following: str, width: float) -> bool:
    """Return whether the next word would not have fitted."""
    word = following.find(" ")
    return len(line) + 1 + (len(following) if word < 0 else word) > width


def _width(lines: list[str]) -> float | None:
    """Return the width that the text was broken to, None where it was not."""
    inner = [(line, following) for line, following in pairwise(lines) if _goes_on(line, following)]
    if len(inner) < MIN_BREAKS:
        return None
    longest = sorted(len(line) for line, _ in inner)[int(0.95 * (len(inner) - 1))]
    if not MIN_WIDTH <= longest <= MAX_WIDTH:
        return None
    width = SLACK * longest
    num_wraps = sum(_is_wrap(line, following, width) and " " in line for line, following in inner)
    num_lower = sum(following[0].islower() for _, following in inner)
    enough = num_wraps >= MIN_WRAPPED_SHARE * len(inner) and num_lower >= MIN_LOWER_SHARE * len(inner)
    return width if enough else None
