"""Reads hand-made files of each demonstration format and holds prompts, replies and rejects to what they say."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from trivium.core.errors import SourceError
from trivium.human.formats import Reject, read_demonstrations
from trivium.human.formats.fairytaleqa import demonstrations as read_fairytales
from trivium.records import Demonstration


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Write JSON lines, an array for .json, gzip for .gz."""
    text = (
        json.dumps(rows)
        if ".json" in path.suffixes and ".jsonl" not in path.suffixes
        else "\n".join(map(json.dumps, rows))
    )
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def read(format_name: str, path: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """Return (last user text, reply) of the demonstrations, and the reasons of the rejects."""
    made = list(read_demonstrations(format_name, path))
    good = [one for one in made if isinstance(one, Demonstration)]
    return [(one.prompt.text, one.reply) for one in good], [one.reason for one in made if isinstance(one, Reject)]


def test_alpaca_rows_join_instruction_and_input(tmp_path: Path) -> None:
    rows = [
        {"instruction": "Add.", "input": "1 2", "output": "3"},
        {"instruction": "Sing.", "input": "", "output": " la "},
        {"instruction": "Sing.", "output": ""},
    ]
    file = write_rows(tmp_path / "roleplay.json.gz", rows)
    assert read("alpaca", file) == ([("Add.\n\n1 2", "3"), ("Sing.", "la")], ["`output` is empty"])
    first = next(iter(read_demonstrations("alpaca", tmp_path)))
    assert isinstance(first, Demonstration)
    assert (first.prompt.source, first.prompt.licence, first.prompt.origin) == ("roleplay", "unstated", "dataset")


def test_the_template_around_a_dolly_prompt_is_taken_off(tmp_path: Path) -> None:
    head = "Below is an instruction that describes a task. Write a response.\n\n### Instruction:\n"
    rows = [
        {"prompt": head + "what is\n\nwater?\n\n### Response:\n", "response": "Wet."},
        {"prompt": head + "Sum.\n\n### Input:\n1 2\n\n### Response:\n", "response": "3"},
        {"prompt": "what is water?", "response": "Wet."},
        {"prompt": head + "\n\n### Response:\n", "response": "Wet."},
    ]
    made, reasons = read("dolly-hhrlhf", write_rows(tmp_path / "train.jsonl", rows))
    assert made == [("what is\n\nwater?", "Wet."), ("Sum.\n\n1 2", "3")]
    assert reasons == ["the prompt is not in the Alpaca template", "the instruction is empty"]


def test_each_instance_of_a_seed_task_is_a_demonstration_and_the_evaluation_file_is_not_read(tmp_path: Path) -> None:
    instances = [
        {"input": "", "output": "Eggs."},
        {"input": "No eggs.", "output": "Oats."},
        {"input": "x", "output": ""},
        3,
    ]
    row = {"id": "seed_task_0", "instruction": "Breakfast?", "instances": instances, "is_classification": False}
    write_rows(tmp_path / "seed_tasks.jsonl", [row, {"instruction": "x", "instances": []}])
    write_rows(tmp_path / "user_oriented_instructions.jsonl", [row])
    made, reasons = read("self-instruct", tmp_path)
    assert made == [("Breakfast?", "Eggs."), ("Breakfast?\n\nNo eggs.", "Oats.")]
    assert reasons == ["`output` is empty", "wanted an instance object, found int", "`instances` is missing or empty"]


def test_the_written_out_end_of_text_is_taken_off_t0_completions(tmp_path: Path) -> None:
    rows = [
        {"template": "t", "prompt": "Say ski.\n", "completion": "Ski.<|endoftext|>"},
        {"template": "t", "prompt": "Say nothing.", "completion": "<|endoftext|>"},
    ]
    made, reasons = read("t0-sample", write_rows(tmp_path / "t0.jsonl.gz", rows))
    assert made == [("Say ski.", "Ski.")]
    assert reasons == ["`completion` is empty"]


def test_a_fairytale_question_comes_with_the_sections_it_names(tmp_path: Path) -> None:
    write_rows(tmp_path / "stories.jsonl.gz", [{"story": "Snow", "sections": ["It was cold.", "It was warm.", "End."]}])
    question = {"story": "Snow", "question": "How was it?", "answer1": "cold", "attribute1": "setting"}
    rows = [
        question | {"cor_section": "1"},
        question | {"cor_section": "1,3"},
        question | {"cor_section": "4"},
        question | {"cor_section": "1", "story": "Rain"},
        question | {"cor_section": "1,2,3"},
    ]
    file = write_rows(tmp_path / "questions.jsonl.gz", rows)
    made = list(read_fairytales(file, max_context_words=5))
    good = [one for one in made if isinstance(one, Demonstration)]
    assert [one.prompt.text for one in good] == ["It was cold.\n\nHow was it?", "It was cold.\nEnd.\n\nHow was it?"]
    assert good[0].task_type == "closed_qa"
    assert good[0].prompt.attrs == {"group": "Snow"}
    assert [one.reason for one in made if isinstance(one, Reject)] == [
        "`cor_section` is '4', wanted numbers from 1 to 3",
        "the story 'Rain' is not in the stories file",
        "the passage has 7 words, the limit is 5",
    ]


def test_a_broken_stories_file_is_an_error_for_people(tmp_path: Path) -> None:
    write_rows(tmp_path / "stories.jsonl", [{"story": "Snow"}])
    write_rows(tmp_path / "questions.jsonl", [{"story": "Snow"}])
    with pytest.raises(SourceError, match="sections"):
        list(read_demonstrations("fairytaleqa", tmp_path))


def test_a_tree_gives_the_best_reply_on_the_path_of_best_replies(tmp_path: Path) -> None:
    def node(name: str, role: str, *replies: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return {"message_id": name, "text": name, "role": role, "replies": list(replies), **fields}

    under_best = node("more?", "prompter", node("machine", "assistant", rank=0, synthetic=True, model_name="m"))
    under_worst = node("less?", "prompter", node("never", "assistant", rank=0))
    alone = node("only?", "prompter", node("unranked", "assistant"))
    best = node("best", "assistant", under_best, alone, rank=0)
    root = node("root", "prompter", node("worst", "assistant", under_worst, rank=1), best)
    unanswered = node("anyone?", "prompter")
    rows = [{"message_tree_id": "t", "prompt": root}, {"message_tree_id": "u", "prompt": unanswered}]
    made, reasons = read("oasst", write_rows(tmp_path / "trees.jsonl", rows))
    assert made == [("root", "best"), ("only?", "unranked")]
    assert reasons == ["the best reply machine was written by a model (m)"]


def test_an_unknown_format_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="'Alpacka'") as caught:
        read_demonstrations("Alpacka", tmp_path)
    assert "'alpaca'" in caught.value.do
