"""People's verdicts on real texts to how well a toxicity classifier trained on some of them tells the others.

    python -m bench.toxicity --data FOLDER

The folder holds what README.md names: `hate-offensive-tweets` (toxic is what most annotators called hate speech or
offensive), `moderation-samples` (toxic is what has one of the labels set), and prose that nobody called toxic: half of
`c4-demo` among the harmless examples, the other half, novels and fairy tales to see what the threshold would drop of
them. One text in five, by the hash of its words, is never trained on. Documents are scored as the pipeline does: by
their worst passage.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from trivium.curation.classifier import Classifier, TrainSettings, classify_passages, train
from trivium.curation.settings import Toxicity
from trivium.curation.words import words
from trivium.records import content_id

THRESHOLDS = (0.5, 0.9)
PIECE_CHARS = 6000
HELD_OUT = 5
"""One in so many."""
Labelled = list[tuple[str, bool]]


def tweets(data: Path) -> Labelled:
    """Return each tweet, and whether it is toxic."""
    text = gzip.decompress((data / "hate-offensive-tweets" / "labeled_data.csv.gz").read_bytes()).decode()
    return [(row["tweet"], row["class"] != "2") for row in csv.DictReader(io.StringIO(text))]


def samples(data: Path) -> Labelled:
    """Return each sample of the moderation set, and whether a label is set."""
    lines = (data / "moderation-samples" / "samples_part_a.jsonl").read_text(encoding="utf-8").splitlines()
    rows = map(json.loads, lines)
    return [(row["prompt"], any(value == 1 for key, value in row.items() if key != "prompt")) for row in rows]


def prose(data: Path) -> dict[str, list[str]]:
    """Return documents that nobody called toxic, by source."""
    lines = (data / "c4-demo" / "c4_demo.jsonl").read_text(encoding="utf-8").splitlines()
    novels = []
    for path in sorted((data / "english-novels").glob("*.txt.gz"))[::8]:
        text = gzip.decompress(path.read_bytes()).decode()
        novels += [text[start : start + PIECE_CHARS] for start in range(0, len(text), PIECE_CHARS)]
    stories = gzip.decompress((data / "fairytaleqa" / "stories.jsonl.gz").read_bytes()).decode().splitlines()
    return {
        "c4-demo": [json.loads(line)["text"] for line in lines],
        "english-novels": novels,
        "fairytaleqa": ["\n\n".join(json.loads(line)["sections"])[:PIECE_CHARS] for line in stories],
    }


def is_held_out(text: str) -> bool:
    """Return whether a text is only asked about: copies that differ in case and blanks go with it."""
    return int(content_id(" ".join(text.lower().split())), 16) % HELD_OUT == 0


def scored(texts: list[str], by: Classifier) -> NDArray[np.float64]:
    """Return each text's score."""
    found = words(pa.array(texts, pa.large_string()))
    return np.asarray(classify_passages(found, by, Toxicity().passage_words))


def area(toxic: NDArray[np.float64], harmless: NDArray[np.float64]) -> float:
    """Return the probability that a toxic text scores higher than a harmless one, ties counted as half."""
    order = np.sort(harmless)
    below, upto = (np.searchsorted(order, toxic, side=side) for side in ("left", "right"))
    return float(((below + upto) / 2).mean() / len(harmless))


def told(rows: Labelled, by: Classifier) -> dict[str, object]:
    """Return n, the area under the curve, precision and recall at the thresholds."""
    scores, labels = scored([text for text, _ in rows], by), np.array([label for _, label in rows])
    found: dict[str, object] = {"n": len(rows), "toxic": int(labels.sum())}
    found["auc"] = area(scores[labels], scores[~labels])
    for threshold in THRESHOLDS:
        called = scores > threshold
        right = int((called & labels).sum())
        found[f"at {threshold}"] = {
            "precision": right / max(int(called.sum()), 1),
            "recall": right / int(labels.sum()),
            "harmless_dropped": float((called & ~labels).sum() / (~labels).sum()),
        }
    return found


def main() -> int:
    """Measure and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = os.environ.get("TRIVIUM_DATA")
    parser.add_argument("--data", type=Path, default=Path(data) if data else None, required=data is None)
    asked = parser.parse_args()
    sets = {"hate-offensive-tweets": tweets(asked.data), "moderation-samples": samples(asked.data)}
    plain = prose(asked.data)
    known, plain["c4-demo"] = plain["c4-demo"][::2], plain["c4-demo"][1::2]
    shown = [row for rows in sets.values() for row in rows if not is_held_out(row[0])]
    toxic = pa.array([text for text, label in shown if label], pa.large_string())
    harmless = pa.array([text for text, label in shown if not label] + known, pa.large_string())
    begun = time.process_time()
    by = train(toxic, harmless, TrainSettings())
    document = {
        "trained_on": {"toxic": len(toxic), "harmless": len(harmless), "seconds": time.process_time() - begun},
        "held_out": {name: told([row for row in rows if is_held_out(row[0])], by) for name, rows in sets.items()},
        "dropped_of_prose": {
            name: {"n": len(texts)} | {f"at {t}": float((scored(texts, by) > t).mean()) for t in THRESHOLDS}
            for name, texts in plain.items()
        },
    }
    print(json.dumps(document, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
