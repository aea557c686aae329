"""Several writes that do not wait for each other's outcome to one statement, where the database takes them together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, TextClause, bindparam, text


class AtOnce:
    """INSERTs and UPDATEs of different rows, each written out with its parameters (`:name`).

    PostgreSQL gets them as one statement, all but the last as its WITH: between a question and the next everybody who
    wants the same lock waits. SQLite, which is a function call away, gets them one after the other.
    """

    def __init__(self, *writes: str, types: Mapping[str, Any]) -> None:
        """Take the writes; `types` are those of the parameters that are more than text and numbers."""
        *first, last = writes
        named = ", ".join(f"write_{number} AS ({write})" for number, write in enumerate(first))
        self._together = _typed(f"WITH {named} {last}" if first else last, types)
        self._in_turn = [_typed(write, types) for write in writes]

    def run(self, connection: Connection, given: Mapping[str, Any]) -> None:
        """Do the writes with these values."""
        for statement in [self._together] if connection.dialect.name == "postgresql" else self._in_turn:
            connection.execute(statement, given)


def _typed(statement: str, types: Mapping[str, Any]) -> TextClause:
    names = set(re.findall(r"(?<!:):(\w+)", statement))
    return text(statement).bindparams(*(bindparam(name, type_=types[name]) for name in names & set(types)))
