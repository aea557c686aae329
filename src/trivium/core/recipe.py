"""A TOML file, the file it extends and `--set` values to frozen configs; an unknown key is named with its nearest."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from trivium.core.config import FromEnvironment
from trivium.core.errors import RecipeError

C = TypeVar("C")
T = TypeVar("T")
TOP_KEYS = ("extends", "name", "seed")
COMMAND_LINE = "--set"


@dataclass
class Recipe:
    """What a person wrote: a name, a seed, and sections that configs read. Ask `refuse_unread` at the end."""

    name: str
    path: Path
    seed: int
    sections: dict[str, Any]
    origins: dict[str, str] = field(default_factory=dict)
    """Dotted key → the file and line, or the `--set`, it came from."""
    read: set[str] = field(default_factory=set)

    def section(self, name: str, config_type: Any, own: str = "") -> Any:
        """Return the section as its config (a class or a union tagged by `method`); an absent one is all defaults.

        `own` names a section that is laid over it: what one of several boxes that share a section has for itself.
        """
        table = self._table(name)
        if own and own != name:
            table = _merge(table, self._table(own))
        table = _with_environment(table, config_type)
        try:
            return TypeAdapter(config_type).validate_python(table)
        except ValidationError as error:
            raise self._explain((name, own), config_type, error) from error

    def _table(self, name: str) -> dict[str, Any]:
        self.read.add(name)
        table = self.sections.get(name, {})
        if not isinstance(table, dict):
            raise RecipeError(f"{name}: wanted a section, found {table!r}", where=self._where(name))
        return table

    def value(self, name: str, default: C) -> C:
        """Return a top-level value of the default's type (`rounds = 2`)."""
        self.read.add(name)
        found = self.sections.get(name, default)
        if type(found) is not type(default):
            wanted = type(default).__name__
            raise RecipeError(f"{name}: wanted {wanted}, found {found!r}", where=self._where(name))
        return found

    def count(self, name: str, default: int) -> int:
        """Return a top-level whole number of at least 1 (`rounds = 2`)."""
        found = self.value(name, default)
        if found < 1:
            raise RecipeError(f"{name}: wanted a whole number ≥ 1, found {found}", where=self._where(name))
        return found

    def method(self, name: str, choices: Mapping[str, T]) -> T:
        """Return the choice that a section's `method` names; the first where it names none."""
        found = self._table(name).get("method", next(iter(choices)))
        if found not in choices:
            known = " or ".join(f'"{choice}"' for choice in choices)
            where = self._where(f"{name}.method")
            raise RecipeError(f"`{name}.method`: wanted {known}, found {found!r}", where=where)
        return choices[found]

    def refuse_unread(self) -> None:
        """Raise for the first key at the top that nothing read."""
        for name in self.sections:
            if name not in self.read:
                known = sorted(self.read | set(TOP_KEYS))
                raise RecipeError(f"unknown key `{name}`{nearest(name, known)}", where=self._where(name))

    def _explain(self, sections: tuple[str, str], config_type: Any, error: ValidationError) -> RecipeError:
        first = error.errors(include_url=False)[0]
        path, model = _walk(config_type, first["loc"])
        name, own = sections
        section = own if own and ".".join([own, *path]) in self.origins else name
        key = ".".join([section, *path])
        where = self._where(key)
        if first["type"] == "extra_forbidden":
            known = sorted(model.model_fields) if model is not None else []
            do = f"valid keys: {', '.join(known)}" if known else ""
            return RecipeError(f"unknown key `{key}`{nearest(path[-1], known)}", where=where, do=do)
        if first["type"] == "union_tag_not_found":
            do = f"choose one: {', '.join(_methods(config_type))}"
            return RecipeError(f"`{key}` is missing", where=where, do=do)
        if first["type"] == "missing":
            variable = _variable(model, path[-1])
            do = f"add it to [{section}] or give --set {key}=…" + (f", or set {variable}" if variable else "")
            return RecipeError(f"`{key}` is missing", where=where, do=do)
        if first["type"].startswith("union_tag"):
            return _explain_tag(key, first, where)
        return RecipeError(f"`{key}`: {first['msg']}; found {first['input']!r}", where=where)

    def _where(self, key: str) -> str:
        below = [origin for name, origin in self.origins.items() if name.startswith(f"{key}.")]
        if below and key not in self.origins:
            return below[0]
        while key and key not in self.origins:
            key = key.rpartition(".")[0]
        return self.origins.get(key, str(self.path))


def load(path: Path, sets: Sequence[str] = ()) -> Recipe:
    """Read a recipe, what it extends, and the `key=value` settings that override both."""
    table, origins = _read(Path(path), ())
    # A changed method starts its section anew, so methods are set before the fields that belong to them.
    for text in sorted(sets, key=lambda text: not text.partition("=")[0].strip().endswith("method")):
        _set(table, origins, text)
    name, seed = table.pop("name", Path(path).stem), table.pop("seed", 0)
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name) or name == "artifacts":
        raise RecipeError(f"`name`: wanted letters, digits, - or _, found {name!r}", where=str(path))
    if type(seed) is not int or seed < 0:
        raise RecipeError(f"`seed`: wanted a whole number ≥ 0, found {seed!r}", where=origins.get("seed", str(path)))
    return Recipe(name, Path(path), seed, table, origins)


def nearest(key: str, known: Iterable[str]) -> str:
    """Return `; did you mean …?` for the closest known key, or nothing.

    >>> nearest("lerning_rate", ["learning_rate", "steps"])
    '; did you mean `learning_rate`?'
    """
    close = difflib.get_close_matches(key, list(known), n=1, cutoff=0.5)
    return f"; did you mean `{close[0]}`?" if close else ""


def _read(path: Path, seen: tuple[Path, ...]) -> tuple[dict[str, Any], dict[str, str]]:
    if path.resolve() in seen:
        raise RecipeError("a recipe extends itself", where=str(path))
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        raise RecipeError(f"cannot read the recipe: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"not UTF-8: {error.reason} at byte {error.start}", where=str(path)) from error
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"not valid TOML: {error}", where=str(path)) from error
    origins = _lines(text, str(path))
    parent = table.pop("extends", None)
    if parent is None:
        return table, origins
    if not isinstance(parent, str):
        raise RecipeError(f"`extends`: wanted one file, found {parent!r}", where=str(path))
    below, below_origins = _read(path.parent / parent, (*seen, path.resolve()))
    below.pop("name", None)
    return _merge(below, table), below_origins | origins


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay `above` over `below`, table by table; a table of another `method` replaces the one below."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if isinstance(value, dict) and isinstance(old, dict) and value.get("method", _method(old)) == _method(old):
            merged[key] = _merge(old, value)
        else:
            merged[key] = value
    return merged


def _method(table: Mapping[str, Any]) -> Any:
    return table.get("method")


def _set(table: dict[str, Any], origins: dict[str, str], text: str) -> None:
    key, equals, raw = text.partition("=")
    names = key.strip().split(".")
    if not equals or not all(names):
        raise RecipeError(f"wanted key=value, found {text!r}", where=COMMAND_LINE)
    try:
        value = tomllib.loads(f"value = {raw.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        value = raw.strip()
    override: dict[str, Any] = {names[-1]: value}
    for name in reversed(names[:-1]):
        override = {name: override}
    merged = _merge(table, override)
    table.clear()
    table.update(merged)
    origins[key.strip()] = f"{COMMAND_LINE} {text}"


def _lines(text: str, file: str) -> dict[str, str]:
    """Return dotted key → file:line, as far as lines tell."""
    origins: dict[str, str] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[+\s*([\w.-]+)\s*\]+", line):
            section = header[1] + "."
            origins[header[1]] = f"{file}:{number}"
        elif key := re.match(r"\s*([\w.-]+)\s*=", line):
            origins[section + key[1]] = f"{file}:{number}"
    return origins


def _with_environment(table: dict[str, Any], config_type: Any) -> dict[str, Any]:
    """Fill the fields marked `FromEnvironment` that the recipe leaves out and the environment names."""
    filled = dict(table)
    for model in _models(config_type):
        for name, info in model.model_fields.items():
            for mark in info.metadata:
                if isinstance(mark, FromEnvironment) and name not in filled and os.environ.get(mark.variable):
                    filled[name] = os.environ[mark.variable]
    return filled


def _explain_tag(key: str, first: Mapping[str, Any], where: str) -> RecipeError:
    tag = first["ctx"]["discriminator"].strip("'")
    key = key if key.endswith(f".{tag}") else f"{key}.{tag}"
    if "tag" not in first["ctx"]:
        return RecipeError(f"`{key}` is missing", where=where, do=f"say which: add {tag} = … to the section")
    wanted = first["ctx"]["expected_tags"].replace("', '", "' or '")
    return RecipeError(f"`{key}`: wanted {wanted}, found {first['ctx']['tag']!r}", where=where)


def _variable(model: type[BaseModel] | None, name: str) -> str:
    """Return the environment variable that may fill a field, or nothing."""
    marks = model.model_fields[name].metadata if model is not None and name in model.model_fields else []
    return next((mark.variable for mark in marks if isinstance(mark, FromEnvironment)), "")


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models in an annotation: itself, the members of a union, the items of a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for arg in typing.get_args(annotation) for model in _models(arg)]


def _walk(annotation: Any, loc: Sequence[int | str]) -> tuple[list[str], type[BaseModel] | None]:
    """Return an error's place as recipe keys (without the tags of unions), and the model of its last key."""
    path: list[str] = []
    models = _models(annotation)
    for index, part in enumerate(loc):
        tagged = [model for model in models if part in _tags(model)] if len(models) > 1 else []
        if tagged:
            models = tagged
            continue
        path.append(str(part))
        if index == len(loc) - 1 or not isinstance(part, str):
            continue
        fields = [model.model_fields[part] for model in models if part in model.model_fields]
        models = [model for info in fields for model in _models(info.annotation)]
    return path or ["method"], models[0] if models else None


def _methods(annotation: Any) -> list[str]:
    """Return the names that a section's `method` may have."""
    fields = [model.model_fields["method"] for model in _models(annotation) if "method" in model.model_fields]
    return [name for info in fields for name in typing.get_args(info.annotation)]


def _tags(model: type[BaseModel]) -> set[Any]:
    """Return the literal values that a model's fields allow: what a tagged union tells its members apart by."""
    hints = (info.annotation for info in model.model_fields.values())
    return {value for hint in hints if typing.get_origin(hint) is typing.Literal for value in typing.get_args(hint)}
