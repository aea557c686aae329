from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from toys import toy_road
from trivium import cli, flow
from trivium.core.errors import RefusedError
from trivium.core.recipe import Recipe


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(flow.ROADS, "whole", toy_road)
    monkeypatch.setattr(flow, "device", lambda: "cpu")
    monkeypatch.delenv("TRIVIUM_RUNS", raising=False)
    monkeypatch.chdir(tmp_path)


def call(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def answer(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Any:
    code, out, _ = call(capsys, *arguments, "--json")
    assert code == 0
    return json.loads(out)


def test_plan_run_and_plan_again_tell_the_whole_story(capsys: pytest.CaptureFixture[str], recipe_file: Path) -> None:
    code, out, _ = call(capsys, "plan", recipe_file)
    assert code == 0
    assert out.splitlines()[0] == "sources   will run: never made before"
    assert out.splitlines()[-1] == "3 of 3 stages will run"
    code, out, err = call(capsys, "run", recipe_file)
    assert (code, out) == (0, "")
    assert err.splitlines()[0] == "[1/3] sources"
    assert err.splitlines()[-2:] == ["done: 3 stages made, 0 made before", "see runs/toy/report.html"]
    code, out, err = call(capsys, "run", recipe_file)
    assert (code, out, err) == (0, "", "nothing to do: all 3 stages are made\nsee runs/toy/report.html\n")
    assert call(capsys, "plan", recipe_file)[1].splitlines()[-1] == "all 3 stages are made"


def test_output_lies_in_runs_in_the_option_or_in_the_variable(
    capsys: pytest.CaptureFixture[str], recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(capsys, "run", recipe_file)
    call(capsys, "run", recipe_file, "--runs", tmp_path / "given")
    monkeypatch.setenv("TRIVIUM_RUNS", str(tmp_path / "variable"))
    call(capsys, "run", recipe_file)
    for folder in ("runs", "given", "variable"):
        assert (tmp_path / folder / "toy" / "run.json").is_file()


def test_json_is_one_document_on_standard_output(capsys: pytest.CaptureFixture[str], recipe_file: Path) -> None:
    planned = answer(capsys, "plan", recipe_file)
    assert [(row["stage"], row["made"]) for row in planned] == [
        ("sources", False),
        ("pretrain", False),
        ("policy", False),
    ]
    made = answer(capsys, "run", recipe_file, "--until", "pretrain")["stages"]
    assert sorted(made) == ["pretrain", "sources"]
    assert Path(made["pretrain"]["path"]).is_dir()
    answer(capsys, "run", recipe_file)
    reason = answer(capsys, "why", recipe_file, "pretrain", "--set", "pretrain.steps=4")
    assert reason["differences"] == [{"field": "config.steps", "before": 3, "after": 4}]
    assert set(answer(capsys, "lineage", "toy/policy")["artifacts"]) == {row["id"] for row in planned}
    assert answer(capsys, "diff", "toy/policy", "toy/policy") == []
    assert answer(capsys, "verify", "toy/policy") == {"id": planned[2]["id"], "num_files": 2, "ok": True}
    assert answer(capsys, "doctor", recipe_file)["checks"][-1]["name"] == "recipe"


def test_words_for_people(capsys: pytest.CaptureFixture[str], recipe_file: Path) -> None:
    call(capsys, "run", recipe_file)
    call(capsys, "run", recipe_file, "--set", "name=other", "--set", "pretrain.steps=4")
    assert call(capsys, "why", recipe_file, "pretrain")[1].startswith("pretrain: made 20")
    assert call(capsys, "lineage", "toy/policy")[1].splitlines()[-1] == "licences: CC0-1.0"
    assert "config.steps 3 → 4" in call(capsys, "diff", "toy/pretrain", "other/pretrain")[1]
    assert call(capsys, "diff", "toy/sources", "other/sources")[1] == "nothing differs\n"
    assert call(capsys, "verify", "toy/policy")[1].endswith("2 files are as they were made\n")
    assert "ok  recipe" in call(capsys, "doctor", recipe_file)[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "{recipe}", "--set", "pretrain.stps=3"], "unknown key `pretrain.stps`; did you mean `steps`?"),
        (["plan", "{recipe}", "--set", "pretrian.steps=3"], "unknown key `pretrian`; did you mean `pretrain`?"),
        (["run", "none.toml"], "cannot read the recipe"),
        (["run", "{recipe}", "--until", "polcy"], "no stage `polcy`; did you mean `policy`?"),
        (["why", "{recipe}", "polcy"], "no stage `polcy`"),
        (["verify", "toy/none"], "nothing is called toy/none"),
        (["run", "{recipe}", "--set", "sources.folder=/nowhere"], "no .txt file"),
        (["run", "{recipe}", "--runs", "{recipe}"], "cannot write here"),
    ],
)
def test_bad_input_is_one_message_and_exit_2(
    capsys: pytest.CaptureFixture[str], recipe_file: Path, arguments: list[str], message: str
) -> None:
    given = [argument.replace("{recipe}", str(recipe_file)) for argument in arguments]
    code, out, err = call(capsys, *given)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("error: ") == 1
    assert "Traceback" not in err
    code, out, _ = call(capsys, *given, "--json")
    assert code == 2
    assert message in json.loads(out)["error"]["message"]


@pytest.mark.parametrize("arguments", [["fly"], ["run"], ["run", "a", "--fly"], ["plan", "a", "b"]])
def test_usage_errors_are_exit_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    code, out, err = call(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err


def test_a_tampered_artifact_is_named_with_its_hash(capsys: pytest.CaptureFixture[str], recipe_file: Path) -> None:
    made = answer(capsys, "run", recipe_file)["stages"]
    weights = Path(made["pretrain"]["path"]) / "weights"
    weights.chmod(0o644)
    weights.write_bytes(weights.read_bytes().replace(b"One", b"Six"))
    code, _, err = call(capsys, "verify", "toy/pretrain")
    assert code == 2
    assert "weights was truncated or changed: wanted sha256 " in err
    assert str(weights) in err


def test_the_doctor_exits_2_when_the_recipe_cannot_run(capsys: pytest.CaptureFixture[str], recipe_file: Path) -> None:
    code, out, _ = call(capsys, "doctor", recipe_file, "--set", "sources.folder=/nowhere")
    assert code == 2
    assert "NO  recipe" in out
    assert "no .txt file" in out


def test_a_refusal_is_exit_3(
    capsys: pytest.CaptureFixture[str], recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(recipe: Recipe) -> None:
        raise RefusedError("the gate said no")

    monkeypatch.setitem(flow.ROADS, "whole", refuse)
    assert call(capsys, "plan", recipe_file)[0] == 3


def test_an_interrupted_run_says_that_it_continues(capsys: pytest.CaptureFixture[str], recipe_file: Path) -> None:
    code, out, err = call(capsys, "run", recipe_file, "--set", "pretrain.interrupt_at=2")
    assert (code, out) == (130, "")
    assert err.splitlines()[-1].startswith("interrupted; what is finished stays")
    assert call(capsys, "run", recipe_file)[0] == 0


def test_version_and_help_need_no_torch_and_no_time() -> None:
    script = (
        "import sys; from trivium.cli import main; code = main(['--help']); "
        "assert not {'torch', 'rich.progress', 'trivium.flow'} & set(sys.modules); sys.exit(code)"
    )
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "doctor" in done.stdout
    assert time.perf_counter() - started < 5


def test_the_module_runs_as_a_program(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "trivium"]
    shown = subprocess.run([*program, "--version"], env=environment(), capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stdout) == (0, "trivium 0.1.0\n")
    bad = subprocess.run(
        [*program, "plan", "none.toml", "--json"], env=environment(), capture_output=True, text=True, check=False
    )
    assert bad.returncode == 2
    assert json.loads(bad.stdout)["error"]["exit_code"] == 2
    assert bad.stderr.startswith("error: cannot read the recipe")


def test_a_fresh_process_that_loads_no_stage_knows_every_kind(
    capsys: pytest.CaptureFixture[str], recipe_file: Path, tmp_path: Path
) -> None:
    call(capsys, "run", recipe_file, "--runs", tmp_path / "runs")
    program = [sys.executable, "-m", "trivium", "lineage", "toy/policy", "--runs", str(tmp_path / "runs")]
    shown = subprocess.run(program, env=environment(), capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.count("\n") == 4


def test_the_command_line_asks_libraries_not_to_track(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DO_NOT_TRACK", raising=False)
    call(capsys, "--version")
    assert os.environ["DO_NOT_TRACK"] == "1"


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "src")}
