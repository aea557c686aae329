"""The hand-written step against the module's own forward pass."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from trivium.inference.batch import read
from trivium.inference.cache import SlotCache
from trivium.inference.step import DecodeStep
from trivium.model.decoder import LanguageModel

PROMPTS = [[3, 1, 4, 1, 5], [9, 2], [6, 5, 3, 5, 8, 9, 7, 9], [3]]
NEXT = [[7, 1, 2], [8, 2, 8], [1, 8, 2], [8, 4, 5]]


def full_logits(model: LanguageModel, ids: list[int]) -> Tensor:
    ids_BT = torch.tensor([ids])
    return model.logits(model(ids_BT, torch.arange(len(ids))[None]))[0, -1]


@torch.inference_mode()
def check_steps(model: LanguageModel, step: DecodeStep, tolerance: float = 1e-5) -> None:
    cache = SlotCache(model.config, 4, 16, model.lm_head.weight)
    prefix, logits_PV = read(model, PROMPTS)
    cache.place([0, 1, 2, 3], prefix, [0, 1, 2, 3], [len(prompt) for prompt in PROMPTS])
    for row, prompt in enumerate(PROMPTS):
        torch.testing.assert_close(logits_PV[row], full_logits(model, prompt), atol=tolerance, rtol=tolerance)
    for count in range(1, 4):
        logits_BV = step(torch.tensor([tokens[count - 1] for tokens in NEXT]), cache)
        for row, prompt in enumerate(PROMPTS):
            expected = full_logits(model, prompt + NEXT[row][:count])
            torch.testing.assert_close(logits_BV[row], expected, atol=tolerance, rtol=tolerance)


def test_a_step_gives_the_logits_of_the_full_forward_pass(any_model: LanguageModel) -> None:
    step = DecodeStep(any_model, 64)
    step.refresh()
    check_steps(any_model, step)


def test_the_module_itself_can_decode_from_the_cache(any_model: LanguageModel) -> None:
    cache = SlotCache(any_model.config, 2, 16, any_model.lm_head.weight.detach())
    with torch.inference_mode():
        prefix, _ = read(any_model, PROMPTS[:2])
        cache.place([0, 1], prefix, [0, 1], [5, 2])
        allowed = cache.open(2)
        hidden_BTD = any_model(torch.tensor([[7], [8]]), cache.lengths_N[:2, None], allowed, cache)
        for row in range(2):
            expected = full_logits(any_model, PROMPTS[row] + NEXT[row][:1])
            torch.testing.assert_close(any_model.logits(hidden_BTD)[row, 0], expected, atol=1e-5, rtol=1e-5)


def test_refresh_reads_weights_that_changed(make_model: object) -> None:
    assert callable(make_model)
    model = make_model(seed=4)
    step = DecodeStep(model, 64)
    step.refresh()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.1)
    step.refresh()
    check_steps(model, step)


def test_bfloat16_stays_near_the_module(make_model: object) -> None:
    assert callable(make_model)
    model = make_model(seed=5).to(torch.bfloat16)
    step = DecodeStep(model, 64)
    step.refresh()
    check_steps(model, step, tolerance=0.15)


class Adapted(nn.Module):
    """A projection with a low-rank addition, as adapters make it."""

    def __init__(self, plain: nn.Linear) -> None:
        super().__init__()
        self.plain = plain
        self.down, self.up = nn.Linear(plain.in_features, 2), nn.Linear(2, plain.out_features)

    def forward(self, x: Tensor) -> Tensor:
        return self.plain(x) + self.up(self.down(x))


@pytest.mark.parametrize("name", ["self_attn.q_proj", "self_attn.o_proj", "mlp.up_proj", "mlp.down_proj"])
def test_a_projection_with_an_adapter_counts_in_full(make_model: object, name: str) -> None:
    assert callable(make_model)
    torch.manual_seed(0)
    model = make_model(seed=6, attention_bias=True, attention_out_bias=True)
    for layer in model.model.layers:
        layer.set_submodule(name, Adapted(layer.get_submodule(name)))
    step = DecodeStep(model, 64)
    step.refresh()
    check_steps(model, step)
