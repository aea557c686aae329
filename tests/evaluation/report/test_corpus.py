"""The corpus report: a page of its own, whose figures say what the account says."""

from __future__ import annotations

import re
from typing import Any

import pytest

from trivium.evaluation.report.corpus import render_corpus
from trivium.evaluation.report.funnel import histogram, pairs, steps


@pytest.fixture
def account() -> dict[str, Any]:
    sample = {
        "id": "1a",
        "source": "web",
        "text": "<script>alert(1)</script>\n\x01",
        "rule": None,
        "value": None,
        "detail": None,
    }
    dropped = sample | {"rule": "language", "value": 0.98, "detail": "de"}
    return {
        "documents": {"read": 1000, "kept": 680, "heldout": 20},
        "characters": 90_000,
        "words": 20_000,
        "sources": [
            {"name": "web", "licence": "CC0-1.0", "read": 1000, "kept": 680, "heldout": 20, "dropped": 300, "characters": 90_000}
        ],
        "dropped": [
            {"rule": "language", "documents": 200, "by_source": {"web": 200}},
            {"rule": "stop_words", "documents": 100, "by_source": {"web": 100}},
        ],
        "failed": {"stop_words": 120, "letters": 40, "bullets": 0},
        "overlaps": [{"rules": ["letters", "stop_words"], "documents": 30}],
        "languages": {"en": {"read": 800, "kept": 700}, "de": {"read": 200, "kept": 0}},
        "lengths": {"edges": [0, 100, 1000], "read": [500, 300, 200], "kept": [400, 200, 100]},
        "scores": {"toxicity": {"edges": [0.0, 0.5], "read": [900, 61], "kept": [700, 0]}},
        "duplicates": {
            "exact": 0, "near": 0, "clusters": 0, "across_sources": 0, "edges": [2, 3], "sizes": [], "largest": [],
        },
        "private": {"email": {"found": 7, "documents": 5}},
        "repaired": {},
        "decontamination": {"items": 40, "short_items": 1, "num_words": 13, "documents": 0},
        "repeated_paragraphs": 3,
        "reading": {
            "dropped": [{"reason": "empty text", "rows": 1234, "first": "web/a.jsonl:3"}],
            "repaired": [{"reason": "no utf-8: read as windows-1252", "rows": 2, "first": "web/b.txt"}],
        },
        "samples": {"kept": [sample], "language": [dropped]},
        "warnings": ["0 exact duplicates found among 1,000 documents"],
    }  # fmt: skip


def test_the_page_asks_for_nothing_and_runs_nothing(account: dict[str, Any]) -> None:
    page = render_corpus(account)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "\x01" not in page
    assert not re.search(r'(src|href)="(?!#)', page)
    assert "style=" not in page
    assert page == render_corpus(account)


def test_what_is_read_is_what_the_account_says(account: dict[str, Any]) -> None:
    page = render_corpus(account)
    for said in (
        "20,000 words kept of 1,000 documents",
        "300 documents were dropped (30 %), most of them by the rule “language”",
        "0 exact duplicates found among 1,000 documents.",
        "−200 · 20 %",
        "680 documents to train on and 20 held out, from 1 source",
        '<th scope="row">empty text</th><td class="quiet">left out</td><td class="n">1,234</td><td><code>web/a.jsonl:3</code>',
        'read as windows-1252</th><td class="quiet">repaired</td><td class="n">2</td><td><code>web/b.txt</code>',
        "CC0-1.0",
        "evaluation items",
    ):
        assert said in page, said
    assert page.count("75 %") == 1  # of what letters fails, stop_words fails so much
    assert page.count("25 %") == 1


def test_the_funnel_ends_with_what_is_kept_and_held_out(account: dict[str, Any]) -> None:
    documents = account["documents"]
    assert steps(account)[-1].left == documents["kept"] + documents["heldout"]


def test_bars_are_as_long_as_their_counts() -> None:
    widths = [
        float(width) for width in re.findall(r'class="left"[^>]* width="([\d.]+)"', pairs([("en", 8, 8), ("de", 4, 2)]))
    ]
    assert widths == [188.0, 47.0]


def test_columns_are_as_high_as_their_counts() -> None:
    drawn = histogram([0, 100], [20, 10], [20, 5], "characters")
    heights = [float(height) for height in re.findall(r'class="left"[^>]* height="([\d.]+)"', drawn)]
    assert heights[0] == pytest.approx(4 * heights[1], abs=0.2)


def test_nothing_dropped_and_nothing_known_still_makes_a_page(account: dict[str, Any]) -> None:
    account |= {"dropped": [], "failed": {}, "languages": {}, "private": {}, "decontamination": None, "warnings": []}
    account |= {"samples": {}, "scores": {}, "reading": {"dropped": [], "repaired": []}}
    page = render_corpus(account)
    assert "Nothing was dropped." in page
    assert "What reading met" not in page
    assert "Rules together" not in page
    assert "documents by score" not in page
