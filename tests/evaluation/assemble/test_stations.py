from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from evaluation.assemble.invented import Invented, whole
from trivium.evaluation.assemble.stations import mix_words, road
from trivium.evaluation.assemble.trail import Halt


def test_two_rounds_are_told_with_plain_names(tmp_path: Path) -> None:
    stations = road(whole(tmp_path, rounds=2).trail())
    rounds = [(one.name, one.round) for one in stations if one.name in ("comparisons", "policy")]
    assert rounds == [("comparisons", 1), ("policy", 1), ("comparisons", 2), ("policy", 2)]
    assert [one.name for one in stations if one.beside] == ["policy_without_mix"]
    assert [one.name for one in stations if one.people and one.round == 1] == ["demonstrations", "comparisons"]


def test_each_station_has_its_figure(tmp_path: Path) -> None:
    told = {one.name: (one.headline, one.unit) for one in road(whole(tmp_path).trail())}
    assert told["corpus"] == ("120", "words")
    assert told["tokenizer"] == ("300", "pieces")
    assert told["pretrain"] == ("1.50", "bits a byte, held out")
    assert told["sft"] == ("0.97", "held-out answers right")
    assert told["comparisons"] == ("1 × 4", "replies ranked")
    assert told["policy"] == ("3.30", "nats a reply from sft")
    assert told["evaluate"] == ("20 of 22", "bars met")


def test_short_stages_are_told_with_their_neighbours_and_their_seconds_are_counted(tmp_path: Path) -> None:
    stations = {one.name: one for one in road(whole(tmp_path).trail())}
    assert "sources" not in stations
    assert "tokens" not in stations
    assert (stations["corpus"].seconds, stations["pretrain"].seconds) == (5.0, 2.5)


def test_what_was_not_run_says_why(tmp_path: Path) -> None:
    run = Invented(tmp_path)
    for name in ("sources", "corpus"):
        run.make(name)
    until = {one.name: one for one in road(run.trail(until="corpus"))}
    assert (until["corpus"].state, until["tokenizer"].state, until["tokenizer"].why) == ("made", "not_run", "--until corpus")
    stopped = {one.name: one for one in road(replace(run.trail(), halt=Halt("tokenizer", "the disk is full")))}
    assert (stopped["tokenizer"].state, stopped["tokenizer"].why) == ("stopped", "the disk is full")
    assert (stopped["sft"].state, stopped["sft"].why) == ("not_run", "tokenizer stopped")


def test_the_mix_is_told_with_its_coefficient(tmp_path: Path) -> None:
    assert mix_words(Invented(tmp_path).trail()) == "pre-training text mixed into PPO, coefficient 0.5"
