"""Chunked losses against torch's own and against the full softmax."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the name every reader of torch code expects

from trivium.training.losses import chunked_cross_entropy, token_logprobs, token_logprobs_and_entropies


def draw(count: int, width: int = 16, vocab: int = 37) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(count)
    hidden = torch.randn(count, width, generator=generator)
    weight = torch.randn(vocab, width, generator=generator)
    target = torch.randint(vocab, (count,), generator=generator)
    return hidden.requires_grad_(), weight.requires_grad_(), target


@pytest.mark.parametrize("chunk", [1, 3, 7, 50, 51, 4096])
def test_chunked_cross_entropy_and_its_gradients_equal_torchs(chunk):
    hidden, weight, target = draw(50)
    total = chunked_cross_entropy(hidden, weight, target, chunk)
    grads = torch.autograd.grad(3.0 * total, (hidden, weight))
    wanted = F.cross_entropy(hidden @ weight.T, target, reduction="sum")
    wanted_grads = torch.autograd.grad(3.0 * wanted, (hidden, weight))
    torch.testing.assert_close(total, wanted)
    torch.testing.assert_close(grads, wanted_grads, atol=1e-5, rtol=1e-5)


def test_a_weight_tied_to_the_embedding_gets_both_gradients():
    _, weight, target = draw(9)
    ids = torch.arange(9)
    total = chunked_cross_entropy(weight[ids].tanh(), weight, target, 4)
    wanted = F.cross_entropy(weight[ids].tanh() @ weight.T, target, reduction="sum")
    torch.testing.assert_close(torch.autograd.grad(total, weight), torch.autograd.grad(wanted, weight))


def test_no_wanted_token_gives_a_loss_of_zero_and_zero_gradients():
    hidden, weight, target = draw(0)
    total = chunked_cross_entropy(hidden, weight, target)
    hidden_grad, weight_grad = torch.autograd.grad(total, (hidden, weight))
    assert total.item() == 0.0
    assert hidden_grad.shape == (0, 16)
    assert not weight_grad.any()


def test_a_frozen_head_or_trunk_gets_no_gradient_and_the_other_stays_right():
    hidden, weight, target = draw(12)
    wanted = torch.autograd.grad(F.cross_entropy(hidden @ weight.T, target, reduction="sum"), (hidden, weight))
    (hidden_grad,) = torch.autograd.grad(chunked_cross_entropy(hidden, weight.detach(), target, 5), hidden)
    (weight_grad,) = torch.autograd.grad(chunked_cross_entropy(hidden.detach(), weight, target, 5), weight)
    torch.testing.assert_close((hidden_grad, weight_grad), wanted, atol=1e-5, rtol=1e-5)


def test_without_gradients_the_loss_is_the_same_bit_for_bit():
    hidden, weight, target = draw(33)
    with torch.no_grad():
        silent = chunked_cross_entropy(hidden, weight, target, 8)
    assert not silent.requires_grad
    assert torch.equal(silent, chunked_cross_entropy(hidden, weight, target, 8).detach())


def test_large_logits_neither_overflow_nor_lose_the_loss():
    hidden = torch.tensor([[1000.0, 0.0], [0.0, -1000.0]])
    total = chunked_cross_entropy(hidden, torch.eye(2), torch.tensor([1, 0]))
    assert total.item() == 1000.0  # 1000 for the first; 0 for the second, whose target has all the weight


@pytest.mark.parametrize("temperature", [0.7, 1.0, 2.0])
@pytest.mark.parametrize("chunk", [4, 64])
def test_token_logprobs_and_entropies_equal_the_full_softmax(temperature, chunk):
    hidden, weight, target = draw(20)
    logprobs = token_logprobs(hidden, weight, target, temperature, chunk)
    full = torch.log_softmax(hidden @ weight.T / temperature, -1)
    wanted = full.gather(1, target[:, None])[:, 0]
    torch.testing.assert_close(logprobs, wanted)
    grads = torch.autograd.grad(logprobs.square().sum(), (hidden, weight))
    wanted_grads = torch.autograd.grad(wanted.square().sum(), (hidden, weight))
    torch.testing.assert_close(grads, wanted_grads, atol=2e-5, rtol=1e-4)
    same, entropies = token_logprobs_and_entropies(hidden, weight, target, temperature, chunk)
    assert torch.equal(same, logprobs)  # a ratio of the two is exactly 1
    torch.testing.assert_close(entropies, torch.distributions.Categorical(logits=full).entropy())


def test_log_probs_of_no_token_are_empty():
    logprobs, entropies = token_logprobs_and_entropies(*draw(0))
    assert token_logprobs(*draw(0)).shape == logprobs.shape == entropies.shape == (0,)
