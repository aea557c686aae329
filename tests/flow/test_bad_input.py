"""Each way that input can be bad to one clear message, exit 2, and nothing lost."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tiny import tiny_checkpoint
from trivium import cli, flow
from trivium.text.tokenizer import Tokenizer
from trivium.text.train import TokenizerConfig

RECIPE = """
name = "own"

[sources]
method = "files"
test_share = 0.0

[[sources.items]]
name = "texts"
path = "texts.jsonl"
use = "text"
licence = "own"

[[sources.items]]
name = "shown"
path = "shown.jsonl"
use = "demonstrations"
format = "alpaca"
licence = "own"

[tokenizer]
vocab_size = 300

[comparisons]
method = "files"

[evaluate]
method = "heldout"
"""
TEXTS = [{"text": f"In the year {year} the cat sat on the mat and looked at the sea."} for year in range(1800, 1820)]
SHOWN = [{"instruction": f"Say {number}.", "output": f"{number}!"} for number in range(6)]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIVIUM_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("TRIVIUM_DATA", raising=False)
    monkeypatch.setattr(flow, "device", lambda: "cpu")


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a recipe on two small files of one's own, which TRIVIUM_DATA points to."""
    data = tmp_path / "data"
    data.mkdir()
    for name, rows in (("texts", TEXTS), ("shown", SHOWN)):
        (data / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setenv("TRIVIUM_DATA", str(data))
    file = tmp_path / "own.toml"
    file.write_text(RECIPE)
    return file


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Call the command line, check that it refuses with one message, and return the message."""
    code = cli.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err.count("error: ") == 1
    assert "Traceback" not in err
    return err.partition("error: ")[2]


def drafts_left(tmp_path: Path) -> Iterator[Path]:
    """Yield what a failed stage left half-made."""
    return (tmp_path / "runs").glob(".drafts/*")


def test_an_unknown_key_is_named_with_the_nearest(capsys: pytest.CaptureFixture[str], recipe: Path) -> None:
    recipe.write_text(RECIPE.replace("vocab_size", "vocab_sise"))
    said = refused(capsys, "run", recipe)
    assert said.startswith("unknown key `tokenizer.vocab_sise`; did you mean `vocab_size`?")
    assert f"{recipe}:22" in said


def test_an_unknown_method_is_answered_with_those_there_are(capsys: pytest.CaptureFixture[str], recipe: Path) -> None:
    said = refused(capsys, "run", recipe, "--set", "comparisons.method=file")
    assert said.startswith("`comparisons.method`: wanted 'simulated' or 'files', found 'file'")


def test_a_root_that_is_not_given_names_the_variable(
    capsys: pytest.CaptureFixture[str], recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRIVIUM_DATA")
    said = refused(capsys, "plan", recipe)
    assert "`sources.root` is missing" in said
    assert "set TRIVIUM_DATA" in said


def test_a_missing_source_is_named_with_what_lies_beside_it(
    capsys: pytest.CaptureFixture[str], recipe: Path, tmp_path: Path
) -> None:
    (tmp_path / "data" / "texts.jsonl").unlink()
    said = refused(capsys, "run", recipe)
    assert str(tmp_path / "data" / "texts.jsonl") in said
    assert "shown.jsonl" in said


def test_an_empty_source_stops_its_stage_and_leaves_no_draft(
    capsys: pytest.CaptureFixture[str], recipe: Path, tmp_path: Path
) -> None:
    (tmp_path / "data" / "texts.jsonl").write_text("")
    said = refused(capsys, "run", recipe, "--until", "corpus")
    assert "wanted at least one document, found none" in said
    assert "stage sources" in said
    assert not list(drafts_left(tmp_path))


def test_a_source_without_one_good_row_says_what_was_wrong_with_them(
    capsys: pytest.CaptureFixture[str], recipe: Path, tmp_path: Path
) -> None:
    (tmp_path / "data" / "shown.jsonl").write_text('{"instruction": "Say a."}\n{"instruction": "Say b."}\n')
    said = refused(capsys, "run", recipe, "--until", "sources")
    assert "found none: `output` is missing (2)" in said


def test_a_malformed_line_is_in_the_ledger_and_the_rest_goes_on(
    capsys: pytest.CaptureFixture[str], recipe: Path, tmp_path: Path
) -> None:
    for name in ("texts", "shown"):
        with (tmp_path / "data" / f"{name}.jsonl").open("a") as file:
            file.write('{"broken\n')
    assert cli.main(["run", str(recipe), "--until", "demonstrations"]) == 0
    folder = tmp_path / "runs" / "own" / "sources"
    ledger = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    assert {(row["file"], row["line"]) for row in ledger} == {("texts.jsonl", 21), ("shown.jsonl", 7)}
    assert len((folder / "documents.jsonl").read_text().splitlines()) == len(TEXTS)
    assert len((folder / "demonstrations.jsonl").read_text().splitlines()) == len(SHOWN)
    capsys.readouterr()


def test_a_tokenizer_of_another_model_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    model = tiny_checkpoint(tmp_path / "made")
    Tokenizer.train(["Some other words entirely, over and over."] * 4, TokenizerConfig(vocab_size=290)).save(model)
    said = refused(capsys, "generate", model, "The capital", "--max-tokens", "2")
    assert said.startswith("the tokenizer does not match the checkpoint: wanted ")
    assert str(model) in said


def test_a_prompt_longer_than_the_context_is_refused_with_both_lengths(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    model = tiny_checkpoint(tmp_path / "made", context=16)
    said = refused(capsys, "generate", model, "The capital of France is Paris. " * 20)
    assert said.startswith("a prompt must have 1 to 16 tokens (the context), found ")


@pytest.mark.parametrize("damage", ["truncated", "tampered"])
def test_a_damaged_artifact_is_named_with_both_hashes(
    capsys: pytest.CaptureFixture[str], recipe: Path, tmp_path: Path, damage: str
) -> None:
    assert cli.main(["run", str(recipe), "--until", "corpus"]) == 0
    file = (tmp_path / "runs" / "own" / "corpus" / "documents.jsonl").resolve()
    file.chmod(0o644)
    whole = file.read_bytes()
    file.write_bytes(whole[:-40] if damage == "truncated" else whole.replace(b"cat", b"dog"))
    capsys.readouterr()
    said = refused(capsys, "verify", "own/corpus")
    assert said.startswith("documents.jsonl was truncated or changed: wanted sha256 ")
    assert ", found " in said
    if damage == "truncated":  # sizes are checked before a stage reads its inputs
        assert "documents.jsonl was truncated" in refused(capsys, "run", recipe, "--until", "tokenizer")
    file.write_bytes(whole)
    assert cli.main(["verify", "own/corpus"]) == 0


def test_a_folder_that_cannot_be_written_is_named(
    capsys: pytest.CaptureFixture[str], recipe: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    said = refused(capsys, "run", recipe, "--runs", tmp_path / "file" / "runs")
    assert said.startswith("cannot write here: ")
    assert "--runs DIR" in said


def test_a_folder_that_a_file_system_refuses_to_make_is_named(capsys: pytest.CaptureFixture[str], recipe: Path) -> None:
    said = refused(capsys, "run", recipe, "--runs", "/proc/trivium")
    assert said.startswith("cannot write here: ")
    assert "--runs DIR" in said


def test_a_full_disk_is_said_and_what_was_finished_stays(
    capsys: pytest.CaptureFixture[str], recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["run", str(recipe), "--until", "corpus"]) == 0
    capsys.readouterr()

    def full(self: Tokenizer, folder: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))

    with monkeypatch.context() as patch:
        patch.setattr(Tokenizer, "save", full)
        said = refused(capsys, "run", recipe, "--until", "tokenizer")
    assert "the disk is full; what was finished before is still good" in said
    assert not list(drafts_left(tmp_path))
    assert cli.main(["verify", "own/corpus"]) == 0
    assert cli.main(["run", str(recipe), "--until", "tokenizer"]) == 0
