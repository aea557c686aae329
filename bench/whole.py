"""Every measurement, one after the other, to one report: the plan with its minutes first, then each table as it comes.

    make bench                                  # all of it
    make bench PARTS="trl kernels"              # some of it
    python -m bench.whole --plan                # what there is, and how long it takes

The parts run one at a time, each in processes of its own. Texts are those of TRIVIUM_DATA, or of `../shared/data` where
that lies there; without them curation takes the embedded world's, and what cannot be measured is named. All tables are
written to `runs/bench.md` as they come: what was measured stays when a later part is stopped.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path

FOUND = Path("../shared/data")


@dataclass(frozen=True)
class Part:
    """One command of the report."""

    name: str
    title: str
    command: tuple[str, ...]
    """Module and arguments."""
    minutes: float
    """What it takes on two cores with nothing beside it."""
    needs_data: bool = False
    package: str | None = None
    """What must be installed for it."""


PARTS = (
    Part("trl", "SFT, reward model and generation beside TRL and transformers", ("bench",), 4.5, True, "trl"),
    Part("kernels", "Curation's kernels beside datatrove's steps", ("bench.kernels",), 3, package="datatrove"),
    Part("pipeline", "jsonl to token shards beside datatrove, whole", ("bench.pipeline",), 3, package="datatrove"),
    Part("quality", "Main text, languages and damaged archives", ("bench.extraction_and_language",), 0.5, True),
    Part("toxicity", "The toxicity classifier on texts it was not shown", ("bench.toxicity",), 0.5, True),
    Part("lease", "The Studio's queue on SQLite, 200 labellers", ("bench.lease", "--seconds", "30"), 1.5),
    Part(
        "postgresql", "The Studio's queue on PostgreSQL, 200 labellers",
        ("bench.lease", "--postgresql", "--seconds", "30"), 2,
    ),
    Part("pages", "The Studio's pages over HTTP, 200 labellers", ("bench.pages", "--seconds", "30"), 2),
    Part(
        "corpus", "jsonl to token shards from 25 MB to 2 GB in one file",
        ("bench.corpus", "--megabytes", "25", "250", "2000"), 13,
    ),
    Part(
        "files", "jsonl to token shards from 250 MB to 2 GB in 400 files",
        ("bench.corpus", "--megabytes", "250", "2000", "--files", "400", "--out", "runs/bench-corpus-files.json"), 12,
    ),
)  # fmt: skip
"""In the order of the report: what is short first, so that a report broken off has most of it."""


def main() -> int:
    """Say the plan, take the parts, write the report; 1 when a bar is missed or a part fails, 2 on an unknown part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(part.name for part in PARTS))
    parser.add_argument("--plan", action="store_true", help="say what would be done, and do nothing")
    parser.add_argument("--out", type=Path, default=Path("runs/bench.md"))
    asked = parser.parse_args()
    data = data_folder()
    unknown = set(asked.parts) - {part.name for part in PARTS}
    if unknown:
        tell(f"no part {', '.join(sorted(unknown))}; there are {', '.join(part.name for part in PARTS)}")
        return 2
    chosen = [part for part in PARTS if not asked.parts or part.name in asked.parts]
    left_out = {part.name: reason for part in chosen if (reason := why_not(part, data))}
    chosen = [part for part in chosen if part.name not in left_out]
    tell(plan(chosen, left_out, data))
    if asked.plan:
        return 0
    verdicts = measure(chosen, data, asked.out)
    for name, (verdict, minutes) in verdicts.items():
        tell(f"{verdict:>8}  {name}, {minutes:.1f} min")
    for name, reason in left_out.items():
        tell(f"not measured  {name}: {reason}")
    tell(f"all tables: {asked.out}")
    return 0 if all(verdict == "met" for verdict, _minutes in verdicts.values()) else 1


def data_folder() -> Path | None:
    """Return the folder of data sets, None where there is none."""
    given = os.environ.get("TRIVIUM_DATA")
    return Path(given).absolute() if given else FOUND.resolve() if FOUND.is_dir() else None


def why_not(part: Part, data: Path | None) -> str:
    """Return why a part cannot be measured here, empty where it can."""
    if part.needs_data and data is None:
        return "needs the data sets: set TRIVIUM_DATA to their folder"
    if part.package and find_spec(part.package) is None:
        return f"needs {part.package}: pip install -e '.[bench]'"
    return ""


def plan(chosen: Sequence[Part], left_out: dict[str, str], data: Path | None) -> str:
    """Return what will be done, how long it takes, and how to have less of it."""
    texts = f"texts of {data}" if data else "texts of the embedded world (TRIVIUM_DATA is not set)"
    lines = [f"{len(chosen)} parts, about {sum(part.minutes for part in chosen):.0f} minutes on two cores; {texts}"]
    lines += [f"  {part.name:<11}{part.minutes:>5.1f} min  {part.title}" for part in chosen]
    lines += [f"  {name:<11}left out: {reason}" for name, reason in left_out.items()]
    names = " ".join(part.name for part in chosen[:2])
    return "\n".join([*lines, f'Some of them alone: make bench PARTS="{names}"'])


def measure(chosen: Sequence[Part], data: Path | None, out: Path) -> dict[str, tuple[str, float]]:
    """Take the parts in turn; return the verdict on each and the minutes it took."""
    environment = dict(os.environ) | ({"TRIVIUM_DATA": str(data)} if data else {})
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(f"# Measured on {date.today().isoformat()}\n", encoding="utf-8")
    verdicts: dict[str, tuple[str, float]] = {}
    begun = time.monotonic()
    for number, part in enumerate(chosen, 1):
        tell(f"\n[{number}/{len(chosen)}] {part.title}: about {part.minutes:g} min")
        started = time.monotonic()
        code, table = run(part, environment)
        minutes = (time.monotonic() - started) / 60
        verdicts[part.name] = ({0: "met", 1: "MISSED"}.get(code, f"FAILED with {code}"), minutes)
        with out.open("a", encoding="utf-8") as report:
            command = " ".join(("python -m", *part.command))
            report.write(f"\n## {part.title}\n\n`{command}`: {verdicts[part.name][0]}, {minutes:.1f} min\n\n{table}")
        left = time_left(chosen[number:], chosen[:number], (time.monotonic() - begun) / 60)
        tell(f"[{number}/{len(chosen)}] {part.name}: {verdicts[part.name][0]}, {minutes:.1f} min; about {left} left")
    return verdicts


def run(part: Part, environment: dict[str, str]) -> tuple[int, str]:
    """Run a part, its output shown as it comes; return its exit code and what it printed."""
    lines = []
    with subprocess.Popen(
        [sys.executable, "-m", *part.command], env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    return process.returncode, "".join(lines)


def time_left(left: Sequence[Part], done: Sequence[Part], minutes: float) -> str:
    """Return how long the parts left will take where those done took so many minutes.

    >>> time_left(PARTS[1:2], PARTS[:1], 9.0)
    '6 min'
    """
    pace = minutes / sum(part.minutes for part in done)
    return f"{pace * sum(part.minutes for part in left):.0f} min"


def tell(text: str) -> None:
    """Say it beside the tables."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        tell("stopped; what was measured before stays in the report")
        sys.exit(130)
