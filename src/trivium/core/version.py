"""The installed package's sources to the version that manifests record."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import trivium


@cache
def code_version() -> str:
    """Return `0.1.0+` and 12 digits of the hash over every Python file of the package, edits included."""
    root = Path(trivium.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        digest.update(file.relative_to(root).as_posix().encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return f"{trivium.__version__}+{digest.hexdigest()[:12]}"
