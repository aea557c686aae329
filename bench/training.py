"""SFT and reward-model training, ours beside TRL's, to a comparison of real tokens a second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bench.inputs import BATCH, SHAPE, Inputs, Pair
from bench.ours import Ours
from bench.peers import Trl
from bench.rounds import Comparison, Measured

STEPS = 6  # a round; long enough that TRL's set-up, which is not measured, has warmed its caches
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Kind:
    """One kind of training and the ratio it must reach."""

    key: Literal["sft-text", "sft-replies", "reward"]
    name: str
    bar: float


KINDS = (
    Kind("sft-text", "SFT, every token predicted, vs SFTTrainer", 3.0),
    Kind("sft-replies", "SFT, replies predicted, vs SFTTrainer", 3.0),
    Kind("reward", "reward model vs RewardTrainer", 3.0),
)


def compare(kind: Kind, inputs: Inputs, rounds: int) -> Comparison:
    """Train both sides on the same slices of the data, the first of them for warmth and for equality of the losses."""
    ours, peer = Ours(kind.key, inputs), Trl(kind.key, inputs)
    size = STEPS * BATCH
    slices = [inputs.pairs[start : start + size] for start in range(0, size * (rounds + 1), size)]
    _, our_losses = ours.train(slices[0])
    _, peer_losses = peer.train(slices[0])
    worst = max(abs(mine - theirs) for mine, theirs in zip(our_losses, peer_losses, strict=True))
    if abs(our_losses[0] - peer_losses[0]) > TOLERANCE:
        raise SystemExit(
            f"{kind.name}: the first losses differ, {our_losses[0]} and {peer_losses[0]}: not the same work"
        )
    comparison = Comparison(kind.name, kind.bar, agreement=f"losses of {STEPS} steps differ by {worst:.0e} at most")

    def timed(side: Ours | Trl, pairs: list[Pair]) -> Measured:
        shared = kind.key == "reward" and side is ours
        seconds, _ = side.train(pairs)
        return Measured(real_tokens(kind, pairs), seconds, gflop(kind, pairs, shared))

    comparison.run(rounds, lambda index: timed(ours, slices[index + 1]), lambda index: timed(peer, slices[index + 1]))
    return comparison


def real_tokens(kind: Kind, pairs: list[Pair]) -> int:
    """Count tokens without padding; a reward pair has two whole sequences."""
    return sum(p.num_tokens if kind.key == "reward" else len(p.prompt) + len(p.chosen) for p in pairs)


def gflop(kind: Kind, pairs: list[Pair], shared_prompt: bool) -> float:
    """Return the operations of products with weights: 6 a parameter and token: forward 2, backward 4."""
    head = SHAPE.vocab_size * SHAPE.hidden_size
    trunk = SHAPE.matmul_parameters - head
    tokens = real_tokens(kind, pairs) - (sum(len(p.prompt) for p in pairs) if shared_prompt else 0)
    wanted = {"sft-text": tokens - len(pairs), "sft-replies": sum(len(p.chosen) for p in pairs), "reward": 0}[kind.key]
    return 6 * (trunk * tokens + head * wanted) / 1e9
