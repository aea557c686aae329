"""The kinds of artifact on the road: what a stage may take and make."""

from __future__ import annotations

from typing import ClassVar

from trivium.core.artifact import Artifact


class Sources(Artifact):
    """Raw documents, demonstrations, prompts and items as they came, with licences."""

    kind: ClassVar[str] = "sources"


class Corpus(Artifact):
    """Documents kept for training and held out, with the ledger of what was dropped and why."""

    kind: ClassVar[str] = "corpus"


class TokenizerFiles(Artifact):
    """A tokenizer in the Hugging Face layout."""

    kind: ClassVar[str] = "tokenizer"


class Tokens(Artifact):
    """Token shards with their index."""

    kind: ClassVar[str] = "tokens"


class Demonstrations(Artifact):
    """Prompts with the replies that people wrote."""

    kind: ClassVar[str] = "demonstrations"


class Checkpoint(Artifact):
    """Weights, config and tokenizer in the Hugging Face layout: loadable alone, here and elsewhere."""

    kind: ClassVar[str] = "checkpoint"


class Comparisons(Artifact):
    """Prompts, K replies each, and people's orders over them."""

    kind: ClassVar[str] = "comparisons"


class RewardModel(Checkpoint):
    """A checkpoint whose head gives one number, shifted so that demonstrations have mean zero."""

    kind: ClassVar[str] = "reward"


class Evaluation(Artifact):
    """A scorecard with its samples and report page."""

    kind: ClassVar[str] = "evaluation"


def kinds_of(wanted: type[Artifact]) -> dict[str, type[Artifact]]:
    """Return kind → class for the class and all its subclasses."""
    found: dict[str, type[Artifact]] = {wanted.kind: wanted} if wanted.kind else {}
    for child in wanted.__subclasses__():
        found |= kinds_of(child)
    return found
