"""What a guard did in the demo's production: the primer's harmful requests and their harmless look-alikes."""

from __future__ import annotations

from trivium.core.seed import stream
from trivium.human.desk.guards import GuardDecision
from trivium.primer.config import PrimerConfig
from trivium.primer.demonstrations import as_prompt, write_demonstrations

NUM_DECISIONS = 18
WRONG_SHARE = 0.2  # of the decisions, the guard was wrong
GUARD = "demo-guard/1"


def decisions(seed: int = 1) -> list[GuardDecision]:
    """Return decisions, some of them wrong: harm that passed, and harmless questions that were stopped."""
    found: list[GuardDecision] = []
    draw = stream(seed, "demo guard")
    seen: set[str] = set()
    for one in write_demonstrations(PrimerConfig.small(), seed):
        if one.kind not in ("harmful", "benign") or one.text in seen or len(found) == NUM_DECISIONS:
            continue
        harmful = one.kind == "harmful"
        if harmful and "bad" not in one.marks:
            continue
        seen.add(one.text)
        blocked = harmful != (draw.random() < WRONG_SHARE)
        found.append(
            GuardDecision(as_prompt(one), one.reply, GUARD, blocked, "harm" if blocked else "", float(draw.random()))
        )
    return found
