"""What a person asks of `trivium curate` to a recipe: every step on, every source with its name and licence."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from trivium.core.errors import InputError, SourceError
from trivium.core.recipe import nearest
from trivium.curation.places import is_address

STEPS = """
[corpus]
heldout_share = 0.02

[corpus.clean]

[corpus.language]

[corpus.quality]

[corpus.bad_words]

[corpus.privacy]

[corpus.near_duplicates]

[corpus.repeated_paragraphs]

[tokenizer.mix]
budget = 8_000_000           # bytes of text: four times as many pack a text 0.2 % better, at four times the cost
"""


CLASSIFIERS = (("good", "bad"), ("toxic", "harmless"))
"""Kinds of examples that train a classifier together."""
ASKED_BY = {"evaluation": "decontamination", "good_examples": "examples", "toxic_examples": "toxicity"}
"""Which section of [corpus] a source of this use asks for."""


class Given(NamedTuple):
    """One source: what it is for, its name, and where it lies."""

    use: str
    name: str
    place: Path | str


@dataclass(frozen=True)
class Asked:
    """The arguments of `trivium curate`."""

    sources: tuple[str, ...]
    against: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    text_keys: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    seed: int = 0


def compose(asked: Asked) -> str:
    """Return the recipe as TOML; InputError on a source, a licence or a weight that fits nothing."""
    sources = _named(asked.sources)
    given = [Given("text", name, place) for name, place in sources.items()]
    given += [Given("evaluation", f"evaluation-{number}", _place(text)) for number, text in enumerate(asked.against, 1)]
    given += _examples(asked.examples)
    uses = {one.use for one in given}
    paths = [one.place for one in given if isinstance(one.place, Path)]
    for path in paths:
        if not os.path.exists(path):
            raise SourceError("nothing lies at this path", where=str(path), do="check the path")
    licences = _pairs(asked.licences, sources, "licence")
    keys = _pairs(asked.text_keys, sources, "text-key")
    root = Path(os.path.commonpath([path.parent for path in paths])) if paths else Path.cwd()
    lines = [f"seed = {asked.seed}", 'road = "text"', "", "[sources]", 'method = "files"', f"root = {_toml(str(root))}"]
    for use, name, place in given:
        licence = licences.get(name, licences.get("", "unstated"))
        relative = os.path.relpath(place, root) if isinstance(place, Path) else place
        fields: dict[str, Any] = {"name": name, "path": relative, "use": use, "licence": licence}
        if use == "text" and (key := keys.get(name, keys.get(""))):
            fields["text_keys"] = [key]
        lines += ["", "[[sources.items]]", *(f"{key} = {_toml(value)}" for key, value in fields.items())]
    lines.append(STEPS)
    lines += [f"[corpus.{section}]\n" for use, section in ASKED_BY.items() if use in uses]
    if asked.weights:
        lines += _mix(_pairs(asked.weights, sources, "weight"))
    return "\n".join(lines)


def _examples(texts: Sequence[str]) -> list[Given]:
    """Return the sources of `KIND=PATH` texts; a classifier needs both of its kinds."""
    kinds = [kind for pair in CLASSIFIERS for kind in pair]
    found = []
    for number, text in enumerate(texts, 1):
        kind, _equals, path = text.partition("=")
        if kind not in kinds or not path:
            do = f"write KIND=PATH with one of {', '.join(kinds)}{nearest(kind, kinds)}"
            raise InputError(f"--examples: wanted KIND=PATH, found {text!r}", where=text, do=do)
        found.append(Given(f"{kind}_examples", f"{kind}-examples-{number}", _place(path)))
    uses = {one.use for one in found}
    for pair in CLASSIFIERS:
        missing = [kind for kind in pair if f"{kind}_examples" not in uses]
        if len(missing) == 1:
            other = pair[1 - pair.index(missing[0])]
            raise InputError(
                f"--examples: wanted {pair[0]} and {pair[1]} examples, found {other} ones alone",
                do=f"give --examples {missing[0]}=PATH too",
            )
    return found


def _place(text: str) -> Path | str:
    """Return an address as it is, and anything else as an absolute path."""
    return text if is_address(text) else Path(text).absolute()


def _named(sources: Sequence[str]) -> dict[str, Path | str]:
    """Return name → path or address; a source without a name gets that of its file or folder."""
    found: dict[str, Path | str] = {}
    for text in sources:
        name, equals, path = text.partition("=")
        if not equals or is_address(text) or os.path.exists(text):
            last = text.rstrip("/").rpartition("/")[2] if is_address(text) else Path(text).absolute().name
            name, path = last.split(".")[0] or "source", text
        if name in found:
            raise InputError(f"two sources are called {name}", where=text, do="give them names: NAME=PATH")
        found[name] = _place(path)
    return found


def _pairs(texts: Sequence[str], sources: Mapping[str, Path | str], what: str) -> dict[str, str]:
    """Return name → value of `NAME=VALUE` texts; a text without a name is for all sources, under the empty name."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            name, value = "", text
        elif name not in sources:
            known = ", ".join(sources)
            raise InputError(
                f"--{what}: no source `{name}`{nearest(name, sources)}", where=text, do=f"sources: {known}"
            )
        found[name] = value
    return found


def _mix(weights: Mapping[str, str]) -> list[str]:
    lines = []
    for section in ("tokenizer", "tokens"):
        lines.append(f"[{section}.mix.weights]")
        for name, weight in weights.items():
            try:
                lines.append(f"{_toml(name)} = {float(weight)}")
            except ValueError:
                do = "write --weight NAME=2.5"
                raise InputError(f"--weight: wanted NAME=NUMBER, found {weight!r}", where=name, do=do) from None
        lines.append("")
    return lines


def _toml(value: Any) -> str:
    """Return a text or a list of texts as TOML: both are written as JSON's are."""
    return json.dumps(value, ensure_ascii=False)
