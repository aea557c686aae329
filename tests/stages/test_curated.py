"""From folders to shards that the pretrain stage reads, through the command line, with the ledger and the page."""

from __future__ import annotations

import errno
import json
import os
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.planted import plant
from stages.given import context
from trivium.cli import main
from trivium.core.errors import InputError
from trivium.core.kinds import TokenizerFiles, Tokens
from trivium.core.reference import resolve
from trivium.core.store import Store
from trivium.curation.settings import CurationSettings
from trivium.curation.sift import judge
from trivium.curation.verdict import Verdict
from trivium.records import Document, read_records
from trivium.stages.pretrain import PretrainConfig, Shape, pretrain
from trivium.training.shards import MORE_HELD_OUT, TokenShards

PERSON = "Write to jane.doe@example.com or call +1 555 010 1234 from 192.168.10.77."
LONG = "The old man and the woman walked to the river, and they talked of the days that had been. It was late when they came home again. "


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two sources with prose, a page, copies, personal data, a bad line and an evaluation item."""
    planted = plant(2, num_originals=8)
    folder = tmp_path / "data"
    (folder / "stories").mkdir(parents=True)
    for number in range(12):
        paragraphs = [
            f"{LONG}It was story {number}, part {part}, of {planted.documents[number].text[:400]}." for part in range(3)
        ]
        (folder / "stories" / f"{number}.txt").write_text("\n\n".join(paragraphs))
    rows: list[Any] = [{"text": f"{LONG}{PERSON} {planted.documents[12].text}. And so it was. The end came."}]
    rows += [{"text": (folder / "stories" / "3.txt").read_text()}, {"text": "tiny"}, {"body": 1}]
    rows += [{"text": f"{LONG} {planted.items[0].text} {LONG} That is the question, and this is the answer to it."}]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "questions.jsonl").write_text(json.dumps({"question": planted.items[0].text}) + "\n")
    return folder


def run(data: Path, out: Path, *more: str, heldout_share: str = "0.2") -> int:
    sources = [str(data / "stories"), f"web={data / 'rows.jsonl'}", "--out", str(out)]
    sets = [("corpus.heldout_share", heldout_share), ("tokenizer.vocab_size", "400"), ("corpus.quality.groups", '["c4"]')]
    return main(["curate", *sources, *more, *(part for key, value in sets for part in ("--set", f"{key}={value}"))])


def test_folders_become_shards_that_pretraining_reads(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run(data, out, "--against", str(data / "questions.jsonl"), "--licence", "web=CC0-1.0", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    folder = out / "curated"
    rules = {each["rule"]: each["documents"] for each in told["corpus"]["dropped"]}
    assert rules == {"too short": 1, "exact duplicate": 1, "evaluation item": 1}
    ledger = [json.loads(line) for line in (folder / "corpus" / "ledger.jsonl").read_text().splitlines()]
    leaked = next(row for row in ledger if row["reason"] == "evaluation item")
    assert leaked["detail"] == "evaluation-1/questions.jsonl:1"
    sides = [list(read_records(folder / "corpus" / f"{name}.jsonl", Document)) for name in ("documents", "heldout")]
    web = next(one for one in sides[0] + sides[1] if one.source == "web")
    assert "jane.doe" not in web.text
    assert "[EMAIL]" in web.text
    assert web.licence == "CC0-1.0"
    private = {kind: counts["found"] for kind, counts in told["corpus"]["private"].items() if counts["found"]}
    assert private == {"email": 1, "phone": 1, "ip": 1}
    shards = TokenShards.open(folder / "tokens" / "train")
    assert shards.num_documents == len(sides[0])
    assert bits_of(folder, tmp_path / "pretrain") > 0
    page = (folder / "corpus.html").read_text()
    assert "evaluation item" in page
    assert "://" not in page
    for verb in (["lineage", "curated/tokens"], ["verify", "curated/corpus"]):
        assert main([*verb, "--runs", str(out)]) == 0
    assert "stories" in (out / "curated.toml").read_text()


def test_the_recipe_that_is_written_is_run_as_any_other_and_has_nothing_to_do(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run(data, out, "--weight", "stories=1", "--weight", "web=1") == 0
    assert "kept" in capsys.readouterr().out
    sets = ["corpus.heldout_share=0.2", "tokenizer.vocab_size=400", 'corpus.quality.groups=["c4"]']
    assert main(["plan", str(out / "curated.toml"), "--runs", str(out), *(p for s in sets for p in ("--set", s))]) == 0
    assert "all 4 stages are made" in capsys.readouterr().out


def test_a_handful_of_documents_is_a_corpus_that_holds_nothing_out_and_says_so(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run(data, out, heldout_share="0") == 0
    assert "warning: the corpus holds nothing out; raise corpus.heldout_share" in capsys.readouterr().err
    with pytest.raises(InputError, match="wanted held-out documents") as refused:
        bits_of(out / "curated", tmp_path / "pretrain")
    assert refused.value.do == MORE_HELD_OUT


def bits_of(folder: Path, scratch: Path) -> float:
    """Pre-train a tiny model for two steps on what was curated; return its bits per byte on what is held out."""
    store = Store(folder.parent)
    words, shards = (resolve(f"curated/{name}", store) for name in ("tokenizer", "tokens"))
    assert isinstance(words, TokenizerFiles)
    assert isinstance(shards, Tokens)
    shape = Shape(hidden_size=32, num_layers=1, num_heads=2, num_kv_heads=2, intermediate_size=64)
    config = PretrainConfig(model=shape, num_steps=2, rows_per_step=2, row_tokens=64, precision="float32")
    given = context(scratch)
    pretrain(shards, words, config, given)
    value = given.metrics["bits_per_byte"].value
    assert value is not None
    return value


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nothing lies at this path"),
        (["a=.", "a=/"], "two sources are called a"),
        ([".", "--weight", "b=1"], "--weight: no source `b`"),
        (["a=.", "--text-key", "b=body"], "--text-key: no source `b`"),
        (["a=.", "--examples", "god=."], "did you mean `good`?"),
        (["a=.", "--examples", "good=."], "wanted good and bad examples, found good ones alone"),
        (["a=.", "--weight", "a=much"], "wanted NAME=NUMBER"),
    ],
)
def test_arguments_that_fit_nothing_are_one_message(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.makedirs(tmp_path / "out")
    assert main(["curate", *arguments, "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err


def test_the_key_that_holds_the_text_is_named_and_what_was_not_read_is_told(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"body": (data / "stories" / f"{number}.txt").read_text()} for number in range(6)]
    lines = [*map(json.dumps, rows), "no row", json.dumps({"body": ""})]
    (data / "rows.jsonl").write_text("".join(f"{line}\n" for line in lines))
    assert run(data, tmp_path / "without") == 2
    said = capsys.readouterr().err
    assert "no text under 'text', 'sections' (7, first rows.jsonl:1: its keys are body)" in said
    assert "--text-key" in said
    assert run(data, tmp_path / "out", "--text-key", "web=body") == 0
    told = capsys.readouterr().out
    assert "1 left out while reading: not valid JSON" in told
    assert "1 left out while reading: empty text" in told
    assert str(tmp_path / "out" / "curated" / "sources" / "ledger.jsonl") in told
    assert "18 documents read" in told


def test_a_full_disk_is_one_message_and_the_same_command_goes_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(data, tmp_path / "whole") == 0
    capsys.readouterr()

    def full(*_given: object, **_named: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "out" / "scratch" / "part"))

    for place in ("trivium.curation.part.PartWriter.write", "trivium.stages.tokens.write_shards"):
        with monkeypatch.context() as patch:
            patch.setattr(place, full)
            assert run(data, tmp_path / "out") == 2
        said = capsys.readouterr().err
        assert "the disk is full; what was finished before is still good" in said
        assert "run the same command again" in said
        assert "Traceback" not in said
    assert run(data, tmp_path / "out") == 0
    shards = [tmp_path / name / "curated" / "tokens" / "train" for name in ("whole", "out")]
    whole, again = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in shards)
    assert again == whole


def test_a_classifier_is_trained_from_examples_of_ones_own(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(3)
    kinds = {
        "good": ["river", "woman", "walked", "talked", "days", "home", "story"],
        "bad": ["click", "buy", "cheap", "now", "deal", "win"],
    }
    for kind, vocabulary in kinds.items():
        rows = [{"text": " ".join(rng.choices(vocabulary, k=60)) + "."} for _ in range(60)]
        (data / f"{kind}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    advertisement = {"text": " ".join(rng.choices(kinds["bad"], k=80)) + ". That is all. There is no more."}
    (data / "rows.jsonl").write_text(json.dumps(advertisement) + "\n")
    given = [part for kind in kinds for part in ("--examples", f"{kind}={data / kind}.jsonl")]
    assert run(data, tmp_path / "out", *given, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert {each["rule"]: each["by_source"] for each in told["corpus"]["dropped"]} == {
        "unlike the good examples": {"web": 1}
    }


def test_thresholds_can_be_changed_on_the_scores_alone(data: Path, tmp_path: Path) -> None:
    """The verdicts of other bounds on scores.parquet are those of a run with these bounds."""
    bounds = {"too_few_sentences": {"low": 8}}
    for name, more in (("loose", ()), ("strict", ("--set", "corpus.quality.bounds.too_few_sentences.low=8"))):
        assert run(data, tmp_path / name, *more) == 0
    loose, strict = (
        pq.read_table(tmp_path / name / "curated" / "corpus" / "scores.parquet") for name in ("loose", "strict")
    )
    settings = CurationSettings.model_validate({"quality": {"groups": ["c4"], "bounds": bounds}})
    assert settings.quality is not None
    scored = loose.filter(pa.compute.is_valid(loose["num_sentences"]))
    verdict = Verdict(scored.num_rows)
    columns = {name: scored[name].combine_chunks() for name in scored.schema.names}
    judge(columns, settings, settings.quality.chosen(), verdict)
    wanted = {row["id"] for row in strict.select(["id", "rule"]).to_pylist() if row["rule"] == "too_few_sentences"}
    found = {id for id, rule in zip(scored["id"].to_pylist(), verdict.rules, strict=True) if rule is not None}
    assert wanted
    assert found == wanted
