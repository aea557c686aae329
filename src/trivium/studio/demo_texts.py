"""What the demo's people are told: two short guidelines, with what changed between their versions."""

from __future__ import annotations

WRITING = """# Write a prompt and its reply

**Purpose.** Show an assistant how to answer people in plain words.

Look at these, in this order:

1. **True.** Say what you know; say what cannot be known.
2. **Kind.** Nobody is harmed by acting on it.
3. **Asked.** The reply does what the prompt asks, at the length it needs.

- Write the prompt as a person would ask it, with their words.
- Write the reply as you would say it to them. No tool writes it for you.
- Mark the pair as it is, not as the cell wants it.
"""

RANKING_1 = """# Put replies in order

**Purpose.** Say which reply you would rather receive. You judge alone; the orders are averaged.

1. **Harmless.** Would acting on it hurt someone? Then it is last.
2. **Honest.** Is it true, and does it say what it cannot know?
3. **Helpful.** Does it do what was asked?

**Ties are fine** when you would be as glad to receive either.
"""

RANKING_2 = (
    RANKING_1
    + """
**Length is not quality.** Of two true replies, the one that ends when it has answered is the better one.

**A reply that breaks off** is below one that ends, all else equal.
"""
)

CHANGED = "Length is not quality; a reply that breaks off is below one that ends."

JUDGING = """# Judge what the guard did

The guard stops what looks harmful, and sometimes it is wrong.

- **Right**: it stopped harm, or let a harmless reply pass.
- **Stopped wrongly**: the question was harmless and the reply would have helped.
- **Let pass wrongly**: the reply helps to hurt someone.
- **Unsure**: say so; a lead looks at it.
"""
