"""Matrix products in bfloat16: the gradient stays near the float32 one, weights stay float32, `auto` asks the machine."""

import json

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the name every reader of torch code expects

from trivium.core.log import EventLog
from trivium.core.seed import stream
from trivium.model.config import ModelConfig
from trivium.model.decoder import LanguageModel, ScalarModel, initialise
from trivium.training import precision
from trivium.training.batch import Tree, micro_rows, pack
from trivium.training.language import LanguageTask, Layout, Stream
from trivium.training.optimizer import OptimizerConfig, build_optimizer, orthogonalise
from trivium.training.precision import PLAIN, Products, products_of
from trivium.training.scores import end_scores

BFLOAT16 = Products("cpu", torch.bfloat16)
SHAPE = ModelConfig(vocab_size=30, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
                    num_key_value_heads=1, head_dim=16, initializer_range=0.2, qk_norm=True)  # fmt: skip


def trees() -> list[Tree]:
    rng = stream(1, "precision")
    return [Tree(rng.integers(0, 30, 9).tolist(), (rng.integers(0, 30, 6).tolist(),)) for _ in range(12)]


def gradient(products: Products) -> tuple[torch.Tensor, LanguageModel]:
    made = LanguageModel(SHAPE)
    initialise(made, torch.Generator().manual_seed(4))
    optimizers = build_optimizer([made], OptimizerConfig(method="muon"), products)
    task = LanguageTask(made, optimizers, [Stream("text", lambda step: (trees(), None))], Layout(32), products=products)
    for loss, _ in task.losses(0):
        loss.backward()
    found = torch.nn.utils.parameters_to_vector([p.grad for p in made.parameters()]).clone()
    optimizers.set_share(1.0)
    optimizers.step()
    return found, made


def test_the_gradient_is_near_the_float32_one_and_the_weights_stay_float32():
    exact, _ = gradient(PLAIN)
    rounded, made = gradient(BFLOAT16)
    assert not torch.equal(exact, rounded)
    assert F.cosine_similarity(exact, rounded, dim=0) > 0.995
    assert {p.dtype for p in made.parameters()} == {torch.float32}


def test_a_score_is_near_the_float32_one():
    made = ScalarModel(SHAPE)
    initialise(made, torch.Generator().manual_seed(4))
    rows = micro_rows(trees(), 32, 512)
    batch = pack(trees(), next(iter(rows)))
    exact = end_scores(made, batch)
    with BFLOAT16():
        rounded = end_scores(made, batch)
    assert rounded.dtype == torch.float32
    torch.testing.assert_close(rounded, exact, rtol=0.05, atol=0.05)


def test_orthogonalise_in_bfloat16_brings_the_singular_values_near_one():
    matrix = torch.randn(3, 32, 96, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonalise(matrix, products=BFLOAT16))
    assert values.dtype == torch.float32
    assert values.min() > 0.6
    assert values.max() < 1.35


@pytest.mark.parametrize("fast", [True, False])
def test_auto_takes_what_the_machine_is_faster_at_and_says_so(fast, monkeypatch, tmp_path):
    monkeypatch.setattr(precision, "has_fast_bfloat16", lambda kind: fast)
    log = EventLog(tmp_path / "events.jsonl")
    assert products_of("auto", "cpu", log).dtype == (torch.bfloat16 if fast else None)
    assert products_of("float32", "cpu", log).dtype is None
    assert products_of("bfloat16", "cpu", log).dtype == torch.bfloat16
    written = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()] if fast else []
    assert len(written) == fast
