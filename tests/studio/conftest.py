"""The Studio over a filled demo: made once, copied for each test, so that no test sees what another did."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from studio.browsers import Chromium, listening
from studio.visitors import Visitor
from trivium.human.store import migrate
from trivium.human.store.database import Database
from trivium.studio import demo
from trivium.studio.app import create_app
from trivium.studio.settings import StudioSettings


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("demo") / "demo.db"
    database = Database(str(file))
    migrate.prepare(database)
    assert demo.fill(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return file


@pytest.fixture
def house(demo_file: Path, tmp_path: Path) -> Iterator[Database]:
    shutil.copy(demo_file, tmp_path / "demo.db")
    database = Database(str(tmp_path / "demo.db"))
    yield database
    database.close()


@pytest.fixture
def client(house: Database, tmp_path: Path) -> Iterator[TestClient]:
    settings = StudioSettings(house.url, demo=True, runs=tmp_path / "runs", form_bytes=200_000, upload_bytes=1_000_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the test client's own dependencies
        yield TestClient(create_app(settings, house), base_url="http://localhost")


@pytest.fixture
def visit(client: TestClient) -> Callable[[str | None], Visitor]:
    return lambda name: Visitor(client, name)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    window = Chromium()
    yield window
    window.close()


@pytest.fixture
def window(chromium: Chromium, house: Database) -> Iterator[Chromium]:
    """A browser at the demo's Studio, which leaves it as it was given."""
    with listening(house) as address:
        chromium.at = address
        chromium.size(1280)
        yield chromium
        chromium.offline(False)
        chromium.driver.get("about:blank")
