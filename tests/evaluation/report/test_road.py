from __future__ import annotations

from types import ModuleType

from trivium.evaluation.report import render
from trivium.evaluation.report.road import lay_out, road_words, why_missing


def test_one_round_is_one_row_of_nine_with_the_mix_from_pretrain_to_policy(sample: ModuleType) -> None:
    found = lay_out(sample.whole())
    assert found is not None
    assert found.columns == 9
    assert [leg.name for leg in found.rows[0].legs] == ["Pre-train", "Fine-tune", "Reinforce", "Judge"]
    assert found.mix == (3, 6)
    assert found.back == (4, 6)
    assert [station.name for station in found.beside] == ["policy_without_mix"]


def test_a_second_round_stands_under_the_first(sample: ModuleType) -> None:
    found = lay_out(sample.all_met())
    assert found is not None
    assert len(found.rows) == 2
    columns = {stop.station.name: stop.column for stop in found.rows[0].stops}
    second = [(stop.station.name, stop.column) for stop in found.rows[1].stops]
    assert second == [(name, columns[name]) for name in ("comparisons", "reward", "policy")] + [("evaluate", 9)]
    assert [leg.name for leg in found.rows[1].legs] == ["Reinforce, round 2", "Judge"]
    page = render(sample.all_met())
    assert page.count("<h3>comparisons</h3>") == page.count("<h3>policy</h3>") - 1 == 2  # policy has a first batch too


def test_a_stage_that_did_not_run_is_hollow_and_says_why(sample: ModuleType) -> None:
    page = render(sample.until_sft())
    assert page.count('" data-state="not_run"') == 4
    assert page.count("not run: --until sft") == 4
    assert "Five of nine stages made" in road_words(sample.until_sft())
    assert "No prompt was ranked: comparisons was not run, --until sft." in page


def test_the_cause_of_a_stop_stands_in_the_sections_it_emptied(sample: ModuleType) -> None:
    assert why_missing(sample.stopped(), "No samples were kept", "policy").startswith("No samples were kept: policy stopped, loss became NaN")


def test_people_come_in_as_squares(sample: ModuleType) -> None:
    page = render(sample.whole())
    assert page.count('class="station people') == 2
    assert "what is found comes back only through people" in page


def test_a_run_without_stages_has_no_road(sample: ModuleType) -> None:
    assert lay_out(sample.whole().model_copy(update={"road": ()})) is None
