"""An item's rankings to mean ranks, a winner and a loser, or to a reason why a lead must look."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from sqlalchemy import delete
from sqlalchemy.orm import Session

from trivium.core.version import code_version
from trivium.human.desk.pool import record_of
from trivium.human.desk.rounds import move, rest, settle, wait_for
from trivium.human.desk.settings import ProjectSettings
from trivium.human.desk.submissions import of_items
from trivium.human.ranking import Aggregate, aggregate_by
from trivium.human.store.projects import PoolPrompt, Project
from trivium.human.store.work import AggregateRow, Item
from trivium.human.submission import Submission
from trivium.records import Comparison, Prompt


def close_item(db: Session, item: Item, settings: ProjectSettings) -> None:
    """Everybody who was wanted has answered: aggregate, and let the item rest or wait for a lead."""
    kind = db.get_one(Project, item.project_id).kind
    if kind == "guard_review":
        from trivium.human.desk.guards import close_review

        close_review(db, item, settings)
        return
    found = compute(db, item, settings)
    contested = found is not None and found.contested is not None
    move(db, item, "contest" if contested else "agree", "clock")
    if contested and settings.adjudicate and not item.is_gold:
        wait_for(item, "adjudicate", 1)
    else:
        rest(item)
    db.flush()
    settle(db, item.batch_id)


def compute(
    db: Session, item: Item, settings: ProjectSettings, lead: Submission | None = None
) -> Aggregate | None:
    """Aggregate the item's rankings, and a lead's where one is given, and keep the result; None where the rubric asks
    no order.
    """
    rankings = [one for one in of_items(db, [item.id]) if one.ranks is not None]
    if not rankings:
        return None
    rankings += [lead] if lead is not None else []
    prompt = record_of(db.get_one(PoolPrompt, item.prompt_id))
    consensus = aggregate_by(settings.method, comparisons_of(prompt, rankings), settings.rules)
    result = consensus.aggregate
    body = result.model_dump(mode="json", exclude={"prompt", "replies"}) | {"strengths": consensus.strengths}
    params = json.dumps([settings.method, settings.rules.model_dump(mode="json")], sort_keys=True)
    db.execute(
        delete(AggregateRow).where(
            AggregateRow.item_id == item.id, AggregateRow.round == item.round, AggregateRow.method == settings.method
        )
    )
    db.add(AggregateRow(
        item_id=item.id, round=item.round, method=settings.method, result=body, n=len(rankings),
        params_sha=hashlib.sha256(params.encode()).hexdigest(), agreement=result.pairwise_agreement,
        code_version=code_version(),
    ))  # fmt: skip
    return result


def comparisons_of(prompt: Prompt, rankings: Sequence[Submission]) -> list[Comparison]:
    """Return submissions on one prompt's replies as comparison records."""
    return [
        Comparison(
            prompt=prompt, replies=one.replies, ranks=one.ranks or (), ranker=one.person,
            scores={axis: tuple(float(v) for v in values if v is not None) for axis, values in one.scores.items()
                    if None not in values},
            flags=tuple(tuple(sorted(flag for flag, marks in one.flags.items() if marks[slot]))
                        for slot in range(len(one.replies))) if any(any(marks) for marks in one.flags.values()) else (),
            none_acceptable=one.none_acceptable, guideline=one.guideline,
        )
        for one in rankings
    ]  # fmt: skip
