"""Turns stories into columns: which models have something to say in them."""

from __future__ import annotations

from collections.abc import Sequence

from trivium.evaluation.report.data import MODELS, ModelName, Story


def models_shown(rows: Sequence[Story]) -> list[ModelName]:
    """Return the models that answered at least one of the rows, in their order: a run until sft has no policy column.

    >>> from trivium.evaluation.report.data import Reply
    >>> models_shown([Story(asked="?", base=Reply(text="", stopped=False)), Story(asked="?")])
    ['base']
    """
    return [name for name in MODELS if any(getattr(row, name) is not None for row in rows)]
