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
    "corpus/documents.jsonl": "65bab998d997ecfa971d8c96b3a1212d007519b08acc1c1197e94c691792d95c",
    "corpus/heldout.jsonl": "d648cc2248825c5761b91777c7b0b1c673f7ecc952ba7e5fcf7c8435a217e012",
    "tokenizer/tokenizer.json": "93f5cf541297b211dd4da7ab0910dc8b56823976a6ae60b30ea97ee85da26c96",
    "tokens/train/shard-00000.bin": "5b728bab6bdfe813b1cbf5cd229ac8726febf9f9caaa28246e83644ac0487d5a",
    "tokens/train/shard-00000.idx.npy": "b0c139a2fc2c5967071f4b9b96c6226f54b0b0ac02e68a7b543f0871b06d998a",
    "tokens/heldout/shard-00000.bin": "42ec14de5f1f457b42d3d22e1fb5d51bb850794c144ca1b2e1e4a40125a32141",
    "tokens/heldout/shard-00000.idx.npy": "a9d0381ce94bae068d12ed1f327bfbef7fdb674e3b7b2a57c7ad6e252eb8e542",
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
