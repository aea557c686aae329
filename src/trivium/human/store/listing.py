"""A question with many answers to a sequence of them that is asked for a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

from sqlalchemy import func, select
from sqlalchemy.orm import Session

T = TypeVar("T")


class Listing(Sequence[T], Generic[T]):
    """The rows of a question in its order: `len` counts them, a slice fetches those of the slice and no others."""

    def __init__(self, db: Session, question: Any, made: Callable[[Any], T]) -> None:
        """Take a SELECT in a definite order, and what makes an answer of a row."""
        self._db, self._question, self._made = db, question, made
        self._length: int | None = None

    def __len__(self) -> int:
        """Count the rows; once."""
        if self._length is None:
            counted = select(func.count()).select_from(self._question.order_by(None).subquery())
            self._length = self._db.scalar(counted) or 0
        return self._length

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> list[T]: ...
    def __getitem__(self, place: int | slice) -> T | list[T]:
        """Return one row, or those of a slice, fetched now."""
        if isinstance(place, int):
            return self._part(range(len(self))[place], 1)[0]
        wanted = range(len(self))[place]
        if wanted.step < 1:
            raise ValueError("wanted rows in their order")
        return self._part(wanted.start, max(0, wanted.stop - wanted.start))[:: wanted.step]

    def __iter__(self) -> Iterator[T]:
        """Fetch all rows."""
        return iter([self._made(row) for row in self._db.execute(self._question)])

    def _part(self, start: int, number: int) -> list[T]:
        return [self._made(row) for row in self._db.execute(self._question.offset(start).limit(number))]
