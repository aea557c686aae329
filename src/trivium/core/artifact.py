"""A finished folder with a manifest, as a typed value: what stages take and make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from trivium.core.manifest import Manifest


@dataclass(frozen=True)
class Artifact:
    """A finished, read-only folder with a manifest. Subclasses name a kind; `Artifact` itself stands for any."""

    kind: ClassVar[str] = ""

    id: str
    path: Path
    manifest: Manifest
