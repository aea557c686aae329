"""Spans of packed rows give what the boolean mask gives, without its cost."""

import torch
import torch.nn.functional as F  # noqa: N812 - the name every reader of torch code expects
from hypothesis import given, settings
from hypothesis import strategies as st

from trivium.model.attention import Spans, spans_of
from trivium.training.batch import allowed_mask


def row(*documents: tuple[int, ...], width: int) -> tuple[list[int], list[int]]:
    """Lay documents (prompt length, then reply lengths) into a row of that width."""
    numbers, branches = [], []
    for number, (prompt, *replies) in enumerate(documents, 1):
        numbers += [number] * (prompt + sum(replies))
        branches += [0] * prompt
        for branch, size in enumerate(replies, 1):
            branches += [branch] * size
    padding = [0] * (width - len(numbers))
    return numbers + padding, branches + padding


def attended(allowed: torch.Tensor | Spans, shape: tuple[int, int], seed: int = 0) -> tuple[torch.Tensor, ...]:
    """Return the mixed values and the gradients of queries, keys and values for three heads of width 8."""
    generator = torch.Generator().manual_seed(seed)
    q, k, v, weight = (torch.randn(*shape, 3, 8, generator=generator).transpose(1, 2) for _ in range(4))
    inputs = tuple(x.requires_grad_() for x in (q, k, v))
    out = allowed.attend(*inputs) if isinstance(allowed, Spans) else F.scaled_dot_product_attention(*inputs, allowed)
    return out.detach(), *torch.autograd.grad((out * weight).sum(), inputs, materialize_grads=True)


def sizes(spans: Spans) -> tuple[int, ...]:
    return tuple(span.size for span in spans.spans)


def assert_spans_equal_the_mask(numbers: list[list[int]], branches: list[list[int]]) -> Spans:
    document_BT, branch_BT = torch.tensor(numbers), torch.tensor(branches)
    spans = spans_of(document_BT, branch_BT)
    assert sum(sizes(spans)) == document_BT.numel()
    shape = tuple(document_BT.shape)
    torch.testing.assert_close(attended(spans, shape), attended(allowed_mask(document_BT, branch_BT), shape))
    return spans


def test_a_long_document_is_a_causal_span_and_short_ones_share_one():
    first = row((200,), (20,), (30, 10, 5), (1,), width=325)
    second = row((90,), (100, 130), width=325)
    spans = assert_spans_equal_the_mask([first[0], second[0]], [first[1], second[1]])
    assert sizes(spans) == (200, 20 + 45 + 1, *[1] * 59, 90, 230, *[1] * 5)
    assert spans.spans[0].bias is None
    assert spans.spans[1].bias is not None


def test_long_replies_of_one_prompt_look_at_the_prompt_and_themselves_only():
    numbers, branches = row((40, 60), (150, 100, 120, 1), (20, 5, 5), width=501)
    spans = assert_spans_equal_the_mask([numbers], [branches])
    assert sizes(spans) == (100, 250, 120, 1, 30)
    assert [span.prompt for span in spans.spans] == [None, None, (1, 150), (1, 150), None]
    assert [span.bias is None for span in spans.spans] == [True, True, False, False, False]


def test_a_row_of_padding_only_stays_finite():
    spans = assert_spans_equal_the_mask([[1, 1, 0, 0], [0, 0, 0, 0]], [[0] * 4, [0] * 4])
    assert sizes(spans) == (2, 1, 1, 1, 1, 1, 1)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_rows_of_trees_give_the_same_by_spans_and_by_mask(data):
    documents = st.lists(st.lists(st.integers(1, 150), min_size=1, max_size=4).map(tuple), max_size=5)
    drawn = data.draw(st.lists(documents, min_size=1, max_size=3))
    width = max(1, max(sum(map(sum, one)) for one in drawn)) + data.draw(st.integers(0, 9))
    laid = [row(*one, width=width) for one in drawn]
    assert_spans_equal_the_mask([one[0] for one in laid], [one[1] for one in laid])
