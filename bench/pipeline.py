"""Raw jsonl to deduplicated token shards, ours beside datatrove's, whole: MB/s on one core, and the ratios.

    python -m bench.pipeline --megabytes 12

Every side is a process of its own on the same core, with the same input and the same finished tokenizer; its seconds
are those of the processor once its libraries are loaded. Ours has all steps on, more than datatrove (see
`datatrove_pipeline`), and trains the tokenizer too: that time is left out of the ratios, for the peer gets it ready,
and stands in the last column.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.corpus import measure, write_input

BARS = {"spacy": 10.0, "blanks": 4.0}
"""Our rate over datatrove's with its own words (spaCy's), and with white-space words."""
NAMES = {"ours": "ours, all steps", "spacy": "datatrove, its words", "blanks": "datatrove, white-space words"}


def main() -> int:
    """Measure the sides in turn, print the table, write the JSON file; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=12)
    parser.add_argument("--out", type=Path, default=Path("runs/bench-pipeline.json"))
    parser.add_argument("--folder", type=Path, help="where inputs and runs go; a temporary folder unless said")
    parser.add_argument("--side", choices=NAMES, help=argparse.SUPPRESS)
    parser.add_argument("--source", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side is not None:
        print(json.dumps(side(asked.side, asked.source)))
        return 0
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        source = Path(folder) / "input"
        write_input(source, asked.megabytes, 1)
        found = {name: _measured(name, source) for name in NAMES}
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(table(found))
    return 0 if all(found["ours"]["rate"] >= bar * found[name]["rate"] for name, bar in BARS.items()) else 1


def side(name: str, source: Path) -> dict[str, Any]:
    """Do one side's work here; `ours` comes first, for it makes the tokenizer."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if name == "ours":
        return measure(source, pinned=True)
    from bench import datatrove_pipeline

    (tokenizer,) = source.parent.glob(f"{source.name}-runs/artifacts/tokenizer/*")
    datatrove_pipeline.load()
    begun = time.process_time()
    made = datatrove_pipeline.run(source, tokenizer, source.parent / name, blanks=name == "blanks")
    seconds = time.process_time() - begun
    size = sum(path.stat().st_size for path in source.iterdir())
    return {"bytes": size, "cpu_seconds": seconds, "rate": size / 1e6 / seconds} | made


def _measured(name: str, source: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.pipeline", "--side", name, "--source", str(source)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(ended.stderr)
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    print(f"{NAMES[name]}: {found['rate']:.2f} MB/s", file=sys.stderr, flush=True)
    return found


def table(found: dict[str, dict[str, Any]]) -> str:
    """Return the sides and the bars as Markdown."""
    ours = found["ours"]
    trained = ours["whole_rate"]
    lines = [
        "| pipeline | MB/s a core | documents kept | tokens | ours over it | bar | with the tokenizer's training |",
        "|---|---|---|---|---|---|---|",
        f"| {NAMES['ours']} | {ours['rate']:.2f} | {ours['kept']:,.0f} | {ours['tokens']:,.0f} "
        f"| | | {trained:.2f} MB/s |",
    ]
    for name, bar in BARS.items():
        peer = found[name]
        ratio = ours["rate"] / peer["rate"]
        verdict = "met" if ratio >= bar else "MISSED"
        lines.append(
            f"| {NAMES[name]} | {peer['rate']:.2f} | {peer['kept']:,} | {peer['tokens']:,} "
            f"| **{ratio:.1f}** | {bar:g} {verdict} | {trained / peer['rate']:.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
