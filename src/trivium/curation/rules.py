"""Score columns to verdicts: the first rule of Gopher, C4 and FineWeb that a document fails, and its value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from trivium.core.errors import RecipeError

UNKNOWN = "und"
"""What `language` says of a text that it cannot tell; such a text is judged by every rule."""

Bounds = tuple[float | None, float | None]


@dataclass(frozen=True)
class Rule:
    """A column and the interval [low, high] that keeps a document; None is no bound. `source` says where it is from."""

    name: str
    column: str
    source: str
    low: float | None = None
    high: float | None = None
    language: str | None = None
    """The language whose words the rule counts; None is any. Where the batch has a column `language`, documents known
    to be in another one are not judged by it.
    """


_GOPHER = "Rae et al. 2021 (Gopher), appendix A.1.1"
_TABLE = "Rae et al. 2021 (Gopher), table A1"
_C4 = "Raffel et al. 2020 (T5), section 2.2"
_FINEWEB = "Penedo et al. 2024 (FineWeb), section 3.6"

GROUPS: Mapping[str, tuple[Rule, ...]] = {
    "gopher_quality": (
        Rule("too_few_words", "num_words", _GOPHER, low=50),
        Rule("too_many_words", "num_words", _GOPHER, high=100_000),
        Rule("word_length", "mean_word_chars", _GOPHER, low=3, high=10),
        Rule("symbols", "symbol_word_ratio", _GOPHER, high=0.1),
        Rule("bullets", "bullet_line_share", _GOPHER, high=0.9),
        Rule("ellipses", "ellipsis_line_share", _GOPHER, high=0.3),
        Rule("letters", "alpha_word_share", _GOPHER, low=0.8),
        Rule("stop_words", "num_stop_words", _GOPHER, low=2, language="en"),
    ),
    "gopher_repetition": (
        Rule("repeated_lines", "repeated_line_share", _TABLE, high=0.3),
        Rule("repeated_paragraphs", "repeated_paragraph_share", _TABLE, high=0.3),
        Rule("repeated_line_chars", "repeated_line_char_share", _TABLE, high=0.2),
        Rule("repeated_paragraph_chars", "repeated_paragraph_char_share", _TABLE, high=0.2),
        *(
            Rule(f"top_{n}gram", f"top_{n}gram_char_share", _TABLE, high=high)
            for n, high in ((2, 0.2), (3, 0.18), (4, 0.16))
        ),
        *(
            Rule(f"repeated_{n}gram", f"repeated_{n}gram_char_share", _TABLE, high=high)
            for n, high in ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.1))
        ),
    ),
    "c4": (
        Rule("too_few_sentences", "num_sentences", _C4, low=3),
        Rule("curly_brackets", "num_curly_brackets", _C4, high=0),
        Rule("lorem_ipsum", "lorem_ipsum", _C4, high=0),
    ),
    "fineweb": (
        Rule("no_line_endings", "terminal_line_share", _FINEWEB, low=0.12),
        Rule("short_lines", "short_line_share", _FINEWEB, high=0.67),
        Rule(
            "repeated_line_chars_strict",
            "repeated_line_char_share",
            _FINEWEB + "; its code has .01, its text .1",
            high=0.01,
        ),
        Rule("newlines", "newline_word_ratio", _FINEWEB + "; only in its code", high=0.3),
    ),
}
"""Every rule with its published bounds. Gopher's stop words are English and judge English alone; its length of words is
that of English too, and holds for most languages with blanks between words. C4's rules on lines (policy links,
`javascript`, too short) are the work of `clean`.
"""


@dataclass(frozen=True)
class Verdicts:
    """For each document the first failing rule (null where it is kept) and the value that failed."""

    rule: pa.StringArray
    value: pa.DoubleArray


def chosen(groups: tuple[str, ...], overrides: Mapping[str, Bounds]) -> tuple[Rule, ...]:
    """Return the rules of the groups (`gopher_quality`, `gopher_repetition`, `c4`, `fineweb`), bounds changed by name.

    RecipeError on an unknown group or rule, with the nearest valid one.

    >>> [rule.low for rule in chosen(("c4",), {"too_few_sentences": (5, None)})]
    [5, None, None]
    """
    for group in groups:
        if group not in GROUPS:
            raise _unknown("group of rules", group, tuple(GROUPS))
    rules = [rule for group in groups for rule in GROUPS[group]]
    names = tuple(rule.name for rule in rules)
    for name in overrides:
        if name not in names:
            raise _unknown("rule", name, names)
    return tuple(
        replace(rule, low=overrides[rule.name][0], high=overrides[rule.name][1]) if rule.name in overrides else rule
        for rule in rules
    )


def _unknown(noun: str, found: str, valid: tuple[str, ...]) -> RecipeError:
    near = get_close_matches(found, valid, 1, 0.0)
    return RecipeError(
        f"wanted a {noun} of {', '.join(valid) or 'the chosen groups'}, found {found!r}",
        where=found,
        do=f"write {near[0]!r}" if near else "choose a group of rules first",
    )


def verdicts(columns: pa.RecordBatch, rules: tuple[Rule, ...]) -> Verdicts:
    """Return the first failing rule of each document in the order of the rules."""
    size = columns.num_rows
    first = np.full(size, len(rules))
    value = np.full(size, np.nan)
    for index in reversed(range(len(rules))):
        fails, scores = _fails(columns, rules[index])
        first[fails], value[fails] = index, scores[fails]
    kept = first == len(rules)
    names = pa.array([rule.name for rule in rules], pa.string())
    return Verdicts(names.take(pa.array(first, mask=kept)), pa.array(value, mask=kept))


def failures(columns: pa.RecordBatch, rules: tuple[Rule, ...]) -> dict[str, pa.BooleanArray]:
    """Return for each rule which documents fail it, whatever else they fail: for overlaps in the report."""
    return {rule.name: pa.array(_fails(columns, rule)[0]) for rule in rules}


def _fails(columns: pa.RecordBatch, rule: Rule) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    scores = columns.column(rule.column).to_numpy(zero_copy_only=False).astype(np.float64)
    fails = np.zeros(len(scores), np.bool_)
    if rule.low is not None:
        fails |= scores < rule.low
    if rule.high is not None:
        fails |= scores > rule.high
    if rule.language is not None and "language" in columns.schema.names:
        fails &= np.array(
            [code in (rule.language, UNKNOWN) for code in columns.column("language").to_pylist()], np.bool_
        )
    return fails, scores
