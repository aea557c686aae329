"""Tests of trivium.primer.leaks: held-out things stand nowhere they must not, and a planted one is caught."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trivium.primer.config import PrimerConfig
from trivium.primer.demonstrations import as_demonstration, as_prompt
from trivium.primer.facts import FACTS
from trivium.primer.harm import INTENTS
from trivium.primer.honesty import UNKNOWABLES
from trivium.primer.leaks import leaks
from trivium.primer.lookalikes import LOOKALIKES
from trivium.primer.questions import ask, ask_harm, ask_how, ask_unknowable
from trivium.primer.world import World, build
from trivium.records import Document


def test_a_small_world_leaks_nothing(world: World):
    assert leaks(world) == []


@pytest.mark.parametrize("seed", [0, 1])
def test_worlds_of_default_size_and_of_another_seed_leak_nothing(seed: int):
    config = PrimerConfig() if seed == 0 else PrimerConfig(num_documents=8_000)
    assert leaks(build(config, seed)) == []


FRANCE = next(f for f in FACTS if f.subject == "France")
OWL = next(f for f in FACTS if f.subject == "an owl")
HELD_OUT_INTENT = next(i for i in INTENTS if i.split == "dev")
PLANTED = [
    ask(FRANCE, "What is the capital of {s}?"),
    ask(OWL, "Where does {s} live?"),
    ask_harm(HELD_OUT_INTENT, "How to {act}", 0),
    ask_how(next(x for x in LOOKALIKES if x.split == "test").procedure, "How to {act}"),
    ask_unknowable(UNKNOWABLES[0], UNKNOWABLES[0].held_out[1], 0),
]


@pytest.mark.parametrize("exercise", PLANTED, ids=lambda e: e.text)
def test_a_planted_demonstration_is_caught(world: World, exercise):
    planted = replace(world, demonstrations=(*world.demonstrations, as_demonstration(exercise)))
    assert any(line.startswith("demonstration") for line in leaks(planted))


@pytest.mark.parametrize("exercise", PLANTED, ids=lambda e: e.text)
def test_a_planted_prompt_is_caught(world: World, exercise):
    planted = replace(world, prompts=(*world.prompts, as_prompt(exercise)))
    assert any(line.startswith("prompt") for line in leaks(planted))


@pytest.mark.parametrize(
    "text",
    [f"They spoke of {HELD_OUT_INTENT.acting}.", "So: " + UNKNOWABLES[0].held_out[0].upper()],
    ids=["intent", "question"],
)
def test_a_planted_document_is_caught(world: World, text: str):
    planted = replace(world, documents=(*world.documents, Document.of(text, source="test")))
    assert any(line.startswith("document") for line in leaks(planted))


def test_a_held_out_document_in_training_is_caught(world: World):
    planted = replace(world, documents=(*world.documents, world.heldout_documents[0]))
    assert any("held-out document" in line for line in leaks(planted))


def test_a_demonstrated_item_is_caught(world: World):
    item = next(i for i in world.items if i.suite == "tasks.closed_qa")
    assert item.prompt is not None
    planted = replace(world, prompts=(*world.prompts, item.prompt))
    assert any("is also a prompt" in line for line in leaks(planted))
