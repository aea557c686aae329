"""Turns a prompt into its split by a hash of what it shares with its relatives, so that none is in two splits."""

from __future__ import annotations

from typing import Literal, TypeVar

from trivium.core.seed import derive
from trivium.records import Comparison, Demonstration, Prompt

Split = Literal["train", "dev", "test"]
T = TypeVar("T", Demonstration, Comparison)


def split_group(prompt: Prompt) -> str:
    """Return what must stay together: the source's own group (`attrs["group"]`, say a story), else the first user turn.

    The first turn and not the whole prompt, because dialogues that go on from the same opening share it. Case and
    white space are levelled, so that trivial copies stay together too.
    """
    group = prompt.attrs.get("group")
    if group is not None:
        return f"{prompt.source}\x1f{group}"
    opening = next(
        (message.content for message in prompt.messages if message.role == "user"), prompt.messages[0].content
    )
    return " ".join(opening.casefold().split())


def split_of(prompt: Prompt, *, test_share: float, dev_share: float = 0.0, seed: int = 0) -> Split:
    """Return the prompt's split: the same for all prompts of a group, on every machine, whatever other prompts there
    are.
    """
    if min(test_share, dev_share) < 0 or test_share + dev_share > 1:
        raise ValueError(f"shares must be in [0, 1] together, found test {test_share} and dev {dev_share}")
    draw = derive(seed, "split", split_group(prompt)) / 2**63
    return "test" if draw < test_share else "dev" if draw < test_share + dev_share else "train"


def with_split(record: T, split: Split) -> T:
    """Return the record with its prompt marked."""
    return record.model_copy(update={"prompt": record.prompt.model_copy(update={"split": split})})
