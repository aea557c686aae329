"""A milestone to what must hold before it is sealed, and what its readers should know."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from trivium.human.agreement import pairwise_agreement
from trivium.human.coverage import attrs_of, cover
from trivium.human.delivery.content import Aside, Milestone
from trivium.human.duplicates import PromptIndex
from trivium.human.privacy import masked, passages
from trivium.human.ranking import group, ranked
from trivium.records import Comparison, Demonstration, Judgement, Message, Prompt, Record

State = Literal["ok", "warning", "stop"]


class Check(Record):
    """One thing that was looked at. A `stop` keeps the milestone from being sealed; `items` are where to look."""

    name: str
    state: State
    text: str
    items: tuple[str, ...] = ()


def checks(
    milestone: Milestone,
    *,
    cleared: Collection[str] = (),
    without_consent: Collection[str] = (),
    gold: Collection[str] = (),
) -> list[Check]:
    """Return all checks. `cleared` are items whose possible personal data a person has looked at and let pass;
    `without_consent` are items whose prompts lack it; `gold` are items with a known answer, which never leave.
    """
    return [
        _content(milestone),
        _personal_data(milestone, cleared),
        _consent(milestone, without_consent),
        _splits(milestone),
        _gold(milestone, gold),
        _licences(milestone),
        *_coverage(milestone),
        *_contested(milestone),
        *_agreement(milestone),
    ]


def _content(milestone: Milestone) -> Check:
    if not milestone.num_items:
        return Check(name="content", state="stop", text="nothing is accepted yet")
    empty = tuple(item for item, one in milestone.demonstrations.items() if not one.reply.strip())
    empty += tuple(item for item, rows in milestone.comparisons.items() if not rows)
    if empty:
        return Check(name="content", state="stop", text=f"{len(empty)} items are empty", items=empty)
    return Check(name="content", state="ok", text=f"{milestone.num_items} items")


def _personal_data(milestone: Milestone, cleared: Collection[str]) -> Check:
    found: dict[str, int] = {}
    for item, text in milestone.texts():
        if item not in cleared and (count := len(passages(text))):
            found[item] = found.get(item, 0) + count
    if found:
        text = f"{sum(found.values())} passages in {len(found)} items may be personal data"
        return Check(name="personal data", state="stop", text=text, items=tuple(found))
    parts = [f"{milestone.num_replaced} passages were replaced"] if milestone.num_replaced else []
    parts += [f"{len(cleared)} items were looked at by a person and let pass"] if cleared else []
    return Check(name="personal data", state="ok", text="; ".join(["none found by pattern", *parts]))


def _consent(milestone: Milestone, without: Collection[str]) -> Check:
    lacking = tuple(item for item, _ in milestone.prompts() if item in without)
    if lacking:
        return Check(name="consent", state="stop", text=f"{len(lacking)} prompts lack consent", items=lacking)
    num_users = sum(prompt.origin == "user" for _, prompt in milestone.prompts())
    return Check(name="consent", state="ok", text=f"no prompt lacks it; {num_users} come from users")


def _splits(milestone: Milestone) -> Check:
    """Look for near-duplicates of one side among the prompts of another."""
    sides: dict[str, dict[str, str]] = {}
    for item, prompt in milestone.prompts():
        sides.setdefault(prompt.split, {})[item] = "\n".join(turn.content for turn in prompt.messages)
    touching: list[str] = []
    names = sorted(sides, key=lambda side: -len(sides[side]))
    for place, side in enumerate(names[:-1]):
        index = PromptIndex(sides[side])
        for other in names[place + 1 :]:
            touching += [item for item, text in sides[other].items() if index.nearest(text, limit=1)]
    if touching:
        text = f"{len(touching)} prompts are near-duplicates of prompts on another side"
        return Check(name="splits", state="stop", text=text, items=tuple(dict.fromkeys(touching)))
    what = "do not touch by near-duplicates" if len(sides) > 1 else "there is one side only"
    return Check(name="splits", state="ok", text=what)


def _gold(milestone: Milestone, gold: Collection[str]) -> Check:
    inside = tuple(item for item, _ in milestone.prompts() if item in gold)
    if inside:
        return Check(name="gold", state="stop", text=f"{len(inside)} gold items are among them", items=inside)
    return Check(name="gold", state="ok", text=f"none inside; {milestone.num_gold} kept back")


def _licences(milestone: Milestone) -> Check:
    unstated = tuple(item for item, prompt in milestone.prompts() if prompt.licence == "unstated")
    if unstated:
        text = f"{len(unstated)} prompts have no stated licence"
        return Check(name="licences", state="warning", text=text, items=unstated)
    return Check(name="licences", state="ok", text="every prompt has one")


def _coverage(milestone: Milestone) -> list[Check]:
    if milestone.requirement is None or not milestone.demonstrations:
        return []
    coverage = cover(milestone.requirement, map(attrs_of, milestone.demonstrations.values()), ())
    short = [cell for cell in (*coverage.cells, *coverage.also) if cell.accepted < cell.target]
    if not short:
        return [Check(name="coverage", state="ok", text="every cell has its share")]
    worst = min(short, key=lambda cell: cell.accepted / cell.target)
    where = ", ".join(value.replace("_", " ") for value in worst.where.values())
    text = f"{len(short)} cells are under their target; furthest: {where}, {worst.accepted} of {worst.target}"
    return [Check(name="coverage", state="warning", text=text)]


def _contested(milestone: Milestone) -> list[Check]:
    if not milestone.comparisons:
        return []
    contested = tuple(item for item, one in milestone.consensus().items() if one.aggregate.contested is not None)
    if not contested:
        return [Check(name="contested", state="ok", text="every order has a winner and a loser")]
    text = f"{len(contested)} of {len(milestone.comparisons)} prompts are contested and give no pair"
    return [Check(name="contested", state="warning", text=text, items=contested)]


def _agreement(milestone: Milestone) -> list[Check]:
    least = milestone.requirement.min_agreement if milestone.requirement else None
    if least is None or not milestone.comparisons:
        return []
    rows = [row for several in milestone.comparisons.values() for row in several]
    measure = pairwise_agreement([ranked(one) for one in group(rows)])
    if measure.value is None:
        return [Check(name="agreement", state="warning", text=f"undefined: {measure.undefined}")]
    text = f"{measure.value:.1%} of pairs agreed, {least:.1%} required"
    return [Check(name="agreement", state="ok" if measure.value >= least else "warning", text=text)]


def without_personal_data(milestone: Milestone, cleared: Collection[str] = ()) -> Milestone:
    """Return the milestone with every passage that may be personal replaced by its kind, but in cleared items."""
    count = 0

    def clean(text: str) -> str:
        nonlocal count
        found = passages(text)
        count += len(found)
        return masked(text, found)

    def prompt_of(prompt: Prompt) -> Prompt:
        turns = tuple(Message(role=turn.role, content=clean(turn.content)) for turn in prompt.messages)
        if turns == prompt.messages:
            return prompt
        again = Prompt.of_messages(turns, origin=prompt.origin, source=prompt.source)
        return prompt.model_copy(update={"messages": turns, "id": again.id})

    def demonstration_of(one: Demonstration) -> Demonstration:
        return one.model_copy(update={"prompt": prompt_of(one.prompt), "reply": clean(one.reply)})

    def comparison_of(one: Comparison) -> Comparison:
        return one.model_copy(update={"prompt": prompt_of(one.prompt), "replies": tuple(map(clean, one.replies))})

    def aside_of(one: Aside) -> Aside:
        return one.model_copy(update={"text": clean(one.text)})

    def judgement_of(one: Judgement) -> Judgement:
        update = {"prompt": prompt_of(one.prompt), "reply": clean(one.reply), "reason": clean(one.reason)}
        return one.model_copy(update=update)

    update = {
        "demonstrations": {
            item: one if item in cleared else demonstration_of(one) for item, one in milestone.demonstrations.items()
        },
        "comparisons": {
            item: rows if item in cleared else tuple(map(comparison_of, rows))
            for item, rows in milestone.comparisons.items()
        },
        "judgements": {
            item: rows if item in cleared else tuple(map(judgement_of, rows))
            for item, rows in milestone.judgements.items()
        },
        "asides": {
            item: said if item in cleared else tuple(map(aside_of, said)) for item, said in milestone.asides.items()
        },
    }
    return milestone.model_copy(update={**update, "num_replaced": milestone.num_replaced + count})
