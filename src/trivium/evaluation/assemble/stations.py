"""The stages of a run to the stations of its road: one figure to remember and two short lines each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from trivium.evaluation.assemble.scores import score_rows
from trivium.evaluation.assemble.trail import Trail, num_rounds, split_round
from trivium.evaluation.report.data import Station
from trivium.evaluation.report.words import count_word, counted, decimal
from trivium.human.ranking import Aggregate

Lines = tuple[str, str, tuple[str, ...]]
"""Headline, its unit, and what was made."""

PEOPLE = ("milestones", "demonstrations", "comparisons")
BESIDE = ("policy_without_mix",)
FOLDED = {"corpus": "sources", "tokenizer": "tokens"}
"""Stations that tell of a short stage beside their own, so that the road keeps to what a reader can follow."""


def road(trail: Trail) -> tuple[Station, ...]:
    """Return a station for every stage of the graph that has one of its own, rounds in their order."""
    names = [node.name for node in trail.graph.nodes]
    folded = [inner for outer, inner in FOLDED.items() if outer in names]
    return tuple(_station(trail, name) for name in names if name not in folded)


def mix_words(trail: Trail) -> str:
    """Say that pre-training text is mixed into PPO, and how strongly; nothing where it is not."""
    config = trail.config("policy")
    coefficient = config.get("mix_coefficient", 0.0) if config.get("mix_rows") else 0.0
    return f"pre-training text mixed into PPO, coefficient {coefficient:g}" if coefficient else ""


def _station(trail: Trail, name: str) -> Station:
    plain, number = split_round(name)
    artifact = trail.artifact(name)
    rounds = num_rounds(trail.graph)
    shown: Lines = ("", "", ())
    if artifact is not None and plain in _LINES:
        shown = _LINES[plain](trail, name)
    state, why = _state(trail, name)
    parts = [trail.made[part] for part in (name, FOLDED.get(name)) if part in trail.made]
    return Station(
        name=plain,
        state=state,
        why=why,
        headline=shown[0],
        unit=shown[1],
        made=shown[2],
        seconds=sum(one.manifest.seconds for one in parts) if parts else None,
        people=plain in PEOPLE,
        cached=artifact is not None and name in trail.reused,
        round=number or (rounds if plain in ("comparisons", "reward", "policy") else 1),
        beside=plain in BESIDE,
    )


def _state(trail: Trail, name: str) -> tuple[Literal["made", "not_run", "stopped"], str]:
    if trail.artifact(name) is not None:
        return "made", ""
    if trail.halt is not None:
        stopped = name == trail.halt.stage
        return ("stopped", trail.halt.cause) if stopped else ("not_run", f"{trail.halt.stage} stopped")
    return "not_run", f"--until {trail.until}" if trail.until else ""


def _count(trail: Trail, name: str, key: str) -> int:
    return round(trail.number(name, key) or 0)


def _short(count: float) -> str:
    """Write a count in four characters or so.

    >>> _short(2_811_402), _short(48_200), _short(1_061_000), _short(900)
    ('2.81 M', '48,200', '1.06 M', '900')
    """
    return f"{count / 1e6:.2f} M" if count >= 999_950 else f"{count:,.0f}"


def _figure(trail: Trail, name: str, key: str, places: int = 2) -> str:
    value = trail.number(name, key)
    return "–" if value is None else decimal(value, places)


def _corpus(trail: Trail, name: str) -> Lines:
    artifact = trail.made[name]
    dropped = sum(round(m.value or 0) for key, m in artifact.manifest.metrics.items() if key.startswith("dropped."))
    kept = _count(trail, name, "documents")
    lines = (
        f"{kept:,} documents kept, {dropped:,} dropped with a reason",
        f"{_count(trail, name, 'heldout_documents'):,} held out",
    )
    words = trail.number(name, "words")
    return (_short(words), "words", lines) if words else (_short(kept), "documents", lines[1:])


def _tokenizer(trail: Trail, name: str) -> Lines:
    seen, size = _short(_count(trail, "tokens", "train_tokens")), _figure(trail, name, "bytes_per_token")
    lines = (f"{seen} tokens of text", f"{size} bytes each, held out")
    return f"{_count(trail, name, 'vocabulary'):,}", "pieces", lines


def _pretrain(trail: Trail, name: str) -> Lines:
    weights, seen = (_short(_count(trail, name, key)) for key in ("parameters", "tokens_seen"))
    steps = counted(trail.config(name).get("num_steps", 0), "step")
    return (
        _figure(trail, name, "bits_per_byte"),
        "bits a byte, held out",
        (f"{weights} weights, {steps}", f"{seen} tokens seen"),
    )


def _milestones(trail: Trail, name: str) -> Lines:
    pairs, orders = _count(trail, name, "demonstrations"), _count(trail, name, "comparisons")
    made = [f"{number:,} {what}" for number, what in ((pairs, "pairs written"), (orders, "orders given")) if number]
    return f"{pairs + orders:,}", "sealed in the Studio", tuple(made)


def _demonstrations(trail: Trail, name: str) -> Lines:
    tasks = [key for key in trail.made[name].manifest.metrics if key.startswith("tasks.") and key != "tasks.other"]
    kinds = f"{count_word(len(tasks))} task types, " if tasks else ""
    return (
        f"{_count(trail, name, 'demonstrations'):,}",
        "pairs",
        (f"{kinds}{_count(trail, name, 'heldout'):,} held out",),
    )


def _sft(trail: Trail, name: str) -> Lines:
    passes = f"{trail.config(name).get('epochs', 0):g} passes"
    loss = f"held-out loss {_figure(trail, name, 'heldout_loss')} nats a token"
    answers = trail.evaluated.get("sft.answers_held_out")
    if answers is not None and answers.value is not None:
        return decimal(answers.value, 2), "held-out answers right", (passes, loss)
    return _figure(trail, name, "heldout_loss"), "nats a reply token, held out", (passes,)


def _span(counts: Sequence[int]) -> str:
    """Write the least and the most of some counts.

    >>> _span([4, 4]), _span([1, 3, 2])
    ('4', '1 to 3')
    """
    low, high = min(counts, default=0), max(counts, default=0)
    return f"{low}" if low == high else f"{low} to {high}"


def _comparisons(trail: Trail, name: str) -> Lines:
    rows = list(trail.rows(name, "groups.jsonl", Aggregate))
    replies, orders = _span([len(row.replies) for row in rows]), _span([row.num_rankers for row in rows])
    agreed = trail.number(name, "agreement")
    agreement = f", {100 * agreed:.0f} % of pairs agreed" if agreed is not None else ""
    lines = (
        f"{orders} order{'' if orders == '1' else 's'} a prompt{agreement}",
        f"{_count(trail, name, 'contested'):,} contested",
    )
    return f"{_count(trail, name, 'prompts'):,} × {replies}", "replies ranked", lines


def _reward(trail: Trail, name: str) -> Lines:
    metric = trail.metric(name, "groups")
    used = f"learnt from {_count(trail, name, 'groups'):,} of {metric.n:,} prompts" if metric is not None else ""
    mean = f"mean on demonstrations {_figure(trail, name, 'mean_on_demonstrations')}"
    return _figure(trail, name, "heldout_pair_accuracy"), "held-out pairs as ranked", (used, mean)


def _policy(trail: Trail, name: str) -> Lines:
    rows = trail.log(name)
    last = next((row["kl"] for row in reversed(rows) if "kl" in row), None)
    config = trail.config(name)
    steps = f"PPO, {counted(len(rows), 'step')}"
    if name in BESIDE:
        return (
            _figure(trail, name, "bits_per_byte", 3),
            "bits a byte, held out",
            (f"{steps}, no pre-training text mixed in",),
        )
    mix = config.get("mix_coefficient", 0.0) if config.get("mix_rows") else 0.0
    text = f"{_figure(trail, name, 'bits_per_byte', 3)} bits a byte"
    return "–" if last is None else decimal(last, 2), "nats a reply from sft", (f"{steps}, mix {mix:g}", text)


def _evaluate(trail: Trail, name: str) -> Lines:
    rows = score_rows(trail)
    path = trail.file(name, "answers.jsonl")
    num_replies = path.read_bytes().count(b"\n") if path is not None else 0
    kept = (f"{num_replies:,} sampled replies kept",)
    num_met, num_bars = (sum(row.verdict in verdicts for row in rows) for verdicts in (("met",), ("met", "missed")))
    if num_bars:
        return f"{num_met} of {num_bars}", "bars met", kept
    return f"{len(rows)}", "numbers, no bars", kept


_LINES: dict[str, Callable[[Trail, str], Lines]] = {
    "corpus": _corpus,
    "tokenizer": _tokenizer,
    "pretrain": _pretrain,
    "milestones": _milestones,
    "demonstrations": _demonstrations,
    "sft": _sft,
    "comparisons": _comparisons,
    "reward": _reward,
    "policy": _policy,
    "policy_without_mix": _policy,
    "evaluate": _evaluate,
}
