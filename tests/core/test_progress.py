from __future__ import annotations

import io

from trivium.core.progress import Progress


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_in_a_pipe_a_plain_line_comes_at_most_every_ten_seconds() -> None:
    stream, clock = io.StringIO(), Clock()
    with Progress(stream, clock=clock)("sft", 400, "steps") as bar:
        for step in range(25):
            clock.now += 1.0
            bar.advance(2, loss=0.5 / (step + 1))
    assert stream.getvalue().splitlines() == [
        "sft: 20 of 400 steps, 2 steps/s, 3:10 left, loss 0.05",
        "sft: 40 of 400 steps, 2 steps/s, 3:00 left, loss 0.025",
        "sft: 50 of 400 steps, 2 steps/s, 2:55 left, loss 0.02",
    ]


def test_a_short_one_writes_nothing_in_a_pipe() -> None:
    stream, clock = io.StringIO(), Clock()
    with Progress(stream, clock=clock)("sft", 2) as bar:
        bar.advance(2)
    assert stream.getvalue() == ""


def test_the_rate_counts_only_what_this_run_did() -> None:
    clock = Clock()
    with Progress(io.StringIO(), clock=clock)("sft", 1000, "tokens", done=900) as bar:
        clock.now += 5.0
        bar.advance(50)
        assert bar.describe() == "10 tokens/s, 0:05 left"


def test_nothing_done_yet_has_no_time_left() -> None:
    with Progress(io.StringIO(), clock=Clock())("sft", 10) as bar:
        assert bar.describe() == "0 steps/s, ? left"


def test_bars_on_a_terminal_may_stand_one_inside_the_other() -> None:
    stream = Terminal()
    progress = Progress(stream)
    with progress("outer", 2) as outer, progress("inner", 2) as inner:
        inner.advance(loss=0.25)
        outer.advance()
        assert progress.live is not None
        progress.live.refresh()
    assert progress.live is None
    assert "outer" in stream.getvalue()
    assert "loss 0.25" in stream.getvalue()


def test_quiet_shows_nothing_even_on_a_terminal() -> None:
    stream = Terminal()
    with Progress(stream, quiet=True)("sft", 2) as bar:
        bar.advance()
    assert stream.getvalue() == ""
