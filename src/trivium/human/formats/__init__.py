"""Turns files of preference and demonstration data, in the formats people publish them, into records and rejects."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from trivium.core.errors import SourceError
from trivium.human.formats import (
    alpaca,
    dolly_hhrlhf,
    fairytaleqa,
    hh_rlhf,
    oasst,
    pandalm,
    self_instruct,
    t0_sample,
    trivium_jsonl,
    tulu_human_eval,
)
from trivium.human.formats.rows import Reject
from trivium.records import Comparison, Demonstration, Prompt

__all__ = [
    "COMPARISONS", "DEMONSTRATIONS", "PROMPTS", "Reject", "read_comparisons", "read_demonstrations", "read_prompts",
]  # fmt: skip

T = TypeVar("T")

DEMONSTRATIONS: dict[str, Callable[[Path], Iterator[Demonstration | Reject]]] = {
    "trivium": trivium_jsonl.demonstrations,
    "alpaca": alpaca.demonstrations,
    "dolly-hhrlhf": dolly_hhrlhf.demonstrations,
    "fairytaleqa": fairytaleqa.demonstrations,
    "oasst": oasst.demonstrations,
    "self-instruct": self_instruct.demonstrations,
    "t0-sample": t0_sample.demonstrations,
}
"""Format → reader of demonstrations."""

COMPARISONS: dict[str, Callable[[Path], Iterator[Comparison | Reject]]] = {
    "trivium": trivium_jsonl.comparisons,
    "hh-rlhf": hh_rlhf.comparisons,
    "oasst": oasst.comparisons,
    "pandalm": pandalm.comparisons,
    "tulu-human-eval": tulu_human_eval.comparisons,
}
"""Format → reader of comparisons."""

PROMPTS: dict[str, Callable[[Path], Iterator[Prompt | Reject]]] = {"trivium": trivium_jsonl.prompts}
"""Format → reader of prompts."""


def read_demonstrations(format_name: str, path: Path) -> Iterator[Demonstration | Reject]:
    """Yield the demonstrations at a file or folder, and a reject with file, line and reason for what gives none."""
    return _reader(format_name, DEMONSTRATIONS, "demonstrations")(path)


def read_comparisons(format_name: str, path: Path) -> Iterator[Comparison | Reject]:
    """Yield the comparisons at a file or folder, and a reject with file, line and reason for what gives none."""
    return _reader(format_name, COMPARISONS, "comparisons")(path)


def read_prompts(format_name: str, path: Path) -> Iterator[Prompt | Reject]:
    """Yield the prompts at a file or folder, and a reject with file, line and reason for what gives none."""
    return _reader(format_name, PROMPTS, "prompts")(path)


def _reader(format_name: str, readers: Mapping[str, T], noun: str) -> T:
    """Return the format's reader, or say which format is nearest to the name."""
    if format_name in readers:
        return readers[format_name]
    nearest = difflib.get_close_matches(format_name.lower().replace("_", "-"), readers, n=1, cutoff=0.0)[0]
    raise SourceError(
        f"no format of {noun} is called {format_name!r}",
        do=f"did you mean {nearest!r}? known: {', '.join(sorted(readers))}",
    )
