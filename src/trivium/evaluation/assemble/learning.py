"""What training stages logged to small curves: long ones thinned by means of neighbouring steps, and labelled so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from trivium.evaluation.assemble.trail import Trail, num_rounds
from trivium.evaluation.report.data import Curve, ModelName, Point, Reference, Series

MAX_POINTS = 200
Line = tuple[str, str, ModelName]
"""The logged field, what it is called, and the look of its line."""


def curves(trail: Trail) -> tuple[Curve, ...]:
    """Return the curves of every stage that logged something, in the order of the road."""
    found = [
        _curve(trail, "pretrain", "Pre-training loss", "nats a token", [("text_loss", "raw text", "policy")]),
        _curve(trail, "sft", "Fine-tuning loss", "nats a token", _SFT),
        *_reward(trail),
        *_ppo(trail),
        _raw_text(trail),
    ]
    return tuple(curve for curve in found if curve is not None)


_SFT: list[Line] = [("reply_loss", "replies", "policy"), ("text_loss", "raw text", "base")]


def thinned(points: Sequence[Point], limit: int = MAX_POINTS) -> tuple[list[Point], int]:
    """Return at most `limit` points, and how many neighbours each is the mean of; it stands at the last of their steps.

    A bin with a hole is a hole.

    >>> thinned([(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)], limit=2)
    ([(1.0, 2.0), (2.0, 5.0)], 2)
    """
    size = max(1, math.ceil(len(points) / limit))
    bins = [points[start : start + size] for start in range(0, len(points), size)]
    return [(one[-1][0], _mean([value for _, value in one])) for one in bins], size


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None and math.isfinite(value)]
    return math.fsum(known) / len(known) if len(known) == len(values) else None


def _series(rows: Sequence[dict[str, Any]], line: Line) -> tuple[Series | None, int]:
    field, name, look = line
    points: list[Point] = [(float(row["step"]), row[field]) for row in rows if field in row]
    kept, size = thinned(points)
    return (Series(name=name, points=tuple(kept), look=look) if kept else None), size


def _curve(
    trail: Trail, stage: str, title: str, unit: str, lines: Sequence[Line], reference: Reference | None = None
) -> Curve | None:
    """Return the chart of some fields of one stage's log, or None where nothing was logged."""
    drawn = [_series(trail.log(stage), line) for line in lines]
    series = tuple(one for one, _ in drawn if one is not None)
    size = max(size for _, size in drawn)
    thinning = f", means of {size} steps" if size > 1 else ""
    return Curve(title=title, unit=unit + thinning, series=series, reference=reference) if series else None


def _rounds(trail: Trail, stage: str) -> list[tuple[str, str]]:
    """Return each round's stage with the words that tell the rounds apart."""
    last = num_rounds(trail.graph)
    if last == 1:
        return [(stage, "")]
    return [(stage if number == last else f"{stage}-{number}", f", round {number}") for number in range(1, last + 1)]


def _reward(trail: Trail) -> list[Curve | None]:
    stage, words = _rounds(trail, "reward")[-1]
    config = trail.config(stage)
    plain = not config.get("margin") and not config.get("label_smoothing")
    chance = Reference(value=math.log(2), label="by chance") if plain else None
    return [
        _curve(trail, stage, f"Reward model loss{words}", "nats a pair", [("loss", "training", "base")], chance),
        _curve(
            trail,
            stage,
            f"Reward model{words}",
            "pairs of the batch right, before its step",
            [("pair_accuracy", "training", "policy")],
            Reference(value=0.5, label="by chance"),
        ),
    ]


_SCORES: list[Line] = [("score", "learned", "base"), ("gold", "truth", "policy")]


def _ppo(trail: Trail) -> list[Curve | None]:
    rounds = _rounds(trail, "policy")
    found = [_curve(trail, stage, f"Reward during PPO{words}", "higher is better", _SCORES) for stage, words in rounds]
    stage, words = rounds[-1]
    kl = trail.config(stage).get("kl")
    aim = kl.get("target") if isinstance(kl, dict) else None
    target = Reference(value=aim, label=f"target {aim:g}") if aim is not None else None
    both: list[tuple[str, str, str, Line, Reference | None]] = [
        (stage, "Distance to sft", "KL, nats a reply", ("kl", "policy", "policy"), target),
        (stage, "Value network", "variance explained", ("explained_variance", "explained", "policy"), _NOTHING),
        (stage, "Entropy", "nats a token", ("entropy", "policy", "policy"), None),
        (stage, "Raw text in the mix", "nats a token", ("mix_loss", "with mix", "policy"), None),
    ]
    return found + [_curve(trail, at, title + words, unit, [line], level) for at, title, unit, line, level in both]


_NOTHING = Reference(value=0, label="predicts the mean")


def _raw_text(trail: Trail) -> Curve | None:
    """Return held-out raw text before and after PPO, with the mix and without; it is measured at the two ends only."""
    before = trail.number("sft", "bits_per_byte")
    if before is None:
        return None
    names: list[tuple[str, str, ModelName]] = [
        ("policy", "with mix", "policy"),
        ("policy_without_mix", "without mix", "sft"),
    ]
    series = []
    for stage, name, look in names:
        after, rows = trail.number(stage, "bits_per_byte"), trail.log(stage)
        if after is not None and rows:
            series.append(Series(name=name, points=((0.0, before), (float(rows[-1]["step"] + 1), after)), look=look))
    bar = Reference(value=1.01 * before, label="bar, 1.01 × sft") if trail.truth_known else None
    unit = "bits a byte, at the two ends"
    return Curve(title="Held-out text in PPO", unit=unit, series=tuple(series), reference=bar) if series else None
