"""The induction start: before any step, one head looks one token back and one finds what followed the same token."""

import pytest
import torch

from trivium.core.errors import RecipeError
from trivium.model import decoder
from trivium.model.config import ModelConfig
from trivium.model.decoder import LanguageModel, initialise
from trivium.model.induction import start_with_induction

SHAPE = ModelConfig(vocab_size=500, hidden_size=128, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
                    num_key_value_heads=4, head_dim=32, qk_norm=True)  # fmt: skip
LENGTH = 25


def started(seed: int = 1) -> LanguageModel:
    made = LanguageModel(SHAPE)
    generator = torch.Generator().manual_seed(seed)
    initialise(made, generator)
    start_with_induction(made, generator)
    return made


def attention_maps(made: LanguageModel, ids: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> list[torch.Tensor]:
    """Return each layer's attention [H, T, T] of its first row."""
    maps: list[torch.Tensor] = []
    attend = decoder.softmax_attention

    def watched(q, k, v, mask, *, causal):
        scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        maps.append(scores.masked_fill(hidden, -torch.inf).softmax(-1)[0])
        return attend(q, k, v, mask, causal=causal)

    monkeypatch.setattr(decoder, "softmax_attention", watched)
    with torch.no_grad():
        made(ids, torch.arange(ids.shape[1])[None])
    return maps


@pytest.mark.parametrize("seed", range(5))
def test_heads_look_back_and_one_finds_what_followed(seed: int, monkeypatch: pytest.MonkeyPatch):
    said = torch.randperm(500, generator=torch.Generator().manual_seed(seed))[:LENGTH]
    first, second, _ = attention_maps(started(seed), torch.cat((said, said))[None], monkeypatch)
    later = torch.arange(LENGTH, 2 * LENGTH)
    for head, back in enumerate((1, 2, 3)):
        assert first[head, later, later - back].mean() > 0.85
    assert second[0, later, later - LENGTH + 1].mean() > 0.5
    assert second[1, later, later - LENGTH + 1].mean() < 0.2  # the other heads are as they were


def test_three_tokens_count_and_not_only_the_last(monkeypatch: pytest.MonkeyPatch):
    """After "… Tom has a red … Anna has a blue … Tom has a" the head mostly looks at red."""
    made, right = started(), 0
    has, a = 5, 6
    for seed in range(40):
        x = torch.randperm(490, generator=torch.Generator().manual_seed(seed))[:30] + 10
        told = [*x[:8], x[20], has, a, *x[8:12], x[21], has, a, *x[12:18], x[20], has, a]
        _, second, _ = attention_maps(made, torch.tensor([int(one) for one in told])[None], monkeypatch)
        right += int(second[0, -1, 11] > second[0, -1, 18])
    assert right >= 30


def test_the_same_generator_gives_the_same_weights_and_another_gives_others():
    one, same, other = (torch.nn.utils.parameters_to_vector(started(seed).parameters()) for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_the_start_does_not_favour_a_token():
    ids = torch.randint(0, 500, (4, 30), generator=torch.Generator().manual_seed(0))
    made = started()
    with torch.no_grad():
        logits = made.logits(made(ids, torch.arange(30).expand(4, -1)))
    nats = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
    assert nats < 1.1 * torch.tensor(500.0).log()


@pytest.mark.parametrize("change", [{"qk_norm": False}, {"num_hidden_layers": 1}, {"head_dim": 8}, {"hidden_size": 64}, {"num_key_value_heads": 2}])
def test_a_shape_without_room_is_refused_with_what_to_do(change: dict[str, object]):
    made = LanguageModel(SHAPE.model_copy(update=change))
    with pytest.raises(RecipeError, match="induction start needs"):
        start_with_induction(made, torch.Generator().manual_seed(0))
