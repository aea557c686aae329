"""Folders to a toy recipe with its data; and in CI a skipped test to a failed session."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, not whether the property holds.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the session where CI=true and a test was skipped: what is not run proves nothing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("CI") == "true":
        for report in skipped:
            reporter.write_line(f"skipped, which counts as failed here: {report.nodeid}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with two small texts."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.txt").write_text("One.\n")
    (folder / "b.txt").write_text("Two.\n")
    return folder


@pytest.fixture
def recipe_file(tmp_path: Path, data: Path) -> Path:
    """A recipe over the toy road."""
    file = tmp_path / "toy.toml"
    file.write_text(
        f'seed = 7\n\n[sources]\nfolder = "{data}"\n\n[pretrain]\nsteps = 3\n\n[policy]\nmethod = "ppo"\nkl = 0.2\n'
    )
    return file
