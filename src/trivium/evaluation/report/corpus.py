"""Turns the account of a corpus into its page: one HTML file, no script, no request, the same bytes for the same
account.
"""

from __future__ import annotations

from typing import Any

from trivium.evaluation.report import funnel
from trivium.evaluation.report.page import environment, printable, styles
from trivium.evaluation.report.words import counted, large

MAX_RULES = 10
MAX_LANGUAGES = 10
MAX_REASONS = 20
KEPT = "kept"


def render_corpus(account: dict[str, Any]) -> str:
    """Return the page."""
    rules = [rule for rule, count in account["failed"].items() if count][:MAX_RULES]
    samples = account["samples"]
    dropped = [each for one in account["dropped"] for each in samples.get(one["rule"], [])]
    page = (
        environment()
        .get_template("corpus.html.j2")
        .render(
            account=account,
            styles=styles("corpus.css"),
            funnel=funnel,
            title=_title(account),
            lede=_lede(account),
            reading=[(it, "left out") for it in account["reading"]["dropped"][:MAX_REASONS]]
            + [(it, "repaired") for it in account["reading"]["repaired"][:MAX_REASONS]],
            rules=rules,
            overlaps=overlaps(account, rules),
            languages=[
                (code, each["read"], each["kept"]) for code, each in list(account["languages"].items())[:MAX_LANGUAGES]
            ],
            dropped_samples=_in_turn(dropped),
            kept_samples=samples.get(KEPT, []),
        )
    )
    return printable(page)


def overlaps(account: dict[str, Any], rules: list[str]) -> list[dict[str, Any]]:
    """Return for each rule the share of what it fails that each other rule fails too, None against itself.

    >>> both = {"failed": {"a": 4, "b": 2}, "overlaps": [{"rules": ["a", "b"], "documents": 1}]}
    >>> [row["shares"] for row in overlaps(both, ["a", "b"])]
    [[None, 0.25], [0.5, None]]
    """
    together = {frozenset(each["rules"]): each["documents"] for each in account["overlaps"]}
    rows = []
    for first in rules:
        failed = account["failed"][first]
        shares = [None if first == second else together.get(frozenset((first, second)), 0) / failed for second in rules]
        rows.append({"rule": first, "failed": failed, "shares": shares})
    return rows


def _title(account: dict[str, Any]) -> str:
    documents = account["documents"]
    return f"{large(account['words'])} words kept of {counted(documents['read'], 'document')}"


def _lede(account: dict[str, Any]) -> str:
    documents = account["documents"]
    gone = sum(each["documents"] for each in account["dropped"])
    sources = counted(len(account["sources"]), "source")
    kept = f"{documents['kept']:,} documents to train on and {documents['heldout']:,} held out, from {sources}"
    if not gone:
        return f"{kept}. Nothing was dropped."
    share = funnel.percent(gone / documents["read"])
    most = max(account["dropped"], key=lambda each: each["documents"])
    rule = most["rule"].replace("_", " ")
    return f"{kept}. {gone:,} documents were dropped ({share}), most of them by the rule “{rule}”."


def _in_turn(samples: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return two samples of each rule, in the order of the rules."""
    seen: dict[str, int] = {}
    chosen = []
    for each in samples:
        seen[each["rule"]] = seen.get(each["rule"], 0) + 1
        if seen[each["rule"]] <= 2:
            chosen.append(each)
    return chosen
