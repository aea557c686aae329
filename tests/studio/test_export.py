"""A sealed milestone in other formats: what is lost is said before, and rankings go out singly or as what they come to."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from studio.visitors import Visitor
from trivium.human.formats import FORMATS, load

Visit = Callable[[str | None], Visitor]
PLACE = "/p/everyday-help/deliveries/m1"


@pytest.fixture
def client_lead(visit: Visit) -> Visitor:
    return visit("stork-09")


def rows(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


def test_the_pairs_of_an_export_are_the_winner_and_the_loser_or_all_that_mean_ranks_tell_apart(
    client_lead: Visitor,
) -> None:
    sealed = rows(gzip.decompress(client_lead.get(f"{PLACE}/files/aggregates.jsonl.gz").content))
    decided = [one["aggregate"] for one in sealed if one["aggregate"].get("contested") is None]
    best = rows(client_lead.get(f"{PLACE}/export/trl-preference?orders=best_worst").content)
    assert len(best) == len(decided) > 10
    for row, one in zip(best, decided, strict=True):
        winner, loser = one["replies"][one["winner"]], one["replies"][one["loser"]]
        assert (row["chosen"], row["rejected"]) == ([{"role": "assistant", "content": winner}],
                                                    [{"role": "assistant", "content": loser}])  # fmt: skip
        assert row["margin"] == pytest.approx(max(one["mean_ranks"]) - min(one["mean_ranks"]))
        assert row["group_id"] == one["prompt"]["id"]
    every = rows(client_lead.get(f"{PLACE}/export/trl-preference?orders=all_pairs").content)
    apart = sum(a != b for one in decided for a, b in combinations(one["mean_ranks"], 2))
    assert len(every) == apart > len(best)
    page = client_lead.get(f"{PLACE}/export?format=trl-preference&orders=best_worst").text
    num_contested = len(sealed) - len(decided)
    assert ("contested" in page) is (num_contested > 0)
    assert f'href="{PLACE}/export/trl-preference?orders=best_worst"' in page


@pytest.mark.parametrize("name", sorted(name for name, form in FORMATS.items() if form.written))
def test_every_format_says_what_it_would_lose_and_then_loses_nothing_else(
    client_lead: Visitor, tmp_path: Path, name: str
) -> None:
    page = client_lead.get(f"{PLACE}/export?format={name}&orders=best_worst")
    assert page.status_code == 200
    named = "Nothing would be lost" not in page.text
    answer = client_lead.get(f"{PLACE}/export/{name}?orders=best_worst")
    assert answer.status_code == 200
    file = tmp_path / answer.headers["content-disposition"].split('"')[1]
    file.write_bytes(answer.content)
    imported = load(name, file)
    assert imported.rejects == []
    whole = client_lead.get(f"{PLACE}/export/trivium?orders=best_worst").content
    (tmp_path / "whole.jsonl").write_bytes(whole)
    same = imported.records == load("trivium", tmp_path / "whole.jsonl").records
    assert named or same
