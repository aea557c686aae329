"""The road's text: with cleaning off, a small primer becomes byte for byte the tokens that results were measured on."""

from __future__ import annotations

from pathlib import Path

from trivium import flow
from trivium.core.runner import Runner
from trivium.core.store import Store

RECIPE = """
name = "pinned"
seed = 7

[sources]
method = "primer"
num_documents = 400
num_heldout_documents = 20
num_demonstrations = 100
num_prompts = 20
items_per_suite = 4

[comparisons]
method = "simulated"

[evaluate]
method = "primer"

[tokenizer]
vocab_size = 600
"""

HASHES = {
    "corpus/documents.jsonl": "f43517009bb066bfb1bbcfb8c5b3da2dd0fb20a15e27c8625c7e1c5910f015f0",
    "corpus/heldout.jsonl": "d648cc2248825c5761b91777c7b0b1c673f7ecc952ba7e5fcf7c8435a217e012",
    "tokenizer/tokenizer.json": "ce20d22fa91d64ab60d367b0def6e0f76c99053c0890fc37351e148cce053038",
    "tokens/train/shard-00000.bin": "e2fd4f01c14fca66a650e87a1d7d8a2294f7133000f2e709c081201b32cde7ba",
    "tokens/train/shard-00000.idx.npy": "cfa47eb689f1f815ca7cf867c817248b0d8cb8fe2b0129e93afc9f6855a02938",
    "tokens/heldout/shard-00000.bin": "d36ab63dcf1ccff36a72c292ccd047d48f026c466e139e8b6fe929deccbc5b31",
    "tokens/heldout/shard-00000.idx.npy": "60c0c93b6a493f5ae1f31c52eabd5ce838d93294bd77347652f0bf1f337d7cba",
}


def test_a_small_primer_gives_the_tokens_it_always_gave(tmp_path: Path) -> None:
    recipe = tmp_path / "pinned.toml"
    recipe.write_text(RECIPE)
    made = Runner(Store(tmp_path / "runs")).run(flow.build(recipe), "tokens")
    found = {
        f"{stage}/{name}": entry.sha256
        for stage in ("corpus", "tokenizer", "tokens")
        for name, entry in made[stage].manifest.files.items()
    }
    assert {name: found[name] for name in HASHES} == HASHES
