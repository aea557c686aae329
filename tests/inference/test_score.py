"""Reply log-probabilities against one sequence at a time."""

from __future__ import annotations

import pytest
import torch

from trivium.core.errors import ContextError
from trivium.inference.score import reply_logprobs
from trivium.model.decoder import LanguageModel

ROWS = [([1, 2, 3], [4, 5]), ([6], [7, 8, 9, 10, 11]), ([12] * 20, [13]), ([14, 15], [])]


@pytest.mark.parametrize("read_tokens", [1, 30, 4096])
def test_each_reply_token_has_its_log_softmax(any_model: LanguageModel, read_tokens: int) -> None:
    results = reply_logprobs(any_model, ROWS, temperature=0.7, read_tokens=read_tokens)
    assert [len(result) for result in results] == [2, 5, 1, 0]
    for (prompt, reply), logprobs_n in zip(ROWS, results, strict=True):
        ids = prompt + reply
        with torch.no_grad():
            logits_TV = any_model.logits(any_model(torch.tensor([ids]), torch.arange(len(ids))[None]))[0]
        full_TV = (logits_TV / 0.7).log_softmax(-1)
        expected = [full_TV[len(prompt) - 1 + i, token].item() for i, token in enumerate(reply)]
        assert logprobs_n.tolist() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("row", [([], [1]), ([1] * 60, [2] * 5)])
def test_a_row_that_does_not_fit_is_refused_with_its_place(
    model: LanguageModel, row: tuple[list[int], list[int]]
) -> None:
    with pytest.raises(ContextError) as caught:
        reply_logprobs(model, [([1], [2]), row])
    assert caught.value.where == "sequence 1"
