"""A function from typed artifacts and a frozen config to a declared stage: its signature is the declaration."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from trivium.core.artifact import Artifact
from trivium.core.errors import SourceError
from trivium.core.identity import ID_DIGITS, file_hash, fingerprint, plain
from trivium.core.log import EventLog
from trivium.core.manifest import Metric, draft_manifest, identity_settings
from trivium.core.progress import Progress

A = TypeVar("A", bound=Artifact)


@dataclass(frozen=True)
class StageContext:
    """What a stage is given that is not part of its identity, except the seed: where to write, and whom to tell."""

    out: Path
    """The draft folder: what is written here becomes the artifact."""
    scratch: Path
    """A folder that outlives a kill: resumable checkpoints and metric logs live here until the artifact is finished."""
    seed: int
    """Identity. Draw from `trivium.core.seed.stream(context.seed, "name")`."""
    device: str = "cpu"
    checkpoint_seconds: float = 20.0
    """Least time between two resumable checkpoints of a stage that makes them; below 0 for one at every chance."""
    progress: Progress = field(default_factory=lambda: Progress(quiet=True))
    log: EventLog = field(default_factory=EventLog)
    loggers: tuple[str, ...] = ()
    """Where a training's rows go besides the artifact's metrics.jsonl: names of `training.loggers`."""
    logs: Path | None = None
    """The folder these loggers write to; in `scratch` when it is None."""
    metrics: dict[str, Any] = field(default_factory=dict)
    """Fill with numbers that have value, n, low, high (`records.Measure`, `Metric` or a table of these)."""
    licences: set[str] = field(default_factory=set)
    """Fill with the licences of what was read from outside; those of the inputs are added by themselves."""

    def measure(
        self, name: str, value: float | None, *, n: int, low: float | None = None, high: float | None = None
    ) -> None:
        """Set one metric."""
        self.metrics[name] = Metric(value=value, n=n, low=low, high=high)

    def made(self, kind: type[A]) -> A:
        """Return the draft folder as the kind it becomes: a stage ends with `return context.made(Checkpoint)`."""
        return kind("draft", self.out, draft_manifest(kind.kind, self.metrics, self.licences))


class Gathers:
    """Mixed into the config of a gathered stage: says which real files it reads, so that their contents make the id."""

    def gathered_files(self) -> Mapping[str, Path | str]:
        """Return name within the source → file, or the hash of its version where an object store tells it.

        SourceError where a source is missing or empty.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Input:
    """One artifact parameter of a stage: its kind, whether it takes several, whether it may be absent."""

    kind: type[Artifact]
    many: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Stage(Generic[A]):
    """A stage as its function's signature declares it. Calling it calls the function."""

    name: str
    version: int
    function: Callable[..., A]
    inputs: Mapping[str, Input]
    config_type: Any
    """The config class, or the tagged union of them."""
    output: type[A]
    gathered: bool = False
    seeded: bool = True

    def __call__(self, *args: Any, **kwargs: Any) -> A:
        """Run the function alone, as a test does."""
        return self.function(*args, **kwargs)

    @cached_property
    def source_hash(self) -> str:
        """The SHA-256 of the file that the stage stands in."""
        return file_hash(Path(inspect.getfile(self.function)))

    def identity(self, config: BaseModel, seed: int | None, inputs: Mapping[str, str | list[str] | None]) -> Identity:
        """Return the identity of what this stage makes from these settings and input ids."""
        gathered: dict[str, str] = {}
        if self.gathered:
            assert isinstance(config, Gathers), f"{self.name} is gathered, so its config must be a Gathers"
            gathered = _content_hashes(config.gathered_files())
        settings = identity_settings(
            stage=self.name,
            version=self.version,
            config=plain(config, "config"),
            seed=seed if self.seeded else None,
            inputs=gathered if self.gathered else dict(inputs),
            gathered=self.gathered,
        )
        return Identity(fingerprint(settings), settings)


@dataclass(frozen=True)
class Identity:
    """The hash that names an artifact, and the table it is the hash of."""

    full: str
    settings: dict[str, Any]

    @property
    def id(self) -> str:
        """The beginning that names the folder."""
        return self.full[:ID_DIGITS]


def stage(*, version: int, gathered: bool = False, seeded: bool = True) -> Callable[[Callable[..., A]], Stage[A]]:
    """Declare a stage. Raise `version` when its meaning changes: everything it made before is then stale.

    `gathered`: its id hangs on the contents of the files that its config names (see `Gathers`), and it has no inputs.
    `seeded=False`: it draws nothing at random, so the recipe's seed is not in its id.
    """

    def declare(function: Callable[..., A]) -> Stage[A]:
        hints = typing.get_type_hints(function, include_extras=True)
        name = function.__name__
        output = hints.pop("return", None)
        if not (isinstance(output, type) and issubclass(output, Artifact) and output.kind):
            raise TypeError(f"stage {name}: wanted a kind of artifact as return type, found {output!r}")
        parameters = list(inspect.signature(function).parameters)
        if parameters[-2:] != ["config", "context"] or hints.pop("context", None) is not StageContext:
            raise TypeError(f"stage {name}: the last parameters must be `config: …, context: StageContext`")
        config_type = hints.pop("config")
        inputs = {parameter: _input(name, parameter, hints[parameter]) for parameter in parameters[:-2]}
        if gathered and inputs:
            raise TypeError(f"stage {name} is gathered: it reads the world, so it takes no artifacts")
        return Stage(
            name,
            version,
            function,
            inputs,
            config_type,
            typing.cast(type[A], output),
            gathered,
            seeded and not gathered,
        )

    return declare


def _content_hashes(files: Mapping[str, Path | str]) -> dict[str, str]:
    hashes: dict[str, str] = {}
    for name, path in sorted(files.items()):
        try:
            hashes[name] = path if isinstance(path, str) else file_hash(path)
        except OSError as error:
            do = "give read permission, or leave it out"
            raise SourceError(f"cannot read a source: {error.strerror}", where=str(path), do=do) from error
    if not hashes:
        raise SourceError("the sources name no file", do="look at the sources' paths")
    return hashes


def _input(name: str, parameter: str, hint: Any) -> Input:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, UnionType) and NoneType in args and len(args) == 2:
        inner = _input(name, parameter, next(arg for arg in args if arg is not NoneType))
        return Input(inner.kind, inner.many, optional=True)
    if origin in (Sequence, tuple, list) and args:
        return Input(_input(name, parameter, args[0]).kind, many=True)
    if isinstance(hint, type) and issubclass(hint, Artifact):
        return Input(hint)
    raise TypeError(f"stage {name}: {parameter} is {hint!r}; wanted a kind of artifact, a Sequence of it or None")
