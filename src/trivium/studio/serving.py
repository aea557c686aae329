"""Settings to a server: in this process, or in several that share one address and one database."""

from __future__ import annotations

import os
import sys

import uvicorn
from pydantic import TypeAdapter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trivium.human.store.database import Database
from trivium.studio.app import create_app
from trivium.studio.jobs import Jobs
from trivium.studio.settings import StudioSettings

VARIABLE = "TRIVIUM_STUDIO_SETTINGS"
"""How a process that serves is told its settings by the one that started it."""
KEEP_ALIVE_SECONDS = 75
"""A line that is closed while somebody reads meets their next order; people read longer than uvicorn's five seconds."""
SWITCH_SECONDS = 0.0005
"""A thread that has its answer from the database gets the interpreter back after so long, not after 5 ms each time: who
waits for what it has locked waits with it.
"""
_SETTINGS = TypeAdapter(StudioSettings)


def serve(settings: StudioSettings, database: Database, host: str, port: int, workers: int = 1) -> None:
    """Serve until somebody stops it; a process of several that dies is started again.

    Several processes answer, and this one does what the Studio does by itself, so that a model that replies to prompts
    keeps nobody waiting.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
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
    sys.setswitchinterval(SWITCH_SECONDS)
    settings = _SETTINGS.validate_json(os.environ[VARIABLE])
    return hanging_up(create_app(settings, Database(settings.database)))


def hanging_up(app: ASGIApp) -> ASGIApp:
    """Return the app, which ends a line once what was sent on it is answered.

    The next question then comes on a new line, and a process that is free takes it up before one that is busy. Lines
    that are kept stay where they began: by chance most of the people can be with one process for as long as they work.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["method"] == "POST":
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        await app(scope, receive, sending if scope["type"] == "http" else send)

    return answer
