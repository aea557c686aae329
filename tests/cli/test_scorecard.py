from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.assemble.invented import Invented, whole
from trivium.cli import scorecard
from trivium.evaluation.assemble.ending import end


def test_every_row_is_printed_with_value_interval_n_bar_and_verdict(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    scorecard.show(end(whole(tmp_path).trail()))
    out = capsys.readouterr().out.splitlines()
    row = next(line for line in out if "Completes a fact" in line)
    assert row.split() == ["Completes", "a", "fact", "0.95", "0.91", "to", "0.99", "100", "at", "least", "0.90", "✓", "met"]
    refused = [line for line in out if "Refuses the harmless" in line]
    assert any(line.rstrip().endswith("✗ missed") for line in refused)
    assert any("undefined" in line and "✗ missed" in line for line in out)
    assert out[-1].startswith("20 of 22 bars met; missed: policy.over_refusal and bits_per_byte.policy_without_mix")
    assert all(line.strip() for line in out)


def test_nothing_is_printed_where_nothing_was_measured(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    scorecard.show(end(Invented(tmp_path).trail()))
    assert capsys.readouterr().out == ""


def test_the_document_names_stages_numbers_bars_and_the_report(tmp_path: Path) -> None:
    run = whole(tmp_path)
    document = scorecard.document(end(run.trail()))
    assert document["recipe"] == "invented"
    assert Path(document["stages"]["policy"]["path"]).is_dir()
    assert document["scorecard"]["policy.kl"]["value"] == 2.0
    assert document["bars"]["missed"] == ["policy.over_refusal", "bits_per_byte.policy_without_mix"]
    assert len(document["bars"]["met"]) == 20
    assert Path(document["report"]).is_file()
