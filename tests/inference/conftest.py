"""Small random models that the engine's tests write with."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from trivium.model.config import ModelConfig
from trivium.model.decoder import LanguageModel, initialise

PLAIN = ModelConfig(
    vocab_size=61,
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=4,
    head_dim=8,
    max_position_embeddings=64,
)
EVERYTHING = {
    "num_key_value_heads": 2,
    "head_dim": 12,
    "tie_word_embeddings": False,
    "qk_norm": True,
    "attention_bias": True,
    "attention_out_bias": True,
    "mlp_bias": True,
}
MakeModel = Callable[..., LanguageModel]


def _make_model(seed: int = 0, **changes: object) -> LanguageModel:
    """A model whose every weight is random (norms and biases too), far enough from zero that replies differ."""
    config = ModelConfig.model_validate({**PLAIN.model_dump(), **changes})
    generator = torch.Generator().manual_seed(seed)
    model = LanguageModel(config)
    initialise(model, generator)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.2)
    return model.eval()


@pytest.fixture(scope="session")
def make_model() -> MakeModel:
    return _make_model


@pytest.fixture(scope="session")
def model() -> LanguageModel:
    return _make_model()


@pytest.fixture(scope="session", params=["plain", "everything"])
def any_model(request: pytest.FixtureRequest) -> LanguageModel:
    """Plain Llama, and one with grouped queries, query/key norms, every bias and an untied head."""
    return _make_model(**(EVERYTHING if request.param == "everything" else {}))
