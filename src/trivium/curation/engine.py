"""Work items and hash keys to results through Daft, on this machine or on a Ray cluster; nothing else imports Daft.

Whatever the engine, the results are the same: work items do not know each other, and what comes back in no order is
sorted by who asked.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from trivium.core import errors
from trivium.core.errors import InputError, MissingExtraError, TriviumError

KEYS_AT_ONCE = 131_072
"""About how many keys one grouping holds: memory stays the same however many there are."""
FEW_KEYS = 32_768
"""So few are grouped in this process without Daft, whose loading takes longer than the work."""

_running: str | None = None
"""The kind of engine that Daft runs in this process: it can be chosen once."""

Columns = dict[str, NDArray[Any]]
Work = Callable[[str], str]
"""JSON to JSON; must be importable by name, for it travels to other processes and machines."""


class EngineSettings(BaseModel):
    """Where the work is done. It is no part of any identity: the results do not hang on it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["native", "ray"] = "native"
    workers: int = Field(default=1, ge=1)
    """Processes on this machine (`native`); a cluster uses what it has."""
    address: str | None = None
    """Of the Ray cluster, such as `ray://head:10001`; None starts Ray here. Every node must see the runs folder."""


class Engine:
    """Runs the same plans on one machine or on many. Daft allows one kind of engine in a process."""

    def __init__(self, settings: EngineSettings) -> None:
        """Remember the settings; Daft is loaded with the first work that needs it."""
        self.settings = settings

    def each(self, work: Work, items: Sequence[str]) -> Iterator[str]:
        """Yield `work(item)` of each item as it is done, in no particular order.

        A TriviumError or an OSError that the work raises is raised here. One worker works in this process.
        """
        if self.settings.method == "native" and (self.settings.workers == 1 or len(items) == 1):
            yield from (_unwrapped(_guarded(work, item)) for item in items)
            return
        daft = _started(self.settings)
        worker = daft.cls(_worker_class(daft), **self._places(len(items)))(functools.partial(_guarded, work))
        frame = daft.from_pydict({"item": list(items)})
        frame = frame.into_batches(1) if self.settings.method == "native" else frame.into_partitions(len(items))
        for batch in frame.select(worker.do(daft.col("item")).alias("done")).to_arrow_iter(results_buffer_size=1):
            for done in batch.column(batch.schema.names.index("done")).to_pylist():
                yield _unwrapped(done)

    def repeated(
        self, files: Sequence[Path], key: str, num_rows: int, extra: tuple[str, ...] = ()
    ) -> Iterator[Columns]:
        """Yield the rows (`place`, the key, the extra columns) whose key occurs more than once, sorted by key, place.

        The files are parquet with `place` (int64) and the key (uint64; nulls are no keys). The rows of one key come
        together, in one of the tables; each grouping holds about KEYS_AT_ONCE rows.
        """
        columns = ("place", key, *extra)
        if num_rows <= FEW_KEYS and self.settings.method == "native":
            yield _repeated_here(files, key, columns)
            return
        daft = _started(self.settings)
        col = daft.col
        num_passes = max(1, -(-num_rows // KEYS_AT_ONCE))
        for number in range(num_passes):
            rows = daft.read_parquet([str(file) for file in files]).select(*map(col, columns))
            rows = rows.where(~col(key).is_null())
            if num_passes > 1:
                rows = rows.where(col(key) % num_passes == number)
            counts = rows.groupby(key).agg(col("place").count().alias("count")).where(col("count") > 1)
            table = rows.join(counts.select(col(key)), on=key, how="semi").to_arrow()
            yield _sorted({name: table[name].to_numpy() for name in columns}, key)

    def _places(self, num_items: int) -> dict[str, Any]:
        if self.settings.method == "ray":
            return {"cpus": 1}
        return {"max_concurrency": min(self.settings.workers, num_items), "use_process": True}


def _repeated_here(files: Sequence[Path], key: str, names: tuple[str, ...]) -> Columns:
    table = pa.concat_tables([pq.read_table(file, columns=list(names)) for file in files])
    table = table.filter(table[key].is_valid())
    keys = table[key].to_numpy()
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    again = counts[inverse] > 1
    return _sorted({name: table[name].to_numpy()[again] for name in names}, key)


def _sorted(columns: Columns, key: str) -> Columns:
    order = np.lexsort((columns["place"], columns[key]))
    return {name: values[order] for name, values in columns.items()}


def _started(settings: EngineSettings) -> Any:
    """Return Daft with its runner set; the first caller in a process decides which."""
    os.environ.setdefault("DO_NOT_TRACK", "1")  # Daft and Ray would report their use
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("DAFT_PROGRESS_BAR", "0")
    import daft

    global _running
    if _running is None:
        _running = settings.method
        if settings.method == "ray":
            _start_ray(daft, settings.address)
        else:
            daft.set_runner_native(num_threads=settings.workers)
    if _running != settings.method:
        where = "corpus.engine.method"
        raise InputError(f"this process runs {_running} already, wanted {settings.method}", where=where, do="run again")
    return daft


def _start_ray(daft: Any, address: str | None) -> None:
    try:
        import ray  # noqa: F401 (only whether it is there)
    except ImportError as error:
        install = "pip install 'trivium[ray]'"
        raise MissingExtraError("engine = ray needs Ray", where="corpus.engine.method", do=install) from error
    daft.set_runner_ray(address=address, noop_if_initialized=True)


def _worker_class(daft: Any) -> type:
    """Return the class whose instances live in Daft's workers; made here, for its decorator is Daft's."""

    class Worker:
        def __init__(self, work: Work) -> None:
            self.work = work

        @daft.method.batch(return_dtype=daft.DataType.string())  # type: ignore[untyped-decorator]
        def do(self, items: Any) -> list[str]:
            return [self.work(item) for item in items.to_pylist()]

    return Worker


def _guarded(work: Work, item: str) -> str:
    """Return the work's answer, or its TriviumError as an answer: an exception's kind does not survive the way back."""
    try:
        return json.dumps({"done": work(item)})
    except TriviumError as error:
        told = {"message": error.message, "where": error.where, "do": error.do}
        return json.dumps({"failed": type(error).__name__, **told})
    except OSError as error:  # a full disk is said in one message, wherever the worker was
        name = None if error.filename is None else str(error.filename)
        return json.dumps({"refused": [error.errno, error.strerror or str(error), name]})


def _unwrapped(answer: str) -> str:
    row = json.loads(answer)
    if "failed" in row:
        kind: type[TriviumError] = getattr(errors, row["failed"])
        raise kind(row["message"], where=row["where"], do=row["do"])
    if "refused" in row:
        number, text, name = row["refused"]
        raise OSError(text) if number is None else OSError(number, text, name)
    done: str = row["done"]
    return done
