"""The mix: weights, epochs and budget hold, and the order is the seed's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.core.errors import InputError
from trivium.curation.mix import MixSettings, choose, plan_mix

sizes = st.dictionaries(st.sampled_from("abcde"), st.integers(1, 10_000), min_size=1)


def test_without_weights_every_source_is_gone_through_once() -> None:
    assert [(each.size, each.epochs) for each in plan_mix({"a": 10, "b": 30}, MixSettings())] == [(10, 1.0), (30, 1.0)]


def test_without_a_budget_the_mix_is_as_large_as_the_weights_and_epochs_allow() -> None:
    plan = plan_mix({"a": 100, "b": 100}, MixSettings(weights={"a": 3, "b": 1}, max_epochs=2))
    assert [(each.source, each.size) for each in plan] == [("a", 200), ("b", 67)]
    assert not any(each.capped for each in plan)


def test_a_weight_of_nought_leaves_a_source_out() -> None:
    plan = plan_mix({"a": 100, "b": 100}, MixSettings(weights={"a": 1, "b": 0}, budget=50))
    assert [each.size for each in plan] == [50, 0]


def test_epochs_of_a_single_source_have_their_own_bound() -> None:
    settings = MixSettings(weights={"a": 1, "b": 1}, max_epochs=4, max_epochs_of={"a": 1}, budget=400)
    plan = plan_mix({"a": 100, "b": 100}, settings)
    assert [(each.size, each.capped) for each in plan] == [(100, True), (300, False)]


@given(available=sizes, weight=st.floats(0.1, 10), budget=st.integers(1, 50_000), epochs=st.floats(0.5, 4))
def test_neither_budget_nor_epochs_are_passed(
    available: dict[str, int], weight: float, budget: int, epochs: float
) -> None:
    weights = {name: weight + index for index, name in enumerate(available)}
    plan = plan_mix(available, MixSettings(weights=weights, max_epochs=epochs, budget=budget))
    assert sum(each.size for each in plan) <= budget + len(plan)
    assert all(each.size <= each.available * epochs + 1 for each in plan)
    if sum(available.values()) * epochs >= budget:
        assert sum(each.size for each in plan) >= budget - len(plan)


def test_a_document_is_taken_as_often_as_its_source_is_gone_through() -> None:
    lengths, sources = np.full(20, 10), np.repeat([0, 1], 10)
    plan = plan_mix({"a": 100, "b": 100}, MixSettings(weights={"a": 5, "b": 1}, budget=300))
    chosen = choose(lengths, sources, plan, seed=1)
    counts = np.bincount(chosen, minlength=20)
    assert counts[:10].tolist() == [2] * 5 + [3] * 5 or sorted(counts[:10].tolist()) == [2] * 5 + [3] * 5
    assert counts[10:].sum() == 5
    assert counts[10:].max() == 1
    assert chosen.tolist() == choose(lengths, sources, plan, seed=1).tolist()
    assert chosen.tolist() != choose(lengths, sources, plan, seed=2).tolist()
    assert chosen.tolist() != sorted(chosen.tolist())


@given(
    lengths=st.lists(st.integers(1, 50), min_size=1, max_size=40), budget=st.integers(1, 400), seed=st.integers(0, 9)
)
def test_what_is_chosen_is_within_the_budget_and_close_to_it(lengths: list[int], budget: int, seed: int) -> None:
    plan = plan_mix({"a": sum(lengths)}, MixSettings(weights={"a": 1}, budget=budget))
    chosen = choose(np.array(lengths), np.zeros(len(lengths), np.int64), plan, seed)
    total = sum(lengths[index] for index in chosen)
    assert plan[0].size - max(lengths) < total <= budget


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"a": 1, "bb": 1}, "no source `bb`; did you mean `b`?"),
        ({"a": 1}, "`b` has no weight"),
        ({"a": 0, "b": 0}, "one above 0"),
        ({"a": -1, "b": 2}, "0 or more"),
    ],
)
def test_weights_that_fit_no_source_are_refused(weights: dict[str, float], said: str) -> None:
    with pytest.raises(InputError) as caught:
        plan_mix({"a": 1, "b": 1}, MixSettings(weights=weights))
    assert said in caught.value.message
