"""Steps done to what a person waits by: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

PLAIN_SECONDS = 10.0


class Progress:
    """Makes bars: `with progress("sft", 400, "steps") as bar: bar.advance(1, loss=0.3)`."""

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        quiet: bool = False,
    ) -> None:
        """Write to `stream` (standard error unless said); `quiet` shows nothing."""
        self.stream = stream if stream is not None else sys.stderr
        self.clock = clock
        self.quiet = quiet
        self.live: RichProgress | None = None
        self.num_open = 0

    def __call__(self, label: str, total: int, unit: str = "steps", *, done: int = 0) -> Bar:
        """Return a bar of `total` units, `done` of which an earlier run finished."""
        return Bar(self, label, total, unit, done)

    @property
    def on_terminal(self) -> bool:
        """Whether someone watches."""
        return not self.quiet and self.stream.isatty()


class Bar:
    """One label's count, rate and time left."""

    def __init__(self, progress: Progress, label: str, total: int, unit: str, done: int) -> None:
        """Start at `done`; the rate counts only what this run does."""
        self.progress = progress
        self.label = label
        self.total = total
        self.unit = unit
        self.start = done
        self.done = done
        self.fields: dict[str, Any] = {}

    def __enter__(self) -> Bar:
        """Start the clock, and the bar on a terminal."""
        self.started = self.last_line = self.progress.clock()
        if self.progress.on_terminal:
            if self.progress.live is None:
                self.progress.live = _live(self.progress.stream)
                self.progress.live.start()
            self.progress.num_open += 1
            self.task = self.progress.live.add_task(self.label, total=self.total, completed=self.done, text="")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        """Take the bar away; elsewhere write the last line if one was written before."""
        live = self.progress.live
        if self.progress.on_terminal and live is not None:
            live.remove_task(self.task)
            self.progress.num_open -= 1
            if self.progress.num_open == 0:
                live.stop()
                self.progress.live = None
        elif self.last_line != self.started and not self.progress.quiet:
            self._write_line()

    def advance(self, n: int = 1, **fields: Any) -> None:
        """Count `n` more units; `fields` (loss=…) stand beside the bar."""
        self.done += n
        self.fields |= fields
        if self.progress.quiet:
            return
        if self.progress.on_terminal and self.progress.live is not None:
            self.progress.live.update(self.task, completed=self.done, text=self.describe())
        elif self.progress.clock() - self.last_line >= PLAIN_SECONDS:
            self.last_line = self.progress.clock()
            self._write_line()

    def describe(self) -> str:
        """Return rate, time left and fields: `12.5 steps/s, 0:32 left, loss 0.31`."""
        seconds = self.progress.clock() - self.started
        rate = (self.done - self.start) / seconds if seconds > 0 else 0.0
        left = _clock((self.total - self.done) / rate) if rate > 0 else "?"
        shown = [f"{_rate(rate)} {self.unit}/s", f"{left} left"]
        shown += [f"{name} {v:.4g}" if isinstance(v, float) else f"{name} {v}" for name, v in self.fields.items()]
        return ", ".join(shown)

    def _write_line(self) -> None:
        self.progress.stream.write(f"{self.label}: {self.done:,} of {self.total:,} {self.unit}, {self.describe()}\n")
        self.progress.stream.flush()


def _live(stream: TextIO) -> RichProgress:
    """Return rich's display on that stream; imported here so that `--help` and pipes do not pay for it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as RichProgress

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[text]}"))
    return RichProgress(*columns, console=Console(file=stream), transient=True)


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def _clock(seconds: float) -> str:
    """Return seconds as h:mm:ss or m:ss.

    >>> _clock(3671), _clock(59.6)
    ('1:01:11', '1:00')
    """
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
