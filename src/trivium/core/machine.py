"""This machine to a list of checks: what a long run needs and what a bug report should say."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from trivium.core.version import code_version

NEEDED = (
    "torch",
    "numpy",
    "safetensors",
    "tokenizers",
    "tiktoken",
    "pydantic",
    "typer",
    "rich",
    "jinja2",
    "markupsafe",
    "scipy",
)
EXTRAS = ("tensorboard", "wandb", "trackio", "peft", "transformers")
MIN_PYTHON = (3, 11)
MIN_MEMORY_BYTES = 3 * 1024**3
MIN_DISK_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class Check:
    """One line of the doctor's: what, what was found, whether a run can start so, and what to do otherwise."""

    name: str
    found: str
    ok: bool = True
    do: str = ""


def examine(runs: Path) -> list[Check]:
    """Return every check of machine, libraries and the folder for output; nothing is written."""
    python = platform.python_version()
    return [
        Check("trivium", code_version()),
        Check("python", f"{python} ({sys.executable})", sys.version_info >= MIN_PYTHON, "install Python 3.11 or newer"),
        Check("system", f"{platform.system()} {platform.release()} {platform.machine()}"),
        Check("cores", str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())),
        _memory(),
        _disk(runs),
        _compiler(),
        *(_library(name, needed=True) for name in NEEDED),
        *(_library(name, needed=False) for name in EXTRAS),
    ]


def _memory() -> Check:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    free = total
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file() and (line := re.search(r"MemAvailable:\s+(\d+) kB", meminfo.read_text())):
        free = int(line[1]) * 1024
    found = f"{_gib(free)} free of {_gib(total)}"
    return Check(
        "memory", found, free >= MIN_MEMORY_BYTES, "the quickstart needs 3 GiB: close something, or lower sizes"
    )


def _disk(runs: Path) -> Check:
    folder = runs.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK | os.X_OK) or not folder.is_dir():
        return Check("runs", f"{runs} cannot be written", False, "give write permission, or choose another with --runs")
    return Check(
        "runs", f"{runs}, {_gib(free)} free", free >= MIN_DISK_BYTES, "free space, or choose another with --runs"
    )


def _compiler() -> Check:
    path = shutil.which(os.environ.get("CXX", "g++")) or shutil.which("clang++")
    if path is None:
        return Check("c++ compiler", "none: models run eager, which is slower; install g++ to compile them")
    shown = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    return Check("c++ compiler", shown.splitlines()[0] if shown else path)


def _library(name: str, *, needed: bool) -> Check:
    try:
        return Check(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        if needed:
            return Check(name, "not installed", False, f"pip install {name}")
        return Check(name, "not installed (optional)")


def _gib(size: int) -> str:
    return f"{size / 1024**3:.1f} GiB"
