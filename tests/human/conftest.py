"""What the tests of the store and the desk are given: each runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from databases import Cluster, Databases, postgresql_cluster
from trivium.human.store.database import Database


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with postgresql_cluster(durable=False) as running:
        yield running


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    folder: Path = tmp_path_factory.mktemp("databases")
    made = Databases(request.getfixturevalue("cluster") if request.param == "postgresql" else None, folder)
    yield made
    made.close()


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases.new()
