"""The sources to what a page must fold away: prompts that ask for harm, and sets of dialogues that try to draw it out.

It covers what is marked so: the embedded world's harmful intents, and data sets in a format known for attacks. It does
not cover harm in any other real text, which nobody has marked.
"""

from __future__ import annotations

from trivium.evaluation.assemble.trail import Trail
from trivium.records import Demonstration, Prompt

HARMFUL = "harmful"
"""The kind of a prompt of the embedded world that asks for harm."""
ATTACKING_FORMATS = ("hh-rlhf",)


def attacking_sources(trail: Trail) -> frozenset[str]:
    """Return the names of the gathered sources whose dialogues try to draw out harm."""
    items = trail.config("sources").get("items", [])
    return frozenset(item["name"] for item in items if item["format"] in ATTACKING_FORMATS)


def harmful_prompts(trail: Trail) -> frozenset[str]:
    """Return the ids of the prompts that are known to ask for harm, or may."""
    attacking = attacking_sources(trail)
    prompts = [*trail.rows("sources", "prompts.jsonl", Prompt)]
    prompts += [row.prompt for row in trail.rows("sources", "demonstrations.jsonl", Demonstration)]
    return frozenset(prompt.id for prompt in prompts if prompt.kind == HARMFUL or prompt.source in attacking)
