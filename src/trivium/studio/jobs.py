"""What the Studio does by itself while it runs: replies by models, webhooks, holds that ran out; a thread each.

Of several processes that share a database one does it, and another takes over when that one ends. Nothing here holds
state that a restart would lose: what is to be done stands in the database, and is looked up again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from trivium.core.errors import TriviumError
from trivium.human.desk import assignment
from trivium.human.store.database import Database
from trivium.human.store.sole import Sole
from trivium.studio.hooks import Sender
from trivium.studio.replies import Replies
from trivium.studio.settings import StudioSettings

TURN_SECONDS = 2.0
"""How often a process that does the work makes sure of it, and one that does not asks whether it is free."""


class Jobs:
    """The threads; started with the app, stopped with it."""

    def __init__(self, database: Database, settings: StudioSettings) -> None:
        """Begin nothing yet."""
        self.database = database
        self.replies = Replies(database, settings)
        self.sender = Sender(database, private=settings.private_hooks)
        self._sole = Sole(database, "jobs")
        self._ours = threading.Event()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin all of them."""
        self._begin("turn", self._turn)
        for name, step, pause in (
            ("replies", self.replies.step, 0.5), ("webhooks", self.sender.step, 2.0), ("holds", self.sweep, 20.0),
        ):  # fmt: skip
            self._begin(name, self._run, step, pause)

    def stop(self) -> None:
        """Let each end what it does, at most for five seconds, and leave the work to others."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5)
        self._sole.release()

    def sweep(self) -> bool:
        """Give back holds that ran out; say whether there may be more."""
        return self.database.run(assignment.sweep) > 0

    @property
    def ours(self) -> bool:
        """Whether this is the process that does the work."""
        return self._ours.is_set()

    def _begin(self, name: str, run: Callable[..., None], *given: object) -> None:
        thread = threading.Thread(target=run, args=given, name=f"studio-{name}", daemon=True)
        thread.start()
        self._threads.append(thread)

    def _turn(self) -> None:
        while not self._stop.is_set():
            if self._sole.hold():
                self._ours.set()
            else:
                self._ours.clear()
            self._stop.wait(TURN_SECONDS)

    def _run(self, step: Callable[[], bool], pause: float) -> None:
        while not self._stop.is_set():
            try:
                more = self.ours and step()
            except (TriviumError, SQLAlchemyError):  # the next turn tries again; what was begun was rolled back
                more = False
            if not more:
                self._stop.wait(pause if self.ours else min(pause, TURN_SECONDS))
