"""Settings to a server: in this process, or in several that share one address and one database."""

from __future__ import annotations

import os

import uvicorn
from pydantic import TypeAdapter
from starlette.types import ASGIApp

from trivium.human.store.database import Database
from trivium.studio.app import create_app
from trivium.studio.jobs import Jobs
from trivium.studio.settings import StudioSettings

VARIABLE = "TRIVIUM_STUDIO_SETTINGS"
"""How a process that serves is told its settings by the one that started it."""
KEEP_ALIVE_SECONDS = 75
"""A line that is closed while somebody reads meets their next order; people read longer than uvicorn's five seconds."""
_SETTINGS = TypeAdapter(StudioSettings)


def serve(settings: StudioSettings, database: Database, host: str, port: int, workers: int = 1) -> None:
    """Serve until somebody stops it; a process of several that dies is started again.

    Several processes answer, and this one does what the Studio does by itself, so that a model that replies to prompts
    keeps nobody waiting.
    """
    if workers == 1:
        uvicorn.run(
            create_app(settings, database), host=host, port=port, log_level="warning", server_header=False, ws="none",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )  # fmt: skip
        return
    os.environ[VARIABLE] = _SETTINGS.dump_json(settings).decode()
    jobs = Jobs(database, settings)
    jobs.start()
    try:
        uvicorn.run(
            f"{__name__}:app_of_worker", factory=True, workers=workers, host=host, port=port, log_level="warning",
            server_header=False, ws="none", timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )  # fmt: skip
    finally:
        jobs.stop()


def app_of_worker() -> ASGIApp:
    """Return the app of one of several processes."""
    settings = _SETTINGS.validate_json(os.environ[VARIABLE])
    return create_app(settings, Database(settings.database))
