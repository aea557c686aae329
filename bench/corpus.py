"""Raw jsonl to deduplicated token shards, all steps on, at several sizes: seconds, rate and memory on one pinned core.

`python -m bench.corpus --megabytes 25 250 2000`: the input is shuffled from english-novels under TRIVIUM_DATA, or from
the embedded world where that is not set. Time must grow with the size, memory must not.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

MIN_RATE = 2.5
"""MB/s a core, from jsonl to token shards, everything counted."""
MAX_GROWTH = 1.25
"""Peak memory at the largest size over that at the second largest."""
MAX_PEAK_BYTES = 1_000_000_000


def main() -> int:
    """Measure each size in a process of its own, print the table, write the JSON file; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[25, 250])
    parser.add_argument("--out", type=Path, default=Path("runs/bench-corpus.json"))
    parser.add_argument("--files", type=int, default=1, help="write the input as so many files")
    parser.add_argument("--folder", type=Path, help="where inputs and runs go; a temporary folder unless said")
    parser.add_argument("--unpinned", action="store_true", help="leave the core to the system")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure is not None:
        print(json.dumps(measure(asked.measure, pinned=not asked.unpinned)))
        return 0
    rows = []
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        for megabytes in asked.megabytes:
            source = Path(folder) / f"input-{megabytes}"
            write_input(source, megabytes, asked.files)
            rows.append({"megabytes": megabytes, "files": asked.files} | measured(source, asked.unpinned))
            print(f"{megabytes} MB: {rows[-1]}", file=sys.stderr, flush=True)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(table(rows))
    return 0 if all(met(rows).values()) else 1


def write_input(folder: Path, megabytes: int, num_files: int) -> None:
    """Write documents of two to eight paragraphs of novels, their sentences shuffled; 5 % copied, 5 % edited."""
    rng = random.Random(megabytes)
    paragraphs = read_paragraphs()
    folder.mkdir()
    for number in range(num_files):
        written = 0
        with (folder / f"{number}.jsonl").open("w", encoding="utf-8") as file:
            while written < megabytes * 1_000_000 / num_files:
                text = " ".join(rng.choices(paragraphs, k=rng.randint(2, 8))).replace("\n", " ")
                sentences = re.split(r"(?<=[.!?]) ", text)
                rng.shuffle(sentences)
                words = " ".join(sentences).split(" ")
                texts, chance = [" ".join(words)], rng.random()
                if chance < 0.1:
                    for place in rng.sample(range(len(words)), max(1, len(words) // 100) if chance < 0.05 else 0):
                        words[place] = "edited"
                    texts.append(" ".join(words))
                for text in texts:
                    written += file.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")


def read_paragraphs() -> list[str]:
    """Return paragraphs of the novels under TRIVIUM_DATA, or documents of the embedded world where it is not set."""
    if "TRIVIUM_DATA" not in os.environ:
        from trivium.primer.config import PrimerConfig
        from trivium.primer.world import build

        return [document.text for document in build(PrimerConfig.small(), 0).documents]
    novels = Path(os.environ["TRIVIUM_DATA"]) / "english-novels"
    texts = [gzip.decompress(path.read_bytes()).decode() for path in sorted(novels.glob("*.txt.gz"))]
    return [each for text in texts for each in text.split("\n\n") if len(each) > 200]


def measured(source: Path, unpinned: bool) -> dict[str, Any]:
    """Run one size in a fresh process on one core."""
    command = [sys.executable, "-m", "bench.corpus", "--measure", str(source), *["--unpinned"] * unpinned]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(ended.stderr)
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def measure(source: Path, *, pinned: bool) -> dict[str, Any]:
    """Curate a source here, all steps on; return seconds of this process's work, and what came of it.

    `rate` is of reading, cleaning, deduplicating and encoding; `whole_rate` has the training of the tokenizer in it,
    which a corpus needs once and on a part of it.
    """
    from trivium import flow
    from trivium.core.runner import Runner
    from trivium.core.store import Store
    from trivium.curation.recipe import Asked, compose

    if pinned and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    size = sum(path.stat().st_size for path in source.iterdir())
    recipe = source.parent / f"{source.name}.toml"
    recipe.write_text(compose(Asked((str(source),))), encoding="utf-8")
    runs = source.parent / f"{source.name}-runs"
    runner, graph = Runner(Store(runs)), flow.build(recipe)
    stages: dict[str, dict[str, float]] = {}
    begun = time.perf_counter()
    for name in ("sources", "corpus", "tokenizer", "tokens"):
        worked = time.process_time()
        made = runner.run(graph, name)
        stages[name] = {
            "cpu_seconds": time.process_time() - worked,
            "peak_bytes": made[name].manifest.peak_memory_bytes,
        }
    seconds = sum(each["cpu_seconds"] for name, each in stages.items() if name != "tokenizer")
    metrics = made["corpus"].manifest.metrics
    return {
        "bytes": size,
        "cpu_seconds": seconds,
        "wall_seconds": time.perf_counter() - begun,
        "rate": size / 1e6 / seconds,
        "whole_rate": size / 1e6 / (seconds + stages["tokenizer"]["cpu_seconds"]),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "kept": metrics["documents"].value,
        "dropped": {key: value.value for key, value in metrics.items() if key.startswith("dropped.")},
        "tokens": made["tokens"].manifest.metrics["train_tokens"].value,
        "stages": stages,
    }


def met(rows: list[dict[str, Any]]) -> dict[str, bool]:
    """Return which bars the rows meet."""
    bars = {
        f"at least {MIN_RATE} MB/s a core": min(row["whole_rate"] for row in rows) >= MIN_RATE,
        "at most 1 GB": max(row["peak_bytes"] for row in rows) <= MAX_PEAK_BYTES,
    }
    if len(rows) > 1:
        growth = rows[-1]["peak_bytes"] / rows[-2]["peak_bytes"]
        rates = [row["whole_rate"] for row in rows]
        bars[f"peak at the largest at most {MAX_GROWTH} times that before"] = growth <= MAX_GROWTH
        bars["time grows linearly (the largest at 0.8 of the smallest's rate or more)"] = rates[-1] >= 0.8 * rates[0]
    return bars


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows and the bars as Markdown."""
    lines = [
        "| input | CPU seconds | wall | MB/s a core | with the tokenizer's training | peak memory "
        "| documents kept | tokens |"
    ]
    lines.append("|---|---|---|---|---|---|---|---|")
    lines += [
        f"| {row['megabytes']:,} MB in {row['files']} | {row['cpu_seconds']:.1f} | {row['wall_seconds']:.0f} "
        f"| {row['rate']:.2f} | {row['whole_rate']:.2f} | {row['peak_bytes'] / 1e6:.0f} MB "
        f"| {row['kept']:,.0f} | {row['tokens']:,.0f} |"
        for row in rows
    ]
    return "\n".join([*lines, "", *(f"{'met' if done else 'MISSED'}: {bar}" for bar, done in met(rows).items())])


if __name__ == "__main__":
    sys.exit(main())
