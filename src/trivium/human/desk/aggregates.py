"""An item's rankings to mean ranks, a winner and a loser, or to a reason why a lead must look."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from trivium.core.version import code_version
from trivium.human.desk.pool import record_of
from trivium.human.desk.rounds import rest, settle, wait_for
from trivium.human.desk.settings import ProjectSettings
from trivium.human.desk.submissions import of_items
from trivium.human.ranking import Aggregate, aggregate_by
from trivium.human.states import ITEM, Kind, transition
from trivium.human.store.columns import Json, UtcTime, new_id, now
from trivium.human.store.projects import PoolPrompt
from trivium.human.store.work import Item
from trivium.human.submission import Submission
from trivium.records import Comparison, Prompt


def close_item(db: Session, item: Item, kind: Kind, settings: ProjectSettings) -> None:
    """Everybody who was wanted has answered: aggregate, and let the item rest or wait for a lead."""
    if kind == "guard_review":
        from trivium.human.desk.guards import close_review

        close_review(db, item, settings)
        return
    found = compute(db, item, settings)
    contested = found is not None and found.contested is not None
    item.state = transition(ITEM[kind], item.state, "contest" if contested else "agree", "clock")  # type: ignore[assignment]
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
    db.connection().execute(_KEEP, {
        "id": new_id(), "created_at": now(), "item_id": item.id, "round": item.round, "method": settings.method,
        "params_sha": hashlib.sha256(params.encode()).hexdigest(), "result": body, "n": len(rankings),
        "agreement": result.pairwise_agreement, "code_version": code_version(),
    })  # fmt: skip
    return result


_COLUMNS = ("id", "created_at", "item_id", "round", "method", "params_sha", "result", "n", "agreement", "code_version")
_KEY = ("item_id", "round", "method")
_KEEP = text(
    f"INSERT INTO aggregate ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)}) "
    f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in _KEY)
).bindparams(bindparam("created_at", type_=UtcTime()), bindparam("result", type_=Json))
"""What was computed before is computed anew."""


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
