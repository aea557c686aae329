"""Settings, seed and input ids to the one hash that names what they make."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from trivium.core.config import NotIdentity

ID_DIGITS = 32
"""Hexadecimal digits of the SHA-256 that name a folder: 128 bits."""


def plain(value: Any, where: str = "value") -> Any:
    """Return the value as JSON types, fields marked `NotIdentity` left out; TypeError on what has no one encoding.

    Sets are sorted by their encoding. Paths, callables, arrays, NaN and unknown types raise: they would tie an id to a
    machine, a process or a rounding.

    >>> plain({"b": (1, 2.5), "a": {"y", "x"}})
    {'b': [1, 2.5], 'a': ['x', 'y']}
    """
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        if not math.isfinite(value):
            raise TypeError(f"{where}: {value} has no identity; wanted a finite number")
        return value
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name), f"{where}.{name}") for name in identity_fields(value)}
    if isinstance(value, Mapping):
        return {_key(key, where): plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, set | frozenset):
        return sorted((plain(item, where) for item in value), key=_encode)
    do = "mark the field NotIdentity()" if isinstance(value, Path) else "use numbers, texts, lists, tables or a config"
    raise TypeError(f"{where}: {type(value).__name__} has no identity; {do}")


def identity_fields(config: BaseModel) -> list[str]:
    """Return the names of the fields that bear identity, as declared."""
    fields = type(config).model_fields
    return [name for name, info in fields.items() if not any(isinstance(mark, NotIdentity) for mark in info.metadata)]


def execution(config: BaseModel) -> dict[str, Any]:
    """Return the top-level fields that do not bear identity, as JSON types: for the record only."""
    return config.model_dump(mode="json", exclude=set(identity_fields(config)))


def canonical(value: Any) -> str:
    """Return the one JSON text of the value: keys sorted, no spaces.

    >>> canonical({"b": 1, "a": [True, None]})
    '{"a":[true,null],"b":1}'
    """
    return _encode(plain(value))


def fingerprint(value: Any) -> str:
    """Return the SHA-256 of the value's canonical JSON, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _encode(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _key(key: Any, where: str) -> str:
    if type(key) is not str:
        raise TypeError(f"{where}: a key of type {type(key).__name__} has no identity; wanted a text")
    return key
