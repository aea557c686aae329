"""Tables whose rows are never changed or deleted (I5) to triggers that make the database refuse it."""

from __future__ import annotations

from collections.abc import Iterator

TABLES = ("prompt", "response", "judgement", "mark", "event", "withdrawal")


def statements(dialect: str) -> Iterator[str]:
    """Yield the SQL that makes the triggers."""
    if dialect == "postgresql":
        yield (
            "CREATE FUNCTION trivium_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
        )
    for table in TABLES:
        for verb in ("UPDATE", "DELETE"):
            name = f"{table}_no_{verb.lower()}"
            if dialect == "postgresql":
                yield (
                    f'CREATE TRIGGER {name} BEFORE {verb} ON "{table}" '
                    "FOR EACH ROW EXECUTE FUNCTION trivium_append_only()"
                )
            else:
                yield (
                    f'CREATE TRIGGER {name} BEFORE {verb} ON "{table}" '
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
