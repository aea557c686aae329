from __future__ import annotations

import os
import threading
from pathlib import Path

from trivium.core.lock import lock


def test_the_second_waits_and_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    told: list[str] = []
    order: list[str] = []
    waits = threading.Event()

    def waiting(who: str) -> None:
        told.append(who)
        waits.set()

    def second() -> None:
        with lock(tmp_path / "x.lock", waiting):
            order.append("second")

    with lock(tmp_path / "x.lock"):
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(timeout=10)
        order.append("first")
    thread.join(timeout=10)
    assert order == ["first", "second"]
    assert len(told) == 1
    assert told[0].startswith(f"process {os.getpid()} on ")


def test_a_free_lock_asks_nobody_and_can_be_taken_again(tmp_path: Path) -> None:
    told: list[str] = []
    for _ in range(2):
        with lock(tmp_path / "x.lock", told.append):
            pass
    assert told == []
