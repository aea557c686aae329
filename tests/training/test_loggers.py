"""Optional loggers: what they write, that they stay on this machine, and what is said when one is not installed."""

import sys
from types import SimpleNamespace

import pytest

from trivium.core.errors import InputError, MissingExtraError
from trivium.training.loggers import Loggers, open_loggers


def curve(folder, name: str) -> list[tuple[int, float]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder))
    events.Reload()
    return [(point.step, round(point.value, 4)) for point in events.Scalars(name)]


def test_tensorboard_gets_the_numbers_of_each_row(tmp_path):
    with open_loggers(["tensorboard"], tmp_path, "quickstart/sft") as loggers:
        loggers.write(0, {"loss": 2.5, "tokens": 96, "names": ["a text"], "note": "text"})
        loggers.write(1, {"loss": 2.25, "tokens": 90})
    folder = tmp_path / "tensorboard" / "quickstart" / "sft"
    assert curve(folder, "loss") == [(0, 2.5), (1, 2.25)]
    assert curve(folder, "tokens") == [(0, 96.0), (1, 90.0)]


def test_a_resumed_run_takes_back_the_points_it_writes_again(tmp_path):
    with open_loggers(["tensorboard"], tmp_path, "sft") as loggers:
        for step in range(4):
            loggers.write(step, {"loss": 1.0})
    with open_loggers(["tensorboard"], tmp_path, "sft", resume_step=2) as loggers:
        for step in (2, 3, 4):
            loggers.write(step, {"loss": 0.5})
    assert curve(tmp_path / "tensorboard" / "sft", "loss") == [(0, 1.0), (1, 1.0), (2, 0.5), (3, 0.5), (4, 0.5)]


class FakeRun:
    """Stands for a run of wandb or trackio."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, dict[str, float]]] = []
        self.asked: dict[str, object] = {}
        self.finished = False

    def init(self, **asked):
        self.asked = asked
        return self

    def log(self, fields, step):
        self.rows.append((step, fields))

    def finish(self):
        self.finished = True


@pytest.mark.parametrize("name", ["wandb", "trackio"])
def test_the_other_loggers_get_the_rows_and_are_finished_even_after_an_error(tmp_path, monkeypatch, name):
    run = FakeRun()
    monkeypatch.setitem(sys.modules, name, SimpleNamespace(init=run.init))
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path))

    def fail() -> None:
        with open_loggers([name], tmp_path, "quickstart/sft") as loggers:
            loggers.write(3, {"loss": 1.5})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert run.rows == [(3, {"loss": 1.5})]
    assert run.finished
    assert run.asked["name"] == "quickstart/sft"


@pytest.mark.parametrize(("asked", "mode"), [(None, "offline"), ("online", "online")])
def test_wandb_stays_offline_unless_the_person_says_otherwise(tmp_path, monkeypatch, asked, mode):
    run = FakeRun()
    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=run.init))
    monkeypatch.delenv("WANDB_MODE", raising=False)
    if asked:
        monkeypatch.setenv("WANDB_MODE", asked)
    open_loggers(["wandb"], tmp_path, "sft")
    assert run.asked["mode"] == mode
    assert run.asked["dir"] == str(tmp_path)


def test_trackio_keeps_its_database_in_the_run_folder(tmp_path, monkeypatch):
    run = FakeRun()
    monkeypatch.setitem(sys.modules, "trackio", SimpleNamespace(init=run.init))
    monkeypatch.setenv("TRACKIO_DIR", "")
    monkeypatch.delenv("TRACKIO_DIR")
    open_loggers(["trackio"], tmp_path, "sft")
    import os

    assert os.environ["TRACKIO_DIR"] == str(tmp_path / "trackio")
    assert "space_id" not in run.asked


@pytest.mark.parametrize("name", ["tensorboard", "wandb", "trackio"])
def test_a_missing_extra_names_the_install_line(tmp_path, monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path))
    with pytest.raises(MissingExtraError, match=rf"pip install 'trivium\[{name}\]'"):
        open_loggers([name], tmp_path, "sft")


def test_an_unknown_logger_is_refused_before_any_is_opened(tmp_path):
    with pytest.raises(InputError, match="choose among tensorboard, wandb, trackio"):
        open_loggers(["tensorboard", "mlflow"], tmp_path, "sft")
    assert not list(tmp_path.iterdir())


def test_no_logger_is_a_logger_too():
    with Loggers([]) as loggers:
        loggers.write(0, {"loss": 1.0})
