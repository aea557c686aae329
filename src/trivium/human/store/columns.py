"""Portable column types: ids that sort by time, UTC timestamps, JSON, and words from a fixed list with a CHECK."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from sqlalchemy import (
    JSON,
    ColumnElement,
    DateTime,
    Dialect,
    Enum,
    Integer,
    String,
    Text,
    TypeDecorator,
    literal_column,
)
from sqlalchemy import Table as CoreTable
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

ID_LENGTH = 32
Json = JSON().with_variant(JSONB(), "postgresql")


def new_id() -> str:
    """Return a UUIDv7 (RFC 9562, section 5.7) as 32 hexadecimal digits: 48 bits of milliseconds, then 74 of chance.

    >>> a = new_id(); (len(a), a[12], a[16] in "89ab")
    (32, '7', True)
    """
    milliseconds = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (2**48 - 1)) << 80 | 0x7 << 76 | (chance >> 64 & 0xFFF) << 64
    value |= 0x2 << 62 | (chance & (2**62 - 1))
    return f"{value:032x}"


_AGO: ContextVar[timedelta] = ContextVar("ago", default=timedelta(0))


def now() -> datetime:
    """Return this moment in UTC, or the one before it that `ago` says."""
    return datetime.now(UTC) - _AGO.get()


@contextmanager
def ago(time: timedelta) -> Iterator[None]:
    """Let what is done within have been done so long ago: for a demonstration, which begins with a past."""
    token = _AGO.set(time)
    try:
        yield
    finally:
        _AGO.reset(token)


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC with its zone; a naive one is refused, because nobody knows when it is."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware moment into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"wanted a moment with a time zone, found {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back, which SQLite does not keep."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def words(name: str, literal: Any) -> Enum:
    """Return a text column type that holds only the words of a Literal, checked by the database too."""
    return Enum(*get_args(literal), name=name, native_enum=False, create_constraint=True, length=32)


def spelled(word: str | int) -> ColumnElement[Any]:
    """Return one of our own words, or a LIMIT, spelled out in a statement that is built once, not as its parameter.

    PostgreSQL plans a prepared statement once for all parameters only where that seems no worse than to plan it for
    these. For an unknown state no index over some of the states can be used, and an unknown LIMIT is taken for a tenth
    of the rows; so the question for the next item was planned at every lease, four times as long as it ran.
    """
    assert isinstance(word, int) or word.isidentifier(), word
    return literal_column(repr(word), Integer() if isinstance(word, int) else Text())


class Table(DeclarativeBase):
    """The root of all tables."""

    type_annotation_map = {  # noqa: RUF012 -- read once by SQLAlchemy, never changed
        str: Text(),
        datetime: UtcTime(),
        dict[str, Any]: Json,
        list[str]: Json,
        list[int]: Json,
        list[dict[str, Any]]: Json,
    }


class JsonRows(FunctionElement[list[list[Any]]]):
    """An aggregate of some columns of many rows to one JSON list of lists; null or empty where there is no row.

    So a question about one item can bring its replies along. The lists come in any order.
    """

    type = JSON()
    inherit_cache = True


@compiles(JsonRows, "postgresql")
def _json_rows_postgresql(element: JsonRows, compiler: SQLCompiler, **given: Any) -> str:
    return f"json_agg(json_build_array({compiler.process(element.clauses, **given)}))"


@compiles(JsonRows, "sqlite")
def _json_rows_sqlite(element: JsonRows, compiler: SQLCompiler, **given: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **given)}))"


def core(table: type[Table]) -> CoreTable:
    """Return the plain table under a mapped class, for statements that run often."""
    found = table.__table__
    assert isinstance(found, CoreTable)
    return found


def key() -> Mapped[str]:
    """Return the primary key that nearly every table has."""
    return mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)


def created() -> Mapped[datetime]:
    """Return the column that says when a row came to be."""
    return mapped_column(UtcTime(), default=now)
