"""What the Studio does by itself while it runs: replies by models, webhooks, holds that ran out; a thread each.

Nothing here holds state that a restart would lose: what is to be done stands in the database, and is looked up again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from trivium.core.errors import TriviumError
from trivium.human.desk import assignment
from trivium.human.store.database import Database
from trivium.studio.hooks import Sender
from trivium.studio.replies import Replies
from trivium.studio.settings import StudioSettings


class Jobs:
    """The threads; started with the app, stopped with it."""

    def __init__(self, database: Database, settings: StudioSettings) -> None:
        """Begin nothing yet."""
        self.database = database
        self.replies = Replies(database, settings)
        self.sender = Sender(database, private=settings.private_hooks)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin all of them."""
        for name, step, pause in (
            ("replies", self.replies.step, 0.5), ("webhooks", self.sender.step, 2.0), ("holds", self.sweep, 20.0),
        ):  # fmt: skip
            thread = threading.Thread(target=self._run, args=(step, pause), name=f"studio-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Let each end what it does, at most for five seconds."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5)

    def sweep(self) -> bool:
        """Give back holds that ran out; say whether there may be more."""
        return self.database.run(assignment.sweep) > 0

    def _run(self, step: Callable[[], bool], pause: float) -> None:
        while not self._stop.is_set():
            try:
                more = step()
            except (TriviumError, SQLAlchemyError):  # the next turn tries again; what was begun was rolled back
                more = False
            if not more:
                self._stop.wait(pause)
