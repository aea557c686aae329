"""What a transaction did to its events in the hash chain and its messages in the outbox, at its very end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import String, bindparam, exists, insert, select, text, update
from sqlalchemy.orm import Session

from trivium.human.store.columns import Json, UtcTime, core, new_id, now
from trivium.human.store.journal import Chain, Event, Outbox, Webhook

Row4 = tuple[str, str, str, dict[str, Any]]
"""Actor, action, target, detail."""
HOUSE = "house"
_PENDING = "trivium.events"


def note(session: Session, actor: str, action: str, target: str, **detail: Any) -> None:
    """Remember that this was done in the house; the event is written when the transaction ends."""
    session.info.setdefault(_PENDING, []).append((HOUSE, actor, action, target, detail))


def note_in(session: Session, project_id: str, actor: str, action: str, target: str, **detail: Any) -> None:
    """Remember that this was done in a project; the event is written when the transaction ends."""
    session.info.setdefault(_PENDING, []).append((project_id, actor, action, target, detail))


def event_hash(previous: str, row: dict[str, Any]) -> str:
    """Return the SHA-256 over the hash before and the event's canonical JSON."""
    return hashlib.sha256((previous + "\n" + _canonical(row)).encode("utf-8", "surrogatepass")).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def append_pending(session: Session) -> None:
    """Append the events to their chains; the chain's head is locked from here to the commit only."""
    pending = session.info.pop(_PENDING, [])
    if not pending:
        return
    session.flush()
    by_scope: dict[str, list[Row4]] = {}
    for scope, actor, action, target, detail in pending:
        by_scope.setdefault(scope, []).append((actor, action, target, detail))
    for scope in sorted(by_scope):  # one order for all, so that no two transactions wait for each other
        _append(session, scope, by_scope[scope])


def _append(session: Session, scope: str, rows: list[Row4]) -> None:
    at_once = session.get_bind().dialect.name == "postgresql"
    hooked, told = (_append_at_once if at_once else _append_in_turn)(session, scope, rows)
    if hooked:
        _post(session, session.connection().execute(_HOOKS, {"of": scope}).all(), told)


def _append_in_turn(session: Session, scope: str, rows: list[Row4]) -> tuple[bool, list[dict[str, Any]]]:
    """Read the chain's head, add the events, write the head; return whether anybody listens, and the events."""
    seq, previous, hooked = _head(session, scope)
    events = []
    for actor, action, target, detail in rows:
        seq += 1
        at = now()
        body = {"scope": scope, "seq": seq, "at": at.isoformat(timespec="microseconds"), "actor": actor,
                "action": action, "target": target, "detail": detail}  # fmt: skip
        digest = event_hash(previous, body)
        events.append({"id": new_id(), "created_at": at, "scope": scope, "seq": seq, "actor": actor, "action": action,
                       "target": target, "detail": detail, "prev_hash": previous, "hash": digest})  # fmt: skip
        previous = digest
    connection = session.connection()
    connection.execute(_ADD, events)
    connection.execute(_ADVANCE, {"of": scope, "new_seq": seq, "new_hash": previous})
    return hooked, events


def _append_at_once(session: Session, scope: str, rows: list[Row4]) -> tuple[bool, list[dict[str, Any]]]:
    """Do the same in one statement an event: between the questions everybody else in the project would wait for us."""
    connection = session.connection()
    hooked, events = False, []
    for actor, action, target, detail in rows:
        event: dict[str, Any] = {"id": new_id(), "created_at": now(), "actor": actor, "action": action,
                                 "target": target, "detail": detail}  # fmt: skip
        at = event["created_at"].isoformat(timespec="microseconds")
        first = {"action": action, "actor": actor, "at": at, "detail": detail, "scope": scope}
        given = {**event, "of": scope, "before": _canonical(first)[:-1] + ',"seq":',
                 "after": ',"target":' + _canonical(target) + "}"}  # fmt: skip
        row = connection.execute(_AT_ONCE, given).one_or_none()
        if row is None:
            _head(session, scope)  # the chain is new
            row = connection.execute(_AT_ONCE, given).one()
        hooked = hooked or row.hooked
        events.append(event)
    return hooked, events


_AT_ONCE = text("""
    WITH head AS (SELECT seq + 1 AS seq, hash FROM chain WHERE scope = :of FOR NO KEY UPDATE),
    next AS (
        SELECT seq, hash AS prev, encode(sha256(convert_to(
            hash || chr(10) || CAST(:before AS text) || CAST(seq AS text) || CAST(:after AS text), 'UTF8'
        )), 'hex') AS hash
        FROM head
    ),
    added AS (
        INSERT INTO event (id, created_at, scope, seq, actor, action, target, detail, prev_hash, hash)
        SELECT :id, :created_at, :of, next.seq, :actor, :action, :target, :detail, next.prev, next.hash FROM next
    )
    UPDATE chain SET seq = next.seq, hash = next.hash FROM next WHERE chain.scope = :of
    RETURNING EXISTS (SELECT 1 FROM webhook WHERE webhook.project_id = :of AND webhook.active) AS hooked
""").bindparams(  # the keys of an event's canonical JSON are in order, so `seq` stands between `before` and `after`
    bindparam("created_at", type_=UtcTime), bindparam("detail", type_=Json),
    *(bindparam(name, type_=String) for name in ("of", "id", "actor", "action", "target", "before", "after")),
)  # fmt: skip


_CHAINS, _WEBHOOKS = core(Chain), core(Webhook)
_HOOKED = exists().where(_WEBHOOKS.c.project_id == bindparam("of"), _WEBHOOKS.c.active)
_HEAD = (
    select(_CHAINS.c.seq, _CHAINS.c.hash, _HOOKED.label("hooked"))
    .where(_CHAINS.c.scope == bindparam("of"))
    .with_for_update(of=_CHAINS, key_share=True)
)
_ADD = insert(core(Event))
_ADVANCE = (
    update(_CHAINS)
    .where(_CHAINS.c.scope == bindparam("of"))
    .values(seq=bindparam("new_seq"), hash=bindparam("new_hash"))
)
_HOOKS = select(_WEBHOOKS.c.id, _WEBHOOKS.c.topics).where(_WEBHOOKS.c.project_id == bindparam("of"), _WEBHOOKS.c.active)


def _head(session: Session, scope: str) -> tuple[int, str, bool]:
    """Return the chain's length and last hash, its row locked, and whether anybody listens; a new chain begins with
    zeros.
    """
    connection = session.connection()
    row = connection.execute(_HEAD, {"of": scope}).one_or_none()
    if row is None:
        dialect = session.get_bind().dialect.name
        if dialect == "postgresql":
            from sqlalchemy.dialects.postgresql import insert as upsert
        else:
            from sqlalchemy.dialects.sqlite import insert as upsert  # type: ignore[assignment]
        session.execute(upsert(Chain).values(scope=scope, seq=0, hash="0" * 64).on_conflict_do_nothing())
        row = connection.execute(_HEAD, {"of": scope}).one()
    return row.seq, row.hash, row.hooked


def _post(session: Session, hooks: Sequence[Any], events: list[dict[str, Any]]) -> None:
    """Put each event into the outbox of every webhook that asked for its kind."""
    messages = [
        {"id": new_id(), "created_at": event["created_at"], "webhook_id": hook.id, "topic": event["action"],
         "payload": {"type": event["action"], "timestamp": event["created_at"].isoformat(),
                     "data": {"target": event["target"], **event["detail"]}},
         "state": "waiting", "attempts": 0, "due_at": event["created_at"], "last_error": ""}
        for hook in hooks
        for event in events
        if not hook.topics or event["action"] in hook.topics
    ]  # fmt: skip
    if messages:
        session.execute(insert(Outbox), messages)
