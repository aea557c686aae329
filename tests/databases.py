"""Databases for tests: an SQLite file, and a PostgreSQL cluster of our own that lives as long as the tests do."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text

from trivium.human.store.database import Database
from trivium.human.store.migrate import prepare

_NUMBERS = count(1)
INSTALL = "install PostgreSQL's server (Debian: apt-get install postgresql), or run scripts/system_packages.sh database"


def _programs() -> Path:
    """Return the folder with initdb and postgres."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    if found is None:
        raise RuntimeError(f"no PostgreSQL server was found: {INSTALL}")
    return Path(found).resolve().parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """A running server, reached by a socket in its own folder; databases are copies of one that is prepared."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        """`durable`: whether the disk is waited for, which a killed process does not need and a power cut does."""
        self.folder, self.durable = folder, durable
        self.port = _free_port()
        # The server refuses to run as root.
        self.user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
        if self.user:
            shutil.chown(folder, "postgres", "postgres")
        self.programs = _programs()
        self.server: subprocess.Popen[bytes] | None = None
        self.keeper: Engine | None = None

    def start(self) -> None:
        """Make the cluster where it is new, run the server, wait until it answers."""
        data = self.folder / "data"
        if not data.exists():
            command = [self.programs / "initdb", "-D", data, "-U", "trivium", "-A", "trust", "-E", "UTF8", "--locale=C"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **self.user)
        settings = {"listen_addresses": "", "unix_socket_directories": self.folder, "max_connections": 300}
        command = [self.programs / "postgres", "-D", data, "-p", str(self.port)]
        if not self.durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self._run(command)
        engine = create_engine(Database(self.url("postgres")).engine.url)
        for _ in range(300):
            try:
                with engine.connect():
                    break
            except Exception:  # noqa: BLE001 -- whatever it says while it wakes
                time.sleep(0.1)
                if self.server is None or self.server.poll() is not None:  # what was killed has not let go yet
                    self._run(command)
        else:
            raise RuntimeError((self.folder / "log").read_text()[-2000:])
        engine.dispose()

    def _run(self, command: list[Path | str]) -> None:
        with (self.folder / "log").open("ab") as log:
            self.server = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **self.user)

    def stop(self) -> None:
        """End the server and wait for it."""
        if self.keeper is not None:
            self.keeper.dispose()
        if self.server is not None:
            self.server.send_signal(signal.SIGINT)  # without waiting for who is connected
            try:
                self.server.wait(20)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()

    def url(self, name: str) -> str:
        return f"postgresql://trivium@/{name}?host={self.folder}&port={self.port}"

    def make(self, template: str = "template1") -> str:
        """Make a database and return its name."""
        name = f"test_{next(_NUMBERS)}"
        self.do(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def do(self, *statements: str) -> None:
        """Run statements beside all databases of the tests."""
        if self.keeper is None:
            self.keeper = create_engine(Database(self.url("postgres")).engine.url, isolation_level="AUTOCOMMIT")
        with self.keeper.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))


@contextmanager
def postgresql_cluster(*, durable: bool = True) -> Iterator[Cluster]:
    """Run a server in a folder with a short name (a socket's path has at most 107 bytes)."""
    folder = Path(tempfile.mkdtemp(prefix="trv-pg-", dir="/tmp"))
    cluster = Cluster(folder, durable=durable)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Databases:
    """Fresh, prepared databases of one kind."""

    def __init__(self, cluster: Cluster | None, folder: Path) -> None:
        self.cluster, self.folder = cluster, folder
        self.made: list[Database] = []
        if cluster is not None:
            self.template = cluster.make()
            first = Database(cluster.url(self.template))
        else:
            self.template = str(folder / "template.db")
            first = Database(self.template)
        prepare(first)
        first.close()

    def new(self) -> Database:
        """Return a prepared, empty database of its own."""
        if self.cluster is not None:
            made = Database(self.cluster.url(self.cluster.make(self.template)))
        else:
            file = self.folder / f"studio_{next(_NUMBERS)}.db"
            shutil.copyfile(self.template, file)
            made = Database(str(file))
        self.made.append(made)
        return made

    def empty(self) -> Database:
        """Return a database without tables."""
        if self.cluster is not None:
            made = Database(self.cluster.url(self.cluster.make()))
        else:
            made = Database(str(self.folder / f"studio_{next(_NUMBERS)}.db"))
        self.made.append(made)
        return made

    def keep(self, database: Database) -> Callable[[], None]:
        """Keep a database as it is now; return what brings it back to that, however often."""
        database.close()
        if self.cluster is not None:
            cluster, name = self.cluster, str(make_url(database.url).database)
            kept = cluster.make(name)

            def back() -> None:
                database.close()
                cluster.do(f"DROP DATABASE {name} WITH (FORCE)", f"CREATE DATABASE {name} TEMPLATE {kept}")
        else:
            parts = self._parts(database)

            def back() -> None:
                database.close()
                self._put(database, parts)

        return back

    def kill(self, database: Database) -> Callable[[], None]:
        """Let the database be as if the program that uses it were killed now, in the middle of a transaction; return
        what starts it again, called when the dead program's transaction is out of the way.
        """
        if self.cluster is not None:
            name = make_url(database.url).database
            self.cluster.do(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
            return database.close
        parts = self._parts(database)

        def start() -> None:
            database.close()  # which tidies up, as a killed program would not: hence the files as they were
            self._put(database, parts)

        return start

    def _parts(self, database: Database) -> dict[str, bytes]:
        file = Path(str(make_url(database.url).database))
        return {end: Path(f"{file}{end}").read_bytes() for end in ("", "-wal") if Path(f"{file}{end}").exists()}

    def _put(self, database: Database, parts: dict[str, bytes]) -> None:
        for end in ("", "-wal", "-shm"):
            Path(f"{make_url(database.url).database}{end}").unlink(missing_ok=True)
        for end, data in parts.items():
            Path(f"{make_url(database.url).database}{end}").write_bytes(data)

    def close(self) -> None:
        """Close every connection."""
        for one in self.made:
            one.close()
