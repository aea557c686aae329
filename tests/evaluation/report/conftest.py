"""Loads the invented report data beside this file, so that tests of this folder can ask for it by name."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from trivium.evaluation.report import ReportData


@pytest.fixture(scope="session")
def sample() -> ModuleType:
    spec = importlib.util.spec_from_file_location("report_sample", Path(__file__).with_name("sample.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["whole", "until_sft", "stopped", "all_met", "bare"])
def data(request: pytest.FixtureRequest, sample: ModuleType) -> ReportData:
    """Every kind of run that a page must hold."""
    if request.param == "bare":
        return ReportData(run=sample.run_facts(wall_seconds=None, peak_memory_bytes=None, machine="", num_words=None))
    made: ReportData = getattr(sample, request.param)()
    return made
