"""A folder of your text (.txt, .md, .jsonl, also .gz) to a base model that completes it, through the road's own stages.

    python examples/own_text.py FOLDER [STEPS]
"""

from __future__ import annotations

import sys
from pathlib import Path

from trivium import flow, use
from trivium.core.log import EventLog
from trivium.core.progress import Progress
from trivium.core.runner import Runner
from trivium.core.store import Store
from trivium.inference.sampling import Sampling

RECIPE = """
name = "own-text"

[sources]
method = "files"
items = [{{ name = "own", path = ".", use = "text", licence = "own" }}]

[corpus]
heldout_share = 0.1

[tokenizer]
vocab_size = 1024

[pretrain]
num_steps = {num_steps}
rows_per_step = 8

[comparisons]
method = "files"

[evaluate]
method = "heldout"
"""


def main(folder: Path, runs: Path = Path("runs"), num_steps: int = 300) -> str:
    """Make sources, corpus, tokenizer, tokens and the base model; return what it writes."""
    runs.mkdir(parents=True, exist_ok=True)
    recipe = runs / "own-text.toml"
    recipe.write_text(RECIPE.format(num_steps=num_steps), encoding="utf-8")
    graph = flow.build(recipe, [f"sources.root={folder}"])
    runner = Runner(Store(runs), EventLog(say=print), Progress(sys.stderr))
    base = runner.run(graph, until="pretrain")["pretrain"]
    [row] = use.generate(base.path, ["The "], Sampling(max_new_tokens=60, seed=1))
    print(f"The {row['text']}")
    return str(row["text"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), num_steps=int(sys.argv[2]) if sys.argv[2:] else 300)
