from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tiny import tiny_checkpoint
from trivium import cli, use
from trivium.core.errors import CheckpointError, ContextError, InputError, SourceError
from trivium.core.kinds import Checkpoint, RewardModel
from trivium.core.store import Store
from trivium.inference.sampling import Sampling
from trivium.model.exchange import load_checkpoint
from trivium.records import Message
from trivium.text.tokenizer import Tokenizer

SAMPLING = Sampling(max_new_tokens=8, seed=3)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("language"))


@pytest.fixture(scope="module")
def reward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("reward"), scalar=True)


def call(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_generate_gives_n_samples_of_each_prompt_and_the_same_ones_again(model: Path) -> None:
    rows = use.generate(model, ["The capital", "How"], SAMPLING, n=2)
    assert [(row["prompt"], row["sample"]) for row in rows] == [
        ("The capital", 0),
        ("The capital", 1),
        ("How", 0),
        ("How", 1),
    ]
    assert rows == use.generate(model, ["The capital", "How"], SAMPLING, n=2)
    assert rows[0]["text"] != rows[1]["text"]
    assert all(0 < row["num_tokens"] <= 8 and row["logprob"] < 0 for row in rows)


def test_a_chat_prompt_is_asked_through_the_template(model: Path) -> None:
    plain = use.generate(model, ["Hi"], SAMPLING)
    assert use.generate(model, ["Hi"], SAMPLING, chat=True) != plain


def test_a_prompt_longer_than_the_context_is_refused(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ContextError, match="48"):
        use.generate(model, ["word " * 200], SAMPLING)
    code, out, err = call(capsys, "generate", model, "word " * 200)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")


def test_a_talk_streams_what_generate_says_and_remembers_it(model: Path) -> None:
    talk = use.Talk(model, Sampling(max_new_tokens=6, temperature=0))
    reply = "".join(talk.say("Hi"))
    assert reply == use.generate(model, ["Hi"], Sampling(max_new_tokens=6, temperature=0), chat=True)[0]["text"]
    assert talk.turns == [Message(role="user", content="Hi"), Message(role="assistant", content=reply)]


def test_the_score_of_a_reply_is_its_log_probability_under_a_language_model(model: Path) -> None:
    row = use.Scored(prompt="Hi", reply="Paris")
    [found] = use.score(model, [row])
    words, language = Tokenizer.load(model), load_checkpoint(model, head="language")
    prompt = words.chat(row.messages, reply_follows=True).ids
    ids = [*prompt, *words.encode("Paris"), words.end_of_turn_id]
    with torch.no_grad():
        hidden = language(torch.tensor([ids]), torch.arange(len(ids))[None])
        logprobs = language.logits(hidden).log_softmax(-1)[0]
    wanted = sum(float(logprobs[place - 1, ids[place]]) for place in range(len(prompt), len(ids)))
    assert found["score"] == pytest.approx(wanted, abs=1e-4)
    assert found["per_token"] == pytest.approx(wanted / found["num_tokens"], abs=1e-4)


def test_a_reward_model_scores_each_row_alone(reward: Path) -> None:
    rows = [
        use.Scored(prompt="Hi", reply="Paris"),
        use.Scored(prompt=(Message(role="user", content="Go"),), reply="No"),
    ]
    both = use.score(reward, rows)
    assert [row["name"] for row in both] == ["reward", "reward"]
    alone = [use.score(reward, [row])[0]["score"] for row in rows]
    assert [row["score"] for row in both] == pytest.approx(alone, abs=1e-5)
    with pytest.raises(ContextError, match="wanted at most 48 tokens"):
        use.score(reward, [use.Scored(prompt="Hi", reply="word " * 200)])


def test_a_bad_line_is_left_out_with_file_and_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"prompt": "Hi", "reply": "Yes", "source": "x"}\n{"prompt": "Hi"}\n\nnot json\n')
    heard: list[str] = []
    assert use.read_scored(file, heard.append) == [use.Scored(prompt="Hi", reply="Yes")]
    assert [line.split(": ")[0] for line in heard] == [f"{file}:2", f"{file}:4"]
    assert "reply Field required" in heard[0]
    file.write_text("{}\n")
    with pytest.raises(SourceError, match="no row"):
        use.read_scored(file, heard.append)
    with pytest.raises(SourceError, match="cannot read"):
        use.read_scored(tmp_path / "none", heard.append)


def test_an_exported_model_opens_elsewhere_and_nothing_is_overwritten(model: Path, tmp_path: Path) -> None:
    out = use.export(model, tmp_path / "out")
    kept = load_checkpoint(model).state_dict()
    assert all(torch.equal(tensor, kept[name]) for name, tensor in load_checkpoint(out).state_dict().items())
    assert Tokenizer.load(out).fingerprint == Tokenizer.load(model).fingerprint
    with pytest.raises(InputError, match="new or empty"):
        use.export(model, out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_an_imported_model_is_an_artifact_named_after_its_contents(model: Path, reward: Path, tmp_path: Path) -> None:
    store = Store(tmp_path)
    taken = use.import_(model, store, name="mine", licence="MIT")
    assert isinstance(taken, Checkpoint)
    assert (taken.manifest.gathered, taken.manifest.licences) == (True, ["MIT"])
    assert isinstance(use.import_(reward, store, name="judge"), RewardModel)
    assert use.import_(model, store, name="again", licence="MIT").id == taken.id
    record = json.loads((tmp_path / "imported" / "run.json").read_text())
    assert sorted(record["stages"]) == ["again", "judge", "mine"]
    assert use.generate(taken.path, ["Hi"], SAMPLING) == use.generate(model, ["Hi"], SAMPLING)


def test_what_is_no_model_is_refused(tmp_path: Path, model: Path) -> None:
    with pytest.raises(CheckpointError, match=r"found no config\.json"):
        use.import_(tmp_path, Store(tmp_path / "runs"))
    with pytest.raises(InputError, match="without slashes"):
        use.import_(model, Store(tmp_path / "runs"), name="a/b")


def test_the_verbs_answer_in_json(
    model: Path, reward: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(*arguments: str | Path) -> Any:
        code, out, _ = call(capsys, *arguments, "--json", "--runs", tmp_path / "runs")
        assert code == 0
        return json.loads(out)

    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"prompt": "Hi", "reply": "Yes"}\n')
    assert len(answer("generate", model, "One", "Two", "-n", 2, "--max-tokens", 3)) == 4
    assert answer("score", reward, "--data", rows)[0]["name"] == "reward"
    taken = answer("import", model, "--name", "mine")
    assert taken["name"] == "imported/mine"
    assert len(answer("generate", "imported/mine", "One", "--chat")) == 1
    assert answer("export", "imported/mine", "--out", tmp_path / "out")["format"] == "hf"
    assert (tmp_path / "out" / "config.json").is_file()


def test_the_verbs_answer_people(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"prompt": "Hi", "reply": "Yes"}\n')
    assert "--- Hi [2/2]" in call(capsys, "generate", model, "Hi", "-n", 2, "--max-tokens", 3)[1]
    assert "'Hi' → 'Yes'" in call(capsys, "score", model, "--data", rows)[1]
    assert call(capsys, "export", model, "--out", tmp_path / "out", "--format", "gguf")[0] == 2
    assert call(capsys, "generate", tmp_path, "Hi")[0] == 2


def test_a_chat_goes_on_until_the_end_of_input(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Hi\n\n/new\n" + "word " * 200 + "\nHi\n/quit\nnever\n"))
    code, out, err = call(capsys, "chat", model, "--max-tokens", 4, "--temperature", 0)
    assert code == 0
    replies = out.splitlines()
    assert len(replies) == 2
    assert replies[0] == replies[1]
    assert err.count("error: ") == 1


def test_the_primer_is_exported_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from trivium.primer import config

    small = config.PrimerConfig.small()
    monkeypatch.setattr(config, "PrimerConfig", lambda: small)
    code, out, _ = call(capsys, "primer", "export", "--out", tmp_path / "world", "--seed", 4, "--json")
    assert code == 0
    assert json.loads(out)["counts"]["documents"] > 0
    assert (tmp_path / "world" / "documents.jsonl").is_file()
    assert call(capsys, "primer", "export", "--out", tmp_path / "world")[0] == 2
