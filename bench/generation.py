"""Batched generation, our engine beside transformers' `generate`, to a comparison of generated tokens a second."""

from __future__ import annotations

from dataclasses import dataclass

from bench.inputs import SHAPE, Inputs
from bench.ours import OurEngine
from bench.peers import Generate
from bench.rounds import Comparison, Measured
from bench.settings import Draw
from trivium.core.seed import stream


@dataclass(frozen=True)
class Kind:
    """A number of prompts at once, how their replies are drawn, and the ratio that must be reached."""

    name: str
    num_prompts: int
    draw: Draw
    bar: float


KINDS = (
    Kind("generation, batch 1, vs generate", 1, Draw(max_new_tokens=192), 1.5),
    Kind("generation, batch 64, prompts of mixed lengths, vs generate", 64, Draw(max_new_tokens=64), 3.0),
    Kind(
        "generation, batch 64, prompts and replies of mixed lengths, vs generate",
        64,
        Draw(max_new_tokens=128, stop_share=0.015),
        3.0,
    ),
)


def compare(kind: Kind, inputs: Inputs, rounds: int) -> Comparison:
    """Continue the same prompts on both sides, the first set of them for warmth and for equality."""
    ours, peer = OurEngine(inputs, kind.num_prompts), Generate(inputs)
    rng = stream(0, "bench", kind.name)
    stop_ids = tuple(
        int(i) for i in rng.permutation(SHAPE.vocab_size)[: round(kind.draw.stop_share * SHAPE.vocab_size)]
    )
    sets = []
    for _ in range(rounds + 1):
        picked = rng.permutation(len(inputs.pairs))[: kind.num_prompts]
        sets.append([inputs.pairs[int(i)].prompt for i in picked])
    _, our_ids = ours(sets[0], kind.draw, stop_ids)
    _, peer_ids = peer(sets[0], kind.draw, stop_ids)
    comparison = Comparison(kind.name, kind.bar, agreement=_agreement(kind, our_ids, peer_ids))

    def timed(side: OurEngine | Generate, prompts: list[list[int]]) -> Measured:
        seconds, replies = side(prompts, kind.draw, stop_ids)
        tokens = sum(map(len, replies))
        return Measured(tokens, seconds, 2 * SHAPE.matmul_parameters * (tokens + sum(map(len, prompts))) / 1e9)

    comparison.run(rounds, lambda index: timed(ours, sets[index + 1]), lambda index: timed(peer, sets[index + 1]))
    return comparison


def _agreement(kind: Kind, ours: list[list[int]], peer: list[list[int]]) -> str:
    """Say how far the replies are the same: token by token when greedy, in length when drawn."""
    if kind.draw.stop_share:
        lengths = [sum(map(len, side)) / len(side) for side in (ours, peer)]
        return f"drawn at temperature 1, {lengths[0]:.0f} and {lengths[1]:.0f} tokens a reply"
    same = sum(mine == theirs for mine, theirs in zip(ours, peer, strict=True))
    return f"greedy, {same} of {len(ours)} replies identical"
