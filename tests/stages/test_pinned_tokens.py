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
    "corpus/documents.jsonl": "6d1dbecf9f3940b0a0e269763c4a00ad2f92aa6236372730b747d9d037d633fb",
    "corpus/heldout.jsonl": "d648cc2248825c5761b91777c7b0b1c673f7ecc952ba7e5fcf7c8435a217e012",
    "tokenizer/tokenizer.json": "fa5775e67424c971397fe5bdd54e2eac2c576e0545fe58458dc15dad934362a5",
    "tokens/train/shard-00000.bin": "395eefdc77062e683800d32b1c493543dfd8f6c541ada2c1c47cef49c9274374",
    "tokens/train/shard-00000.idx.npy": "efc1bba8ee726169673b9d56c1428bda726ad70e523540b15acef0e367f32aec",
    "tokens/heldout/shard-00000.bin": "1a03e51e0dca3b9b1b55574d21831faccfd87d32b01a2d24b42be012794cc2f0",
    "tokens/heldout/shard-00000.idx.npy": "e994246c89929ffb9001d112e59906992b30690a1f04393f5fa332d01d1ee07c",
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
