"""The kernels of curation to a table: megabytes a second on one core, beside datatrove's same steps.

    python -m bench.kernels                      # texts of the embedded world
    python -m bench.kernels --data FOLDER        # novels, web prose and web pages, as README.md names them

Both sides get the same texts on the same core and take turns; seconds are those of the processor, all threads
together, so that other work on the machine counts little. The best of the rounds stands for a side.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from bench import datatrove_steps
from trivium.curation.clean import CleanSettings, clean
from trivium.curation.extract import main_text
from trivium.curation.features import features
from trivium.curation.language import LanguageSettings, language
from trivium.curation.minhash import MinHashSettings, minhash
from trivium.curation.privacy import PrivacySettings, privacy
from trivium.curation.words import words
from trivium.primer.config import PrimerConfig
from trivium.primer.world import build
from trivium.text.tokenizer import Tokenizer
from trivium.text.train import TokenizerConfig

PIECE_CHARS = 4000
Work = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One kernel: its bar in MB/s, its work on all texts, and the peer's work on a part of them, where it has that
    step.

    `peer` is datatrove as it comes (spaCy's words), `peer_plain` the same with white-space words.
    """

    name: str
    bar: float | None
    num_bytes: int
    ours: Work
    peer: tuple[int, Work] | None = None
    peer_plain: tuple[int, Work] | None = None


@dataclass
class Result:
    """Megabytes a second of each side, and the ratios."""

    name: str
    bar: float | None
    ours: float
    peer: float | None = None
    peer_plain: float | None = None

    @property
    def met(self) -> bool:
        """Whether the bar is reached."""
        return self.bar is None or self.ours >= self.bar


def texts_of(data: Path | None) -> list[str]:
    """Return texts of about a web page's length."""
    if data is None:
        return _joined([document.text for document in build(PrimerConfig(), 7).documents])
    texts: list[str] = []
    for path in sorted((data / "english-novels").glob("*.txt.gz"))[:8]:
        whole = gzip.decompress(path.read_bytes()).decode()
        texts += [whole[start : start + PIECE_CHARS] for start in range(0, len(whole), PIECE_CHARS)]
    lines = (data / "c4-demo" / "c4_demo.jsonl").read_text(encoding="utf-8").splitlines()
    return texts + [json.loads(line)["text"] for line in lines] * 3


def _joined(texts: list[str]) -> list[str]:
    """Put short texts together to about a web page's length."""
    joined: list[str] = []
    size = PIECE_CHARS
    for text in texts:
        if size >= PIECE_CHARS:
            joined.append(text)
            size = len(text)
        else:
            joined[-1] += "\n\n" + text
            size += len(text) + 2
    return joined


def pages_of(data: Path | None, texts: list[str]) -> list[bytes]:
    """Return pages of HTML: real ones, or texts framed as pages are."""
    if data is not None:
        return [gzip.decompress(path.read_bytes()) for path in sorted((data / "cc-webpages" / "html").glob("*.gz"))]
    menu = "".join(f"<li><a href='/{index}'>Topic {index}</a></li>" for index in range(30))
    frame = "<html><body><nav><ul>{}</ul></nav><article>{}</article></body></html>"
    paragraphs = ["".join(f"<p>{line}</p>" for line in text.split("\n")) for text in texts[:1000]]
    return [frame.format(menu, paragraph).encode() for paragraph in paragraphs]


def rows_of(texts: list[str], pages: list[bytes]) -> list[Row]:
    """Return all kernels with their work."""
    batch = pa.array(texts, pa.large_string())
    size = sum(len(text.encode()) for text in texts)
    known = words(batch)
    tokenizer = Tokenizer.train(texts[:1500], TokenizerConfig(method="bpe", vocab_size=8192))
    peers = datatrove_steps.steps(texts)

    def beside(name: str) -> dict[str, Any]:
        return {"peer": peers.get((name, "spacy")), "peer_plain": peers.get((name, "blanks"))}

    return [
        Row("words", None, size, lambda: words(batch)),
        Row("quality rules", 30, size, lambda: features(batch, repetition=False), **beside("quality")),
        Row("quality and repetition rules", None, size, lambda: features(batch), **beside("repetition")),
        Row("MinHash, 112, from text", 40, size, lambda: _signatures(batch), **beside("minhash")),
        Row("MinHash, 128, from word hashes", 40, size, lambda: minhash(known, MinHashSettings())),
        Row("language", 50, size, lambda: language(batch, LanguageSettings())),
        Row("clean", None, size, lambda: clean(batch, CleanSettings())),
        Row("personal data", None, size, lambda: privacy(batch, PrivacySettings()), **beside("privacy")),
        Row("HTML main text, fast", 12, sum(map(len, pages)), lambda: [main_text(page) for page in pages]),
        Row("encode, byte-level BPE of 8192", 6, size, lambda: [tokenizer.encode(text) for text in texts]),
    ]


def _signatures(batch: pa.LargeStringArray) -> pa.FixedSizeListArray:
    return minhash(words(batch), MinHashSettings(num_hashes=112))


def measure(row: Row, rounds: int) -> Result:
    """Let the sides take turns; the best round of each counts."""
    best = {"ours": 0.0, "peer": 0.0, "peer_plain": 0.0}
    sides = {"ours": (row.num_bytes, row.ours), "peer": row.peer, "peer_plain": row.peer_plain}
    for _round in range(rounds):
        for name, side in sides.items():
            if side is not None:
                begun = time.process_time()
                side[1]()
                best[name] = max(best[name], side[0] / 1e6 / (time.process_time() - begun))
    return Result(row.name, row.bar, best["ours"], best["peer"] or None, best["peer_plain"] or None)


def table(results: list[Result]) -> str:
    """Return the results as a table in Markdown."""
    lines = [
        "| kernel | ours, MB/s | bar | datatrove, MB/s | ratio | datatrove, white-space words | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in results:
        bar = "" if one.bar is None else f"{one.bar:g} {'met' if one.met else 'MISSED'}"
        peers = [
            "| | " if rate is None else f"| {rate:.2f} | **{one.ours / rate:.0f}** "
            for rate in (one.peer, one.peer_plain)
        ]
        lines.append(f"| {one.name} | {one.ours:.1f} | {bar} {''.join(peers)}|")
    return "\n".join(lines)


def main() -> int:
    """Measure, print the table, write the JSON file; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = os.environ.get("TRIVIUM_DATA")
    parser.add_argument("--data", type=Path, default=Path(data) if data else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--only", default="", help="measure only what has this in its name")
    parser.add_argument("--out", type=Path, default=Path("runs/bench-kernels.json"))
    asked = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {asked.core})
    texts = texts_of(asked.data)
    results = []
    for row in rows_of(texts, pages_of(asked.data, texts)):
        if asked.only in row.name:
            results.append(measure(row, asked.rounds))
            print(f"{row.name}: {results[-1].ours:.1f} MB/s", file=sys.stderr, flush=True)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps([asdict(one) | {"met": one.met} for one in results], indent=1), encoding="utf-8")
    print(table(results))
    return 0 if all(one.met for one in results) else 1


if __name__ == "__main__":
    sys.exit(main())
