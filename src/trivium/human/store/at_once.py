"""Several writes that do not wait for each other's outcome to one statement, where the database takes them together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, TextClause, bindparam, text


@dataclass(frozen=True)
class Rows:
    """As many rows of a table as are given: each column's parameter, `table_column`, is the list of its values.

    PostgreSQL gets lists, so that the statement is the same for any number of rows: what is short and known is neither
    read nor planned again.
    """

    table: str
    columns: Mapping[str, str]
    """Name → type in SQL."""
    same: Mapping[str, str]
    """Name → the parameter whose one value all rows have."""

    def name(self, column: str) -> str:
        """Return the parameter of a column."""
        return f"{self.table}_{column}"

    def of_lists(self) -> str:
        """Return the write whose parameters are lists."""
        lists = ", ".join(f"CAST(:{self.name(column)} AS {type_}[])" for column, type_ in self.columns.items())
        same = "".join(f":{parameter}, " for parameter in self.same.values())
        return f"INSERT INTO {self.table} ({self._names()}) SELECT {same}* FROM unnest({lists})"

    def of_one(self) -> str:
        """Return the write of one row."""
        values = [f":{parameter}" for parameter in (*self.same.values(), *map(self.name, self.columns))]
        return f"INSERT INTO {self.table} ({self._names()}) VALUES ({', '.join(values)})"

    def _names(self) -> str:
        return ", ".join([*self.same, *self.columns])

    def each(self, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the parameters of every row."""
        names = [self.name(column) for column in self.columns]
        same = {parameter: given[parameter] for parameter in self.same.values()}
        return [{**same, **dict(zip(names, row, strict=True))}
                for row in zip(*(given[name] for name in names), strict=True)]  # fmt: skip


class AtOnce:
    """INSERTs and UPDATEs of different rows, each written out with its parameters (`:name`).

    PostgreSQL gets them as one statement, all but the last as its WITH: between a question and the next everybody who
    wants the same lock waits. SQLite, which is a function call away, gets them one after the other.
    """

    def __init__(self, *writes: str | Rows, types: Mapping[str, Any]) -> None:
        """Take the writes; `types` are those of the parameters that are more than text and numbers."""
        *first, last = [write.of_lists() if isinstance(write, Rows) else write for write in writes]
        named = ", ".join(f"write_{number} AS ({write})" for number, write in enumerate(first))
        self._together = _typed(f"WITH {named} {last}" if first else last, types)
        self._in_turn = [
            (_typed(write.of_one(), types), write) if isinstance(write, Rows) else (_typed(write, types), None)
            for write in writes
        ]

    def run(self, connection: Connection, given: Mapping[str, Any]) -> None:
        """Do the writes with these values."""
        if connection.dialect.name == "postgresql":
            connection.execute(self._together, given)
            return
        for statement, rows in self._in_turn:
            many = None if rows is None else rows.each(given)
            if many is None or many:
                connection.execute(statement, given if many is None else many)


def _typed(statement: str, types: Mapping[str, Any]) -> TextClause:
    names = set(re.findall(r"(?<!:):(\w+)", statement))
    return text(statement).bindparams(*(bindparam(name, type_=types[name]) for name in names & set(types)))
