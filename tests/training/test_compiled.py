"""Compiling: only where it is wanted and a compiler is at hand; else the model itself, and it is said."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from trivium.core.log import EventLog
from trivium.training import compiled as module
from trivium.training.compiled import compiled


def test_what_is_not_wanted_is_the_model_itself() -> None:
    said: list[str] = []
    model = nn.Linear(2, 2)
    assert compiled(model, False, EventLog(say=said.append)) is model
    assert said == []


def test_without_a_compiler_the_model_runs_eager_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    said: list[str] = []
    model = nn.Linear(2, 2)
    assert compiled(model, True, EventLog(say=said.append)) is model
    assert len(said) == 1
    assert "no C++ compiler (g++, clang++, c++)" in said[0]


def test_with_a_compiler_the_graph_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(torch, "compile", lambda model, dynamic: ("compiled", model, dynamic))
    said: list[str] = []
    model = nn.Linear(2, 2)
    assert compiled(model, True, EventLog(say=said.append)) == ("compiled", model, False)
    assert len(said) == 1
