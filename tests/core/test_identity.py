from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from toys import PpoConfig, TrainConfig, pretrain
from trivium.core.config import Config
from trivium.core.identity import canonical, execution, fingerprint


def test_identity_is_the_same_on_another_device_and_with_other_execution_settings() -> None:
    here = pretrain.identity(TrainConfig(device="cpu"), 7, {"sources": "a"})
    there = pretrain.identity(TrainConfig(device="cuda", kill_at=3), 7, {"sources": "a"})
    assert here == there


@pytest.mark.parametrize(
    ("config", "seed", "inputs"),
    [
        (TrainConfig(steps=4), 7, {"sources": "a"}),
        (TrainConfig(), 8, {"sources": "a"}),
        (TrainConfig(), 7, {"sources": "b"}),
    ],
)
def test_identity_changes_with_config_seed_and_inputs(config: TrainConfig, seed: int, inputs: dict[str, str]) -> None:
    assert pretrain.identity(config, seed, inputs) != pretrain.identity(TrainConfig(), 7, {"sources": "a"})


def test_the_id_is_the_beginning_of_the_full_hash() -> None:
    identity = pretrain.identity(TrainConfig(), 7, {"sources": "a"})
    assert len(identity.full) == 64
    assert identity.full.startswith(identity.id)
    assert len(identity.id) == 32


@pytest.mark.parametrize(
    "value", [len, object(), math.nan, math.inf, Path("x"), np.zeros(2), np.float64(1.0), b"x", {1: "x"}, 1j, Config]
)
def test_the_encoder_raises_on_what_has_no_one_encoding(value: object) -> None:
    with pytest.raises(TypeError, match="no identity"):
        canonical({"key": value})


def test_the_error_names_the_place() -> None:
    with pytest.raises(TypeError, match=r"value\.a\[1\]"):
        canonical({"a": [1, len]})


def test_sets_and_tables_have_one_order() -> None:
    assert canonical({"b", "a", "c"}) == '["a","b","c"]'
    assert fingerprint({"x": 1, "y": 2}) == fingerprint({"y": 2, "x": 1})


def test_true_is_not_one_and_one_is_not_a_text() -> None:
    assert len({fingerprint(value) for value in (True, 1, "1", None, [1])}) == 5


def test_execution_settings_are_recorded_apart() -> None:
    assert execution(TrainConfig(device="cuda")) == {
        "device": "cuda",
        "crash_at": None,
        "kill_at": None,
        "interrupt_at": None,
    }
    assert execution(PpoConfig()) == {}


def test_a_known_value_keeps_its_hash_forever() -> None:
    assert (
        fingerprint({"a": [1, 2.5, None, True], "b": "é"})
        == "2d13915cea65e5c86a2097e51aa092fb3f5a29e3b40d276704fc891f0f063399"
    )
