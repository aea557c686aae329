"""A milestone to the page that goes with it: what it is, who made it and how, what was checked, what changed.

The questions follow "Datasheets for Datasets" (Gebru and others, arXiv:1803.09010), as far as the Studio knows answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from trivium.human.agreement import concordance, krippendorff_alpha, marks_alpha, pairwise_agreement
from trivium.human.coverage import attrs_of
from trivium.human.delivery.checks import Check
from trivium.human.delivery.content import Milestone
from trivium.human.delivery.difference import Difference
from trivium.human.quality.axes import same_mark
from trivium.human.ranking import Consensus, group, ranked
from trivium.records import Measure

MIN_PEOPLE = 5
"""Profiles are counted only where at least so many people share a value."""
SIGNS = {"ok": "ok", "warning": "**note**", "stop": "**stop**"}


def datasheet(
    milestone: Milestone, consensus: Mapping[str, Consensus], checked: Sequence[Check], changed: Difference | None
) -> str:
    """Return the datasheet as Markdown."""
    sections = [
        _head(milestone),
        _purpose(milestone),
        _composition(milestone),
        _people(milestone),
        _process(milestone),
        _agreement(milestone, consensus),
        _judged(milestone),
        _checks(checked),
        _change(changed),
        _use(milestone),
    ]
    return "\n\n".join("\n".join(lines) for lines in map(list, sections) if lines) + "\n"


def _head(milestone: Milestone) -> Iterator[str]:
    yield f"# {milestone.title or milestone.project}, milestone {milestone.milestone}"


def _purpose(milestone: Milestone) -> Iterator[str]:
    if milestone.purpose:
        yield "## Why it was made"
        yield ""
        yield milestone.purpose


def _composition(milestone: Milestone) -> Iterator[str]:
    yield "## What it holds"
    yield ""
    num_orders = sum(map(len, milestone.comparisons.values()))
    num_judged = sum(map(len, milestone.judgements.values()))
    yield "| kind | items | rows |"
    yield "|---|---|---|"
    for name, items, rows in (
        ("demonstrations", len(milestone.demonstrations), len(milestone.demonstrations)),
        ("comparisons", len(milestone.comparisons), num_orders),
        ("judgements", len(milestone.judgements), num_judged),
    ):
        if items:
            yield f"| {name} | {items} | {rows} |"
    yield ""
    prompts = [prompt for _, prompt in milestone.prompts()]
    yield from _counted("Prompts come from", Counter(prompt.origin for prompt in prompts))
    yield from _counted("Licences", Counter(prompt.licence for prompt in prompts))
    yield from _counted("Splits", Counter(prompt.split for prompt in prompts))
    marks: dict[str, Counter[str]] = {}
    for one in milestone.demonstrations.values():
        for name, value in attrs_of(one).items():
            marks.setdefault(name, Counter())[value] += 1
    for name, counts in sorted(marks.items()):
        yield from _counted(name.replace("_", " ").capitalize(), counts)
    if milestone.comparisons:
        sizes = Counter(f"{len(rows[0].replies)} replies" for rows in milestone.comparisons.values() if rows)
        yield from _counted("Replies to a prompt", sizes)
        overlap = Counter(f"{len({row.ranker for row in rows})} people" for rows in milestone.comparisons.values())
        yield from _counted("People who ranked a prompt", overlap)


def _counted(title: str, counts: Mapping[str, int]) -> Iterator[str]:
    if counts:
        parts = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
        yield f"- {title}: " + ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in parts)


def _people(milestone: Milestone) -> Iterator[str]:
    if not milestone.annotators:
        return
    yield "## Who made it"
    yield ""
    yield f"{len(milestone.annotators)} people, named by pseudonyms."
    yield ""
    yield from _counted("Parties", Counter(one.party for one in milestone.annotators if one.party))
    yield from _counted("Roles", Counter(role for one in milestone.annotators for role in one.roles))
    fields: dict[str, Counter[str]] = {}
    for one in milestone.annotators:
        for name, value in one.profile.items():
            fields.setdefault(name, Counter())[value] += 1
    hidden = 0
    for name, counts in sorted(fields.items()):
        yield from _counted(name.capitalize(), {value: n for value, n in counts.items() if n >= MIN_PEOPLE})
        hidden += sum(n < MIN_PEOPLE for n in counts.values())
    if hidden:
        yield f"- Groups under {MIN_PEOPLE} people are not counted here."


def _process(milestone: Milestone) -> Iterator[str]:
    if not (milestone.guidelines or milestone.reviews or milestone.requirement_version):
        return
    yield "## How it was made"
    yield ""
    if milestone.requirement is not None:
        yield f"- Requirement {milestone.requirement_version}: {milestone.requirement.target} pairs wanted in all."
    under = Counter(_guidelines(milestone))
    for one in milestone.guidelines:
        made = under.get(one.version, 0)
        yield f"- Guideline {one.version} (`guideline-{one.version}.md`, {one.sha256[:12]}): {made} rows made under it."
    for review in milestone.reviews:
        yield (
            f"- {review.stage}: {review.share:.0%} of each batch; {review.num_reviewed} looked at, "
            f"{review.num_returned} returned."
        )


def _guidelines(milestone: Milestone) -> Iterator[str]:
    yield from (one.guideline or "" for one in milestone.demonstrations.values())
    yield from (row.guideline or "" for rows in milestone.comparisons.values() for row in rows)
    for version, number in milestone.num_judged_under.items():
        yield from [version] * number


def _agreement(milestone: Milestone, consensus: Mapping[str, Consensus]) -> Iterator[str]:
    if not milestone.comparisons:
        return
    rows = [row for several in milestone.comparisons.values() for row in several]
    groups = [ranked(one) for one in group(rows)]
    yield "## How far people agree"
    yield ""
    yield f"- Pairs agreed: {said(pairwise_agreement(groups), share=True)}"
    yield f"- Krippendorff's alpha: {said(krippendorff_alpha(groups))}"
    yield f"- Kendall's W, mean over prompts: {said(concordance(groups))}"
    contested = Counter(one.aggregate.contested for one in consensus.values() if one.aggregate.contested is not None)
    method = milestone.method.replace("_", " ")
    yield f"- Winner and loser by {method}; {sum(contested.values())} prompts are contested and give no pair."
    yield from (f"  - {count}: {reason}" for reason, count in sorted(contested.items()))


def _judged(milestone: Milestone) -> Iterator[str]:
    """Say how far people agree on what is desirable: one matrix an item, people × replies."""
    if not milestone.judgements:
        return
    matrices = []
    for rows in milestone.judgements.values():
        replies = {reply: place for place, reply in enumerate(dict.fromkeys(row.reply for row in rows))}
        people = {person: place for place, person in enumerate(dict.fromkeys(row.judge for row in rows))}
        marks = np.full((len(people), len(replies)), np.nan)
        for row in rows:
            marks[people[row.judge], replies[row.reply]] = row.desirable
        matrices.append(marks)
    yield "## How far people agree on what is desirable"
    yield ""
    yield f"- Same judgement: {said(same_mark(matrices), share=True)}"
    yield f"- Krippendorff's alpha: {said(marks_alpha(matrices))}"


def said(measure: Measure, *, share: bool = False) -> str:
    """Return a measure with its interval and n, or why it has none.

    >>> said(Measure(value=0.741, n=354, low=0.723, high=0.758), share=True)
    '74.1 % (95 % interval 72.3 to 75.8 %, n = 354 prompts)'
    """
    if measure.value is None:
        return f"undefined: {measure.undefined}"
    unit, scale, digits = (" %", 100, 1) if share else ("", 1, 2)
    interval = ""
    if measure.low is not None and measure.high is not None:
        interval = f"95 % interval {measure.low * scale:.{digits}f} to {measure.high * scale:.{digits}f}{unit}, "
    return f"{measure.value * scale:.{digits}f}{unit} ({interval}n = {measure.n} prompts)"


def _checks(checked: Iterable[Check]) -> Iterator[str]:
    yield "## What was checked"
    yield ""
    yield from (f"- {one.name}: {SIGNS[one.state]}, {one.text}" for one in checked)
    yield ""
    yield (
        "Personal data is looked for by pattern (addresses, numbers, names that a text gives to its speaker); "
        "other names and anything said in other words are not found."
    )


def _change(changed: Difference | None) -> Iterator[str]:
    if changed is None:
        return
    yield "## What changed since the milestone before"
    yield ""
    yield f"- Kept as it was: {len(changed.kept)}"
    yield f"- Added: {len(changed.added)}"
    yield f"- Reworked: {len(changed.reworked)}" + _named(changed.reworked)
    yield f"- Withdrawn: {len(changed.withdrawn)}" + _named(changed.withdrawn)


def _named(items: Sequence[str]) -> str:
    return f" ({', '.join(f'`{item}`' for item in items)})" if items else ""


def _use(milestone: Milestone) -> Iterator[str]:
    yield "## How to use it"
    yield ""
    yield f"- In a recipe: `studio:{milestone.project}@{milestone.milestone}`"
    yield "- To check the files: `sha256sum -c CHECKSUMS.sha256`"
    if milestone.not_for:
        yield f"- Not for: {milestone.not_for}"
