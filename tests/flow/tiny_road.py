"""Settings to a recipe of the whole road, small enough that all of it takes seconds."""

from __future__ import annotations

from pathlib import Path

from trivium import flow
from trivium.core.artifact import Artifact
from trivium.core.graph import Graph
from trivium.core.runner import Runner
from trivium.core.store import Store

RECIPE = """
name = "tiny"
seed = 3
rounds = {rounds}

[sources]
method = "primer"
num_documents = 300
num_heldout_documents = 12
num_demonstrations = 120
num_prompts = 40
items_per_suite = 2

[tokenizer]
vocab_size = 400

[pretrain]
num_steps = 6
rows_per_step = 4
row_tokens = 64

[pretrain.model]
hidden_size = 32
num_layers = 2
num_heads = 2
num_kv_heads = 1
intermediate_size = 48
context_tokens = 160

[sft]
epochs = 0.4
demonstrations_per_step = 8
mix_rows = 2
row_tokens = 160
micro_tokens = 640

[comparisons]
method = "simulated"
num_prompts = 24
max_new_tokens = 8
num_rankers = 3

[reward]
epochs = 2.0
prompts_per_step = 8

[policy]
method = "ppo"
iterations = 3
replies = 8
minibatch = 4
max_new_tokens = 8
mix_rows = 2
row_tokens = 160

[evaluate]
method = "primer"
max_new_tokens = 8
"""


def write_recipe(folder: Path, rounds: int = 1) -> Path:
    """Write the tiny recipe and return its file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "tiny.toml"
    file.write_text(RECIPE.format(rounds=rounds), encoding="utf-8")
    return file


def graph_of(folder: Path, *sets: str, rounds: int = 1) -> Graph:
    """Lay the tiny road with some keys overridden."""
    return flow.build(write_recipe(folder, rounds), list(sets))


def make(graph: Graph, store: Store, until: str | None = None) -> dict[str, Artifact]:
    """Run the road quietly on the CPU, keeping a checkpoint whenever one may be kept."""
    return Runner(store, checkpoint_seconds=-1.0).run(graph, until)
