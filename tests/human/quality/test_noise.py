"""Holds the estimated rightness to the truth of a simulation, where each person's chance to be right is known."""

from __future__ import annotations

import numpy as np
import pytest

from human.quality.panel import panel, submission
from trivium.human.quality.noise import labeller_noise


def test_the_chance_to_be_right_is_found_without_any_gold() -> None:
    rng = np.random.default_rng(1)
    truth = {"a": 0.95, "b": 0.85, "c": 0.75, "d": 0.5}
    rows = []
    for number in range(400):
        right = (1, 2) if rng.random() < 0.5 else (2, 1)
        for person, chance in truth.items():
            rows.append(submission(f"i{number}", person, right if rng.random() < chance else right[::-1]))
    found = labeller_noise(rows)
    for person, chance in truth.items():
        assert found[person].value == pytest.approx(chance, abs=0.06)
        assert found[person].low < chance < found[person].high  # type: ignore[operator]
        assert found[person].n == 400


def test_noisier_people_come_out_noisier() -> None:
    found = labeller_noise(panel((0.2, 0.6, 1.5), 80))
    values = [found[f"p{number}"].value for number in range(3)]
    assert values == sorted(values, reverse=True)  # type: ignore[type-var]


def test_two_people_cannot_tell_who_errs() -> None:
    found = labeller_noise(panel((0.2, 0.2), 5))
    assert found["p0"].undefined == "2 people ranked the same pairs; from 3 on one can tell who errs"
    rows = [*panel((0.2, 0.2, 0.2), 5), submission("alone", "x", (1, 2))]
    assert labeller_noise(rows)["x"].undefined == "ranked no pair that somebody else ranked"


def test_ties_and_equal_texts_say_nothing() -> None:
    rows = [submission("i", person, (1, 1)) for person in "abc"]
    assert all(one.value is None for one in labeller_noise(rows).values())
    assert labeller_noise([]) == {}
