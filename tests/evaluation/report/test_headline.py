from __future__ import annotations

from datetime import date
from types import ModuleType

import pytest

from trivium.evaluation.report import render
from trivium.evaluation.report.data import ReportData, RunFacts, ScoreRow
from trivium.evaluation.report.headline import headline
from trivium.evaluation.report.whiskers import interval_words, value_words


def test_a_missed_bar_is_said_first_and_in_words(sample: ModuleType) -> None:
    head = headline(sample.whole())
    assert head.sign == "bad"
    assert head.verdict == "17 of 19 bars met, 2 missed"
    assert [miss.row.key for miss in head.misses] == ["policy.over_refusal", "policy.honest"]
    assert head.misses[0].words == "0.06 (0.03 to 0.11); the bar is at most 0.05"
    page = render(sample.whole())
    assert page.index("2 missed") < page.index("It answers what") < page.index("The road")


def test_all_bars_met_says_so(sample: ModuleType) -> None:
    head = headline(sample.all_met())
    assert (head.sign, head.verdict, head.misses) == ("ok", "All 19 bars met", ())


def test_praise_is_only_for_bars_that_are_met(sample: ModuleType) -> None:
    rows = tuple(row.model_copy(update={"verdict": "missed"}) if row.met_words else row for row in sample.scorecard())
    assert headline(sample.whole().model_copy(update={"scorecard": rows})).praise == ""


def test_a_stopped_run_opens_with_its_cause(sample: ModuleType) -> None:
    page = render(sample.stopped())
    assert "<h1>quickstart: stopped at policy</h1>" in page
    assert page.index("loss became NaN at step 812") < page.index("The road")
    assert headline(sample.stopped()).verdict == "Stopped before any bar was measured"


def test_a_run_until_sft_ends_its_title_there_and_names_the_reason(sample: ModuleType) -> None:
    head = headline(sample.until_sft())
    assert head.title == "quickstart: from 2.81\u00a0million words to a model that answers"
    assert head.verdict == "No bar was measured, --until sft"


def test_a_miss_by_a_hair_does_not_look_like_the_bar() -> None:
    row = ScoreRow(group="g", label="l", key="policy.honest", value=0.947, low=0.91, high=0.98, n=150, bar="at least 0.95", bar_lines=(0.95,), verdict="missed")
    assert value_words(row) == "0.947"
    assert interval_words(row) == "0.910 to 0.980"


def test_a_value_that_is_not_there_must_say_why() -> None:
    with pytest.raises(ValueError, match="say why"):
        ScoreRow(group="g", label="l", key="k", value=None)
    run = RunFacts(recipe="r", seed=1, day=date(2026, 1, 2), code_version="c", synthetic=False, command="trivium run r")
    row = ScoreRow(group="g", label="l", key="k", value=None, undefined="needs two people", verdict="missed", bar="at least 1")
    assert "needs two people" in render(ReportData(run=run, scorecard=(row,)))


