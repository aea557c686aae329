"""The embedded world to a few of its questions, each with a reply graded against the known truth."""

from __future__ import annotations

from trivium.primer.config import PrimerConfig
from trivium.primer.truth import Grade, grade
from trivium.primer.world import build


def main(num_shown: int = 6) -> list[Grade]:
    """Build a small world, print what it holds, and grade the first demonstrations' own replies."""
    world = build(PrimerConfig.small(), seed=7)
    for name, count in world.counts().items():
        print(f"{count:6,}  {name}")
    truths = {row.prompt_id: row.truth for row in world.truths}
    grades = []
    for demonstration in world.demonstrations[:num_shown]:
        found = grade(truths[demonstration.prompt.id], demonstration.reply, True)
        grades.append(found)
        print(f"\n{demonstration.prompt.text}\n  → {demonstration.reply}")
        print(f"  quality {found.gold:+.2f}, right: {found.right}")
    return grades


if __name__ == "__main__":
    main()
