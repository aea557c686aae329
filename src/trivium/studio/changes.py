"""Turns two rounds of a text into one in which what was added and what was taken out is marked, word by word."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import NamedTuple

from markupsafe import Markup, escape

from trivium.core.words import count_words, parts

_PIECES = re.compile(r"\s+|\w+|[^\w\s]")


class Changes(NamedTuple):
    """The marked text, and how many words were added and taken out."""

    html: Markup
    num_added: int
    num_removed: int


def changes(before: str, after: str) -> Changes:
    """Return `after` with `ins` around what is new and `del` around what is gone; line breaks stay as they are.

    >>> str(changes("use warm water", "use cold water").html)
    'use <del>warm</del><ins>cold</ins> water'
    """
    old, new = ([part for piece in _PIECES.findall(text) for part in parts(piece)] for text in (before, after))
    html: list[str] = []
    num_added = num_removed = 0
    for verb, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[i:j]), "".join(new[k:m])
        if verb == "equal":
            html.append(str(escape(come)))
            continue
        if gone:
            html.append(f"<del>{escape(gone)}</del>")
            num_removed += count_words(gone)
        if come:
            html.append(f"<ins>{escape(come)}</ins>")
            num_added += count_words(come)
    return Changes(Markup("".join(html)), num_added, num_removed)


def line_changes(before: str, after: str) -> Markup:
    """Return a guideline's new text as lines of `ins`, `del` and plain text, for the page of its versions."""
    rows: list[Markup] = []
    old, new = before.splitlines(), after.splitlines()
    for verb, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if verb == "equal":
            rows += [Markup("<p>{}</p>").format(line) for line in new[k:m]]
            continue
        rows += [Markup("<p><del>{}</del></p>").format(line) for line in old[i:j] if line]
        rows += [Markup("<p><ins>{}</ins></p>").format(line) for line in new[k:m] if line]
    return Markup("\n").join(rows)
