from __future__ import annotations

import sys
from pathlib import Path

import pytest

from trivium.cli import main
from trivium.human.desk import people
from trivium.human.store import migrate
from trivium.human.store.database import Database


def test_a_demonstration_is_not_poured_into_a_house_with_people(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "studio.db"
    database = Database(str(file))
    migrate.prepare(database)
    database.run(lambda db: people.register(db, "a@example.org", "a long enough password"))
    database.close()
    assert main(["studio", "--demo", "--database", str(file)]) == 2
    assert "a demonstration needs an empty database" in capsys.readouterr().err


def test_a_database_that_is_none_is_told_with_what_to_give(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["studio", "--database", "mysql://host/name"]) == 2
    assert "wanted an SQLite file or a PostgreSQL URL" in capsys.readouterr().err


def test_without_its_extra_the_verb_names_the_install_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["studio"]) == 2
    assert "pip install 'trivium[studio]'" in capsys.readouterr().err
