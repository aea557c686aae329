"""The verb that opens the Studio: a database that is up to date, the web app, and for a visitor a filled demo."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trivium.cli.options import RUNS, Runs, say
from trivium.core.errors import InputError, MissingExtraError, StorageError

if TYPE_CHECKING:
    from trivium.human.store.database import Database

Url = Annotated[str, typer.Option("--database", metavar="URL", help="An SQLite file, or postgresql://user@host/name.")]


def studio(
    database: Url = "studio.db",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where to listen.")] = 8800,
    host: Annotated[str, typer.Option(help="Which address of this machine listens.")] = "127.0.0.1",
    name: Annotated[list[str] | None, typer.Option(help="A name the Studio answers to, beside localhost.")] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="A filled demonstration with simulated people, in a new file.")
    ] = False,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="How many processes answer; more than one for a hundred people and more.")
    ] = 1,
    private_webhooks: Annotated[
        bool, typer.Option("--private-webhooks", help="Let webhooks go to addresses of this network, over http too.")
    ] = False,
    runs: Runs = RUNS,
) -> None:
    """Open the web app where people write, rank, review and deliver."""
    try:
        import uvicorn  # noqa: F401 -- what the extra brings, asked for before anything is begun

        from trivium.human.store import migrate
        from trivium.studio.guard import LOCAL_HOSTS
        from trivium.studio.serving import serve
        from trivium.studio.settings import StudioSettings
    except ImportError as error:
        raise MissingExtraError(
            f"the Studio needs the package {error.name}", do="pip install 'trivium[studio]'"
        ) from error
    with tempfile.TemporaryDirectory(prefix="trivium-studio-") as folder:
        if demo and database == "studio.db":
            database = str(Path(folder) / "demo.db")
        opened = _opened(database)
        migrate.prepare(opened)
        if demo:
            say("filling the demonstration …")
            _fill(opened)
        hosts = (*LOCAL_HOSTS, host, *(name or ()))
        settings = StudioSettings(
            database=database, hosts=hosts, runs=Path(runs), demo=demo, private_hooks=private_webhooks
        )  # fmt: skip
        say(f"the Studio is open at http://{'localhost' if host == '127.0.0.1' else host}:{port}")
        serve(settings, opened, host, port, workers)
        opened.close()


def _opened(url: str) -> Database:
    """Return the database; the folder of a file is made where it is not there."""
    from trivium.human.store.database import Database

    try:
        return Database(url)
    except OSError as error:
        raise StorageError(
            f"the folder of the database cannot be made: {error.strerror}", where=str(error.filename or url),
            do="name a file in a folder that can be written",
        ) from error  # fmt: skip


def _fill(database: Database) -> None:
    """Fill the demonstration, or say why there is none."""
    from sqlalchemy.exc import SQLAlchemyError

    from trivium.studio.broken import sentence_of
    from trivium.studio.demo import fill

    try:
        filled = fill(database)
    except (SQLAlchemyError, OSError) as error:
        if (said := sentence_of(error)) is None:
            raise
        raise StorageError(
            f"the demonstration was not filled: {said}", where=database.engine.url.render_as_string(hide_password=True),
            do="make room or name another --database, and begin again with a new file",
        ) from error  # fmt: skip
    if not filled:
        raise InputError("a demonstration needs an empty database", do="leave --database out, or name a new file")
