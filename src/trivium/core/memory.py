"""This process's memory to the peak that one stage reached, in bytes."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")


def reset_peak() -> None:
    """Start a new peak where the system can (Linux); elsewhere the peak stays that of the whole process."""
    try:
        CLEAR.write_text("5")
    except OSError:
        return


def peak_bytes() -> int:
    """Return the highest resident memory since the last reset."""
    if STATUS.is_file():
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
