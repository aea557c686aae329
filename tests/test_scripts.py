"""Holds what the scripts generate and measure to what they promise."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


def load(name: str) -> ModuleType:
    """Return a script as a module."""
    spec = importlib.util.spec_from_file_location(f"script_{name}", ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_of_commands_is_what_the_commands_say() -> None:
    assert load("commands_page").main(["--check"]) == 0


def test_the_page_of_formats_is_what_the_formats_say() -> None:
    assert load("formats_page").main(["--check"]) == 0


def test_the_picture_of_the_road_is_what_its_script_draws() -> None:
    picture = load("road_picture")
    assert picture.PICTURE.read_text() == picture.picture()


def test_files_functions_and_parameters_keep_their_maxima(capsys: pytest.CaptureFixture[str]) -> None:
    assert load("maxima").main() == 0, capsys.readouterr().out


def test_what_is_over_a_maximum_is_found(tmp_path: Path) -> None:
    body = "\n".join("    x = 1" for _ in range(61))
    file = tmp_path / "long.py"
    file.write_text(
        f"class C:\n  def ok(self, a, b, c, d, e, f): ...\n\ndef many(a, b, *, c, d, e, f, g): ...\n\ndef long():\n{body}\n"
    )
    places = [one.place for one in load("maxima").excesses(file, "long.py")]
    assert places == ["long.py:many", "long.py:long"]
    file.write_text("\n" * 401)
    assert [one.place for one in load("maxima").excesses(file, "long.py")] == ["long.py"]


def test_an_exception_needs_a_reason() -> None:
    assert load("maxima").allowed("- `maxima: a.py:f` because\nmaxima: b.py\n") == {"a.py:f": "because"}


def test_the_readme_shows_a_scorecard_with_interval_and_n(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = load("readme_scorecard")
    page, card = tmp_path / "README.md", tmp_path / "scorecard.json"
    page.write_text((ROOT / "README.md").read_text())
    monkeypatch.setattr(script, "README", page)
    measure = {"value": 0.97, "n": 200, "low": 0.94, "high": 0.99}
    card.write_text(json.dumps({"policy.honest": measure, "base.completes_facts": measure}))
    assert script.main([str(card)]) == 0
    first = page.read_text()
    assert "| Completes a fact `base.completes_facts` | 0.97 | 0.94 to 0.99 | 200 | at least 0.90 | ✓ |" in first
    assert script.main([str(card)]) == 0
    assert page.read_text() == first
    assert script.main([str(tmp_path / "none.json")]) == 2


def test_every_template_and_style_is_packed() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = settings["tool"]["setuptools"]["package-data"]["trivium"]
    package = ROOT / "src" / "trivium"
    packed = {file for pattern in patterns for file in package.glob(pattern)}
    data = {file for file in package.rglob("*") if file.is_file() and file.suffix not in (".py", ".pyc")}
    assert data <= packed


def test_the_scripts_for_the_shell_are_sound_and_executable() -> None:
    for name in (".ci/run", "scripts/system_packages.sh"):
        assert (ROOT / name).stat().st_mode & 0o100
        assert subprocess.run(["bash", "-n", str(ROOT / name)], check=False).returncode == 0
