"""The decoder sees a packed document as it sees it alone, and each part is its paper's formula."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from trivium.model.config import Llama3Rope, ModelConfig
from trivium.model.decoder import (
    LanguageModel,
    RMSNorm,
    ScalarModel,
    initialise,
    rotary_frequencies,
    rotary_tables,
    rotate,
)


def config(**fields: Any) -> ModelConfig:
    base: dict[str, Any] = {"vocab_size": 30, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2}
    return ModelConfig(**(base | {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8} | fields))


def drawn(kind: Any, shape: ModelConfig, seed: int = 1) -> Any:
    model = kind(shape)
    initialise(model, torch.Generator().manual_seed(seed))
    return model


def test_the_norm_divides_by_the_root_of_the_mean_square() -> None:
    norm = RMSNorm(2, eps=0.0)
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([1.0, 2.0]))
        found = norm(torch.tensor([3.0, 4.0]))
    torch.testing.assert_close(found, torch.tensor([3.0, 8.0]) / math.sqrt(12.5))


def test_rotation_turns_a_pair_by_its_position_and_keeps_its_length() -> None:
    cos, sin = rotary_tables(torch.tensor([[0, 3]]), config(head_dim=2), torch.float32)
    found = rotate(torch.tensor([1.0, 0.0]).expand(1, 1, 2, 2), cos, sin)[0, 0]
    torch.testing.assert_close(found, torch.tensor([[1.0, 0.0], [math.cos(3), math.sin(3)]]))


def test_llama3_keeps_short_waves_slows_long_ones_and_blends_between() -> None:
    stretch = Llama3Rope(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)
    plain = rotary_frequencies(config(head_dim=32), torch.device("cpu"))
    found = rotary_frequencies(config(head_dim=32, rope_scaling=stretch), torch.device("cpu"))
    turns = 64 * plain / (2 * math.pi)
    assert torch.equal(found[turns >= 4], plain[turns >= 4])
    torch.testing.assert_close(found[turns <= 1], plain[turns <= 1] / 8)
    between = (turns > 1) & (turns < 4)
    assert between.any()
    assert ((found[between] < plain[between]) & (found[between] > plain[between] / 8)).all()


@pytest.mark.parametrize("qk_norm", [False, True])
def test_a_document_in_a_packed_row_is_computed_as_if_alone(qk_norm: bool) -> None:
    model = drawn(LanguageModel, config(qk_norm=qk_norm))
    first, second = torch.tensor([[4, 9, 2]]), torch.tensor([[7, 7, 1, 5]])
    document_BT = torch.tensor([[1, 1, 1, 2, 2, 2, 2]])
    allowed = (document_BT[:, :, None] == document_BT[:, None, :]) & torch.ones(7, 7, dtype=torch.bool).tril()
    positions_BT = torch.tensor([[0, 1, 2, 0, 1, 2, 3]])
    with torch.no_grad():
        packed = model(torch.cat((first, second), dim=1), positions_BT, allowed[:, None])
        alone = [model(ids, torch.arange(ids.shape[1])[None]) for ids in (first, second)]
    torch.testing.assert_close(packed, torch.cat(alone, dim=1), atol=1e-6, rtol=1e-5)


def test_a_later_token_changes_nothing_before_it() -> None:
    model = drawn(LanguageModel, config())
    positions_BT = torch.arange(5)[None]
    with torch.no_grad():
        one = model(torch.tensor([[1, 2, 3, 4, 5]]), positions_BT)
        other = model(torch.tensor([[1, 2, 3, 4, 9]]), positions_BT)
    assert torch.equal(one[:, :4], other[:, :4])
    assert not torch.equal(one[:, 4], other[:, 4])


def test_initial_weights_depend_on_the_generator_alone_and_have_the_stated_spread() -> None:
    shape = config(vocab_size=500, hidden_size=64)
    one, other = drawn(LanguageModel, shape), drawn(LanguageModel, shape)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert one.model.embed_tokens.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert one.model.layers[0].mlp.down_proj.weight.std().item() == pytest.approx(0.02 / math.sqrt(4), rel=0.1)
    assert drawn(ScalarModel, shape).score.weight.std().item() == pytest.approx(65**-0.5, rel=0.3)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"tie_word_embeddings": False},
        {"qk_norm": True},
        {"attention_bias": True, "attention_out_bias": True, "mlp_bias": True},
    ],
)
def test_the_stated_number_of_parameters_is_the_models(fields: dict[str, Any]) -> None:
    model = LanguageModel(config(**fields))
    assert model.config.num_parameters == sum(parameter.numel() for parameter in model.parameters())


def test_the_calibration_bias_is_added_to_every_score() -> None:
    plain, shifted = drawn(ScalarModel, config()), ScalarModel(config(), bias=2.5)
    shifted.load_state_dict(plain.state_dict())
    ids_BT, positions_BT = torch.tensor([[1, 2, 3]]), torch.arange(3)[None]
    with torch.no_grad():
        assert torch.equal(shifted(ids_BT, positions_BT), plain(ids_BT, positions_BT) + 2.5)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"num_key_value_heads": 3}, "must be a multiple of num_key_value_heads"),
        ({"head_dim": 7}, "head_dim must be even"),
        ({"hiden_size": 8}, "hiden_size"),
        ({"rope_scaling": {"factor": 2, "low_freq_factor": 4, "high_freq_factor": 1}}, "original_max"),
        (
            {
                "rope_scaling": {
                    "factor": 2,
                    "low_freq_factor": 4,
                    "high_freq_factor": 1,
                    "original_max_position_embeddings": 8,
                }
            },
            "must be above low_freq_factor",
        ),
    ],
)
def test_an_impossible_shape_is_refused(fields: dict[str, Any], found: str) -> None:
    with pytest.raises(ValidationError, match=found):
        config(**fields)
