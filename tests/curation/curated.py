"""The pipeline as a program of its own: `curated.py JSON` with sources, folder, settings and how the work is done.

`die_after` parts the process kills itself; `portion_bytes`, `few_keys` and `keys_at_once` make a small input large.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from functools import partial
from pathlib import Path

from trivium.curation import curate, engine, portions
from trivium.curation.engine import EngineSettings
from trivium.curation.settings import CurationSettings


def main() -> None:
    asked = json.loads(sys.argv[1])
    curate.plan_portions = partial(portions.plan_portions, portion_bytes=asked["portion_bytes"])  # type: ignore[assignment]
    engine.FEW_KEYS, engine.KEYS_AT_ONCE = asked.get("few_keys", 0), asked.get("keys_at_once", 300)
    folder = Path(asked["folder"])
    (folder / "out").mkdir(parents=True, exist_ok=True)
    told = []

    def tell(num_bytes: int) -> None:
        told.append(num_bytes)
        if len(told) == asked.get("die_after"):
            os.kill(os.getpid(), signal.SIGKILL)

    place = curate.Workplace(
        Path(asked["sources"]), folder / "scratch", folder / "out", 1, EngineSettings(**asked["engine"])
    )
    account = curate.curate(place, CurationSettings.model_validate(asked["settings"]), tell)
    print(json.dumps(account["documents"]))


if __name__ == "__main__":
    main()
