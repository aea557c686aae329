"""The whole report: it says what it will do, keeps what was measured, and names what could not be."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from bench import whole
from bench.whole import PARTS, Part, main, measure, time_left, why_not


def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **codes: int) -> list[Part]:
    """Return parts whose modules print their name and end with these codes."""
    for name, code in codes.items():
        (tmp_path / f"{name}.py").write_text(f"print('| table of {name} |')\nraise SystemExit({code})\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return [Part(name, f"About {name}", (name,), 1.0) for name in codes]


def test_every_part_is_a_module_that_is_there() -> None:
    assert all(find_spec(part.command[0]) for part in PARTS)
    assert len({part.name for part in PARTS}) == len(PARTS)


def test_the_report_holds_each_table_whatever_became_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = fake(tmp_path, monkeypatch, good=0, missed=1, broken=7, last=0)
    verdicts = measure(parts, None, tmp_path / "runs" / "bench.md")
    assert [verdict for verdict, _minutes in verdicts.values()] == ["met", "MISSED", "FAILED with 7", "met"]
    report = (tmp_path / "runs" / "bench.md").read_text(encoding="utf-8")
    assert [name for name in ("good", "missed", "broken", "last") if f"| table of {name} |" in report] == list(verdicts)


def test_a_missed_part_fails_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for code in (0, 1):
        monkeypatch.setattr(whole, "PARTS", tuple(fake(tmp_path, monkeypatch, good=0, other=code)))
        monkeypatch.setattr(sys, "argv", ["whole", "--out", str(tmp_path / "bench.md")])
        assert main() == code


def test_the_plan_says_what_cannot_be_measured_and_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TRIVIUM_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["whole", "--plan"])
    assert main() == 0
    said = capsys.readouterr().err
    assert "toxicity   left out: needs the data sets: set TRIVIUM_DATA" in said
    assert "kernels" in said
    assert "missing" in why_not(Part("x", "x", ("x",), 1, package="missing_package"), None)


def test_an_unknown_part_is_named_with_those_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["whole", "kernel"])
    assert main() == 2
    assert "no part kernel; there are trl, kernels" in capsys.readouterr().err


def test_the_time_left_goes_by_the_pace_so_far() -> None:
    parts = [Part(name, name, (name,), minutes) for name, minutes in (("a", 1), ("b", 2), ("c", 3))]
    assert time_left(parts[1:], parts[:1], 2.0) == "10 min"
    assert time_left([], parts, 6.0) == "0 min"
