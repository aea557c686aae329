"""Writers of one SQLite file come one after the other, threads and processes alike, and nobody waits for the dead."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from trivium.core.errors import StorageError
from trivium.human.store import writers
from trivium.human.store.writers import Writers

HOLD = """
import sys, time
from trivium.human.store.writers import Writers
with Writers(sys.argv[1]).turn():
    print("in", flush=True)
    time.sleep(60)
"""


def test_threads_take_turns(tmp_path: Path) -> None:
    queue = Writers(str(tmp_path / "turn"))
    inside = most = 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(50):
            with queue.turn():
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most == 1


def test_another_process_is_waited_for_and_no_longer_than_it_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = str(tmp_path / "turn")
    with subprocess.Popen([sys.executable, "-c", HOLD, name], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"in\n"
        with monkeypatch.context() as hurry:
            hurry.setattr(writers, "BUSY_SECONDS", 0.05)
            with pytest.raises(StorageError, match="busy"), Writers(name).turn():
                raise AssertionError("the other process has the turn")
        other.kill()
        with Writers(name).turn():
            pass
