"""Holds the ranking loss to brute force over pairs, hand-computed cases and invariances, and calibration to a written-out case."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
import torch
from torch import Tensor

from trivium.alignment.ranking import calibration, ordered_pairs, pair_accuracy, ranking_loss

RANKS = [[1.0, 2.0, 3.5, 3.5], [2.0, 1.0], [1.5, 1.5, 3.0], [1.0, 1.0]]
NUM_REPLIES = sum(map(len, RANKS))


def scores(seed: int = 0) -> Tensor:
    """Return one score per reply of RANKS."""
    return torch.randn(NUM_REPLIES, generator=torch.Generator().manual_seed(seed))


def brute_force(flat: Tensor, ranks: list[list[float]], margin: float = 0.0, smoothing: float = 0.0) -> Tensor:
    """Loop over prompts and pairs as the paper writes it."""
    total, offset = torch.zeros(()), 0
    for group in ranks:
        terms = []
        for a, b in combinations(range(len(group)), 2):
            if group[a] == group[b]:
                continue
            w, v = (a, b) if group[a] < group[b] else (b, a)
            d = flat[offset + w] - flat[offset + v] - margin * (group[v] - group[w])
            terms.append(-(1 - smoothing) * torch.log(torch.sigmoid(d)) - smoothing * torch.log(torch.sigmoid(-d)))
        if terms:
            total = total + torch.stack(terms).mean()
        offset += len(group)
    return total / len(ranks)


@pytest.mark.parametrize(("margin", "smoothing"), [(0.0, 0.0), (0.3, 0.0), (0.0, 0.1), (0.2, 0.2)])
def test_loss_and_gradient_agree_with_brute_force_over_pairs(margin: float, smoothing: float) -> None:
    fast, slow = scores().requires_grad_(), scores().requires_grad_()
    loss = ranking_loss(fast, ordered_pairs(RANKS), margin=margin, label_smoothing=smoothing)
    expected = brute_force(slow, RANKS, margin, smoothing)
    loss.backward()
    expected.backward()
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(fast.grad, slow.grad)


def test_the_loss_of_three_replies_is_the_hand_computed_one() -> None:
    # Scores 2, 1, 0 for ranks 1, 2, 3: differences 1, 2, 1 over C(3, 2) = 3 pairs.
    expected = (2 * math.log1p(math.exp(-1)) + math.log1p(math.exp(-2))) / 3
    loss = ranking_loss(torch.tensor([2.0, 1.0, 0.0]), ordered_pairs([[1, 2, 3]]))
    assert float(loss) == pytest.approx(expected)


def test_equal_scores_cost_ln_two_whatever_the_number_of_replies() -> None:
    loss = ranking_loss(torch.zeros(11), ordered_pairs([[1, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9]]))
    assert float(loss) == pytest.approx(math.log(2))


def test_adding_a_constant_to_all_scores_changes_nothing() -> None:
    pairs = ordered_pairs(RANKS)
    torch.testing.assert_close(ranking_loss(scores() + 7, pairs), ranking_loss(scores(), pairs))


def test_ties_are_left_out_and_a_prompt_of_ties_adds_nothing() -> None:
    pairs = ordered_pairs(RANKS)
    assert pairs.group_P.bincount(minlength=4).tolist() == [5, 1, 2, 0]
    assert float(ranking_loss(torch.tensor([5.0, -5.0]), ordered_pairs([[1, 1]]))) == 0.0


def test_a_batch_of_ties_only_still_has_a_gradient_of_zero() -> None:
    flat = torch.tensor([5.0, -5.0], requires_grad=True)
    ranking_loss(flat, ordered_pairs([[1, 1]])).backward()
    assert flat.grad is not None
    assert flat.grad.tolist() == [0.0, 0.0]


def test_a_micro_batch_split_over_prompts_does_not_change_the_gradient() -> None:
    whole, split = scores().requires_grad_(), scores().requires_grad_()
    ranking_loss(whole, ordered_pairs(RANKS)).backward()
    offset = 0
    for part in (RANKS[:1], RANKS[1:]):
        num_replies = sum(map(len, part))
        ranking_loss(split[offset : offset + num_replies], ordered_pairs(part), num_groups=len(RANKS)).backward()
        offset += num_replies
    torch.testing.assert_close(split.grad, whole.grad)


def test_a_weight_of_zero_silences_a_prompt_and_two_doubles_it() -> None:
    flat = scores()
    first = ranking_loss(flat[:4], ordered_pairs(RANKS[:1]))
    second = ranking_loss(flat[4:6], ordered_pairs(RANKS[1:2]))
    weighted = ranking_loss(flat[:6], ordered_pairs(RANKS[:2]), group_weights_G=torch.tensor([0.0, 2.0]))
    torch.testing.assert_close(weighted, (0 * first + 2 * second) / 2)


def test_a_margin_asks_for_more_distance_where_people_saw_more() -> None:
    pairs = ordered_pairs([[1, 2, 3]])
    assert pairs.gap_P.tolist() == [1.0, 2.0, 1.0]
    flat = torch.tensor([2.0, 1.0, 0.0])
    shifted = ranking_loss(torch.tensor([1.0, 0.5, 0.0]), pairs)
    torch.testing.assert_close(ranking_loss(flat, pairs, margin=0.5), shifted)


def test_the_order_of_replies_within_a_prompt_does_not_matter() -> None:
    flat = torch.tensor([0.3, -1.0, 2.0])
    order = [2, 0, 1]
    permuted = ranking_loss(flat[order], ordered_pairs([[[1, 3, 2][i] for i in order]]))
    torch.testing.assert_close(permuted, ranking_loss(flat, ordered_pairs([[1, 3, 2]])))


def test_pair_accuracy_counts_equal_scores_as_wrong() -> None:
    pairs = ordered_pairs([[1, 2, 3]])
    assert pair_accuracy(torch.tensor([3.0, 2.0, 1.0]), pairs) == (3, 3)
    assert pair_accuracy(torch.tensor([1.0, 2.0, 3.0]), pairs) == (0, 3)
    assert pair_accuracy(torch.tensor([1.0, 1.0, 0.0]), pairs) == (2, 3)


def test_the_calibration_error_of_four_pairs_is_the_hand_computed_one() -> None:
    # Confidence σ(ln 3) = 0.75 in all four, three of them right: promised 0.75, came true 0.75.
    ln3 = math.log(3)
    pairs = ordered_pairs([[1, 2]] * 4)
    honest = calibration(torch.tensor([ln3, 0, ln3, 0, ln3, 0, 0, ln3]), pairs)
    assert honest.error == pytest.approx(0.0, abs=1e-6)
    # All right at the same confidence: promised 0.75, came true 1.
    modest = calibration(torch.tensor([ln3, 0.0] * 4), pairs)
    assert modest.error == pytest.approx(0.25, abs=1e-6)
    assert [(round(one.confidence, 6), one.accuracy, one.n) for one in modest.bins] == [(0.75, 1.0, 4)]


def test_calibration_without_pairs_is_nan_and_certainty_falls_into_the_last_bin() -> None:
    assert math.isnan(calibration(torch.zeros(2), ordered_pairs([[1, 1]])).error)
    certain = calibration(torch.tensor([1000.0, 0.0]), ordered_pairs([[1, 2]]))
    assert certain.error == 0.0
    assert certain.bins[0].n == 1


def test_pairs_move_to_a_device_as_one() -> None:
    pairs = ordered_pairs(RANKS).to("cpu")
    assert pairs.num_groups == 4
    assert pairs.winner_P.device.type == "cpu"


def test_pairs_that_chance_may_have_ordered_are_left_out():
    ranks = [[1.0, 2.0, 3.5, 4.0]]
    pairs = ordered_pairs(ranks, min_gap=1.5)
    assert list(zip(pairs.winner_P.tolist(), pairs.loser_P.tolist(), strict=True)) == [(0, 2), (0, 3), (1, 2), (1, 3)]
    assert min(pairs.gap_P.tolist()) >= 1.5
    flat = torch.tensor([0.3, -0.1, 0.7, 0.2])
    wanted = torch.stack([-torch.nn.functional.logsigmoid(flat[a] - flat[b]) for a, b in ((0, 2), (0, 3), (1, 2), (1, 3))])
    torch.testing.assert_close(ranking_loss(flat, pairs), wanted.mean())  # the weight is 1 over the pairs that are left
