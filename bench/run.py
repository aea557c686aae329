"""One command to the side-by-side table: SFT, reward model and generation against TRL and transformers (`make bench`).

Both sides get the same weights, the same token ids in the same batches, the same AdamW, and take turns in short rounds.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from bench import generation, training
from bench.inputs import BATCH, MAX_TOKENS, SHAPE, prepare
from bench.peak import matmul_peak

PACKAGES = ("torch", "transformers", "trl")
NOTE = """\
Tokens are real ones: padding never counts. In reward training a prompt counts once for the chosen and once for the
rejected reply on both sides, although ours computes it once. Rates are medians over rounds taken in turn. Both sides
start from the same weights, see the same ids in the same batches and take the same AdamW steps. The share of the peak
counts the products with weights that a side's real tokens need (ours: a shared prompt once)."""


def main() -> int:
    """Measure, print the table, write the JSON file; 1 when a bar is missed or the two sides did different work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("runs/bench.json"))
    parser.add_argument("--only", default="", help="measure only what has this in its name")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        inputs = prepare(Path(folder))
        peaks = [matmul_peak()]
        comparisons = []
        for room in (training, generation):
            for kind in room.KINDS:
                if asked.only in kind.name:
                    comparisons.append(room.compare(kind, inputs, asked.rounds))
                    peaks.append(matmul_peak())
                    print(f"{kind.name}: {comparisons[-1].summary(max(peaks))['ratio']}", file=sys.stderr, flush=True)
    peak = max(peaks)
    rows = [comparison.summary(peak) for comparison in comparisons]
    machine = {"processor": platform.processor() or platform.machine(), "threads": asked.threads, "peak_gflops": peak}
    document = {
        "machine": machine,
        "versions": {name: version(name) for name in PACKAGES},
        "model": {"parameters": SHAPE.num_parameters, **SHAPE.model_dump()},
        "seconds": time.perf_counter() - begun,
        "rows": rows,
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(table(document))
    print(f"written to {asked.out}")
    return 0 if all(row["met"] for row in rows) else 1


def table(document: dict[str, Any]) -> str:
    """Return the results as a table in Markdown, with what was counted."""
    machine, model = document["machine"], document["model"]
    versions = ", ".join(f"{name} {number}" for name, number in document["versions"].items())
    lines = [
        f"{model['parameters'] / 1e6:.1f} M parameters, float32, {machine['threads']} threads, batch {BATCH}, at most "
        f"{MAX_TOKENS} tokens, hh-rlhf-harmless; {versions}; matrix-product peak {machine['peak_gflops']:.0f} GFLOP/s",
        "",
        "| work | peer, tokens/s | ours, tokens/s | ratio (low to high, n rounds) | bar | peak share | same result |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in document["rows"]:
        ratio = row["ratio"]
        lines.append(
            f"| {row['name']} | {row['peer']['tokens_per_second']:,.0f} | {row['ours']['tokens_per_second']:,.0f} "
            f"| **{ratio['value']:.2f}** ({ratio['low']:.2f} to {ratio['high']:.2f}, n = {ratio['n']}) "
            f"| {row['bar']:g} {'met' if row['met'] else 'MISSED'} "
            f"| {row['peer']['peak_share']:.0%} → {row['ours']['peak_share']:.0%} | {row['agreement']} |"
        )
    lines += ["", NOTE, f"Took {document['seconds']:.0f} seconds."]
    return "\n".join(lines)
