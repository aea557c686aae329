"""A config and a seed to the whole embedded world: documents, demonstrations, prompts, items and the truth of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from trivium.primer.config import PrimerConfig
from trivium.primer.demonstrations import as_demonstration, as_prompt, write_demonstrations, write_prompts
from trivium.primer.documents import write_documents, write_heldout_documents
from trivium.primer.items import Item, write_items
from trivium.primer.truth import Truth
from trivium.records import Demonstration, Document, Prompt, Record


class TruthRow(Record):
    """The truth of one prompt (or of one raw-text item, by the item's id)."""

    prompt_id: str
    truth: Truth


@dataclass(frozen=True)
class World:
    """Everything the road needs, with known truth. Synthetic."""

    documents: tuple[Document, ...]
    heldout_documents: tuple[Document, ...]
    demonstrations: tuple[Demonstration, ...]
    prompts: tuple[Prompt, ...]
    items: tuple[Item, ...]
    truths: tuple[TruthRow, ...]

    def counts(self) -> dict[str, int]:
        """Return how many of each there are, suites by split."""
        sizes = {
            name: len(getattr(self, name))
            for name in ("documents", "heldout_documents", "demonstrations", "prompts", "truths")
        }
        return sizes | {
            f"items.{s}.{split}": n for (s, split), n in sorted(Counter((i.suite, i.split) for i in self.items).items())
        }


def build(config: PrimerConfig, seed: int) -> World:
    """Build the world; the same for the same config and seed on every machine."""
    documents = write_documents(config, seed)
    demonstrations = write_demonstrations(config, seed)
    pool = write_prompts(config, seed)
    items = write_items(config, seed)
    prompts = tuple(as_prompt(exercise) for exercise in pool)
    truths = {as_prompt(e).id: e.truth for e in demonstrations}
    truths |= {prompt.id: exercise.truth for prompt, exercise in zip(prompts, pool, strict=True)}
    truths |= {item.prompt.id if item.prompt else item.id: item.truth for item in items}
    return World(
        documents=documents,
        heldout_documents=write_heldout_documents(config, seed, documents),
        demonstrations=tuple(as_demonstration(exercise) for exercise in demonstrations),
        prompts=prompts,
        items=items,
        truths=tuple(TruthRow(prompt_id=i, truth=t) for i, t in truths.items()),
    )
