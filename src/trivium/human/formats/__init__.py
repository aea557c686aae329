"""Turns files of human data, in the formats people publish them, into records and rejects; and records into such files,
after saying what would be lost.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from trivium.core.errors import SourceError
from trivium.human.formats import fairytaleqa, trivium_jsonl
from trivium.human.formats.alpaca import ALPACA, ALPACA_PREFERENCE
from trivium.human.formats.argilla import ARGILLA, BARE, ORDER
from trivium.human.formats.crows_pairs import CROWS_PAIRS
from trivium.human.formats.dolly import DOLLY
from trivium.human.formats.dolly_hhrlhf import DOLLY_HHRLHF
from trivium.human.formats.format import Format, Loss, Provenance
from trivium.human.formats.format import losses as losses_of
from trivium.human.formats.helpsteer import HELPSTEER2, HELPSTEER2_PREFERENCE, HELPSTEER3
from trivium.human.formats.hh_red_team import HH_RED_TEAM
from trivium.human.formats.hh_rlhf import HH_RLHF
from trivium.human.formats.label_studio import LABEL_STUDIO
from trivium.human.formats.oasst import OASST
from trivium.human.formats.openai import OPENAI_CHAT, OPENAI_PREFERENCE
from trivium.human.formats.pandalm import PANDALM
from trivium.human.formats.rows import Flaw, Reject, Row, read_rows
from trivium.human.formats.self_instruct import SELF_INSTRUCT
from trivium.human.formats.sharegpt import SHAREGPT
from trivium.human.formats.t0_sample import T0_SAMPLE
from trivium.human.formats.trimmed import trimmed
from trivium.human.formats.trivium_jsonl import PARQUET, TRIVIUM
from trivium.human.formats.trl import TRL
from trivium.human.formats.tulu_human_eval import TULU_HUMAN_EVAL
from trivium.human.formats.turns import asked_alone
from trivium.human.formats.ultrafeedback import ULTRAFEEDBACK, ULTRAFEEDBACK_BINARIZED
from trivium.records import Comparison, Demonstration, Prompt, Record

__all__ = [
    "FORMATS", "Format", "Imported", "Loss", "Provenance", "Reject", "export", "format_of", "load", "losses",
    "num_bare_orders", "prompts_of", "read_comparisons", "read_demonstrations", "read_prompts", "sniff",
]  # fmt: skip

FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        TRIVIUM,
        PARQUET,
        OPENAI_CHAT,
        OPENAI_PREFERENCE,
        *TRL,
        ALPACA,
        ALPACA_PREFERENCE,
        SHAREGPT,
        HH_RLHF,
        HH_RED_TEAM,
        *OASST,
        ULTRAFEEDBACK,
        ULTRAFEEDBACK_BINARIZED,
        HELPSTEER2,
        HELPSTEER2_PREFERENCE,
        HELPSTEER3,
        DOLLY,
        LABEL_STUDIO,
        ARGILLA,
        PANDALM,
        TULU_HUMAN_EVAL,
        CROWS_PAIRS,
        DOLLY_HHRLHF,
        T0_SAMPLE,
        SELF_INSTRUCT,
    )
}
"""Name → format. Those with `written` can be exported."""
NUM_SNIFFED = 5
N = TypeVar("N", bound=Record)


class Imported(NamedTuple):
    """What a file gave: records, and what it did not give, each with its line and the reason."""

    records: list[Record]
    rejects: list[Reject]


def format_of(name: str) -> Format:
    """Return the format of that name, or say which one is nearest."""
    if name in FORMATS:
        return FORMATS[name]
    raise _unknown(name, FORMATS, "no format")


def sniff(path: Path, max_bytes: int | None = None) -> list[tuple[str, float]]:
    """Return (format, likeness in (0, 1]) of a file by its first rows, the likeliest first; empty if none fits."""
    rows: list[Row] = []
    for _, row in read_rows(path, max_bytes):
        if not isinstance(row, Flaw):
            rows.append(row)
        if len(rows) == NUM_SNIFFED:
            break
    if not rows:
        return []
    scores = {name: sum(map(one.likeness, rows)) / len(rows) for name, one in FORMATS.items()}
    return sorted(((name, score) for name, score in scores.items() if score > 0), key=lambda one: -one[1])


def load(name: str, path: Path, provenance: Provenance | None = None, max_bytes: int | None = None) -> Imported:
    """Return all records of a file, or of a format's files in a folder, and all rejects. Texts are kept to the
    letter.
    """
    form = format_of(name)
    imported = Imported([], [])
    for file in form.files_in(path):
        for one in form.read(file, provenance, max_bytes):
            if isinstance(one, Reject):
                imported.rejects.append(one)
            else:
                imported.records.append(one)
    return imported


def losses(name: str, records: Iterable[Record]) -> list[Loss]:
    """Return what an export in this format would lose, to be shown before it is made; empty means nothing."""
    return losses_of(format_of(name), records)


def export(name: str, records: Iterable[Record], path: Path) -> int:
    """Write records in a format and return the number of rows; the same records give the same bytes."""
    return format_of(name).write(path, records)


def prompts_of(records: Iterable[Record]) -> list[Prompt]:
    """Return the prompts of any records, each once, for a pool: without what a row said of the replies it had."""
    found: dict[str, Prompt] = {}
    for record in records:
        prompt = record if isinstance(record, Prompt) else getattr(record, "prompt", None)
        if isinstance(prompt, Prompt) and prompt.id not in found:
            found[prompt.id] = prompt if isinstance(record, Prompt) else asked_alone(prompt)
    return list(found.values())


def num_bare_orders(records: Iterable[Record]) -> int:
    """Return how many orders came as bare lists, whose ranks and ties were lost before they came here."""
    return sum(isinstance(one, Comparison) and one.prompt.attrs.get(ORDER) == BARE for one in records)


def read_demonstrations(format_name: str, path: Path) -> Iterator[Demonstration | Reject]:
    """Yield the demonstrations at a file or folder, and a reject with file, line and reason for what gives none.

    White space around texts is taken off, as training wants it; `load` keeps it.
    """
    if format_name == "fairytaleqa":
        return fairytaleqa.demonstrations(path)
    if format_name == "oasst":
        format_name = "oasst-demonstrations"
    return _read(format_name, path, Demonstration, "demonstrations", trivium_jsonl.demonstrations)


def read_comparisons(format_name: str, path: Path) -> Iterator[Comparison | Reject]:
    """Yield the comparisons at a file or folder, and a reject with file, line and reason for what gives none.

    White space around texts is taken off, as training wants it; `load` keeps it.
    """
    return _read(format_name, path, Comparison, "comparisons", trivium_jsonl.comparisons)


def read_prompts(format_name: str, path: Path) -> Iterator[Prompt | Reject]:
    """Yield the prompts at a file or folder, and a reject with file, line and reason for what gives none."""
    return _read(format_name, path, Prompt, "prompts", trivium_jsonl.prompts)


def _read(
    name: str, path: Path, noun: type[N], nouns: str, own: Callable[[Path], Iterator[N | Reject]]
) -> Iterator[N | Reject]:
    """Yield one noun's records of a format's files, trimmed."""
    if name == TRIVIUM.name:
        return own(path)
    known = [form.name for form in FORMATS.values() if noun in form.holds]
    if name not in known:
        raise _unknown(name, known, f"no format of {nouns}")
    return _trimmed(FORMATS[name], path, noun, nouns)


def _trimmed(form: Format, path: Path, noun: type[N], nouns: str) -> Iterator[N | Reject]:
    def wanted(record: Record) -> Record | Flaw:
        if not isinstance(record, noun):
            return Flaw(f"it is a {type(record).__name__.lower()}; {nouns} were asked for")
        return trimmed(record)

    for file in form.files_in(path):
        for one in form.read(file, alter=wanted):
            assert isinstance(one, Reject | noun)
            yield one


def _unknown(name: str, known: Iterable[str], what: str) -> SourceError:
    names = sorted(known)
    nearest = difflib.get_close_matches(name.lower().replace("_", "-"), names, n=1, cutoff=0.0)[0]
    return SourceError(
        f"{what} is called {name!r}", do=f"did you mean {nearest!r}? known: {', '.join(names)}"
    )  # fmt: skip
