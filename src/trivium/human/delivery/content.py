"""What a milestone holds: the records by item, and all that the datasheet says about how they came to be.

People are pseudonyms here. Times, paths and names of machines are left out, so that the same work gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from pydantic import Field

from trivium.human.coverage import Requirement
from trivium.human.ranking import AggregateRules, Consensus, Method, aggregate_by
from trivium.human.rubrics import Rubric
from trivium.records import Comparison, Demonstration, Judgement, Prompt, Record


class Annotator(Record):
    """One person, as far as they may be told of: a pseudonym, a party, and a profile they consented to pass on."""

    pseudonym: str
    party: str = ""
    roles: tuple[str, ...] = ()
    profile: dict[str, str] = Field(default_factory=dict)


class Aside(Record):
    """What one person said about an item as a whole: a mark, or words."""

    person: str
    axis: str
    """The axis of the rubric, or `note`."""
    value: float | None = None
    text: str = ""
    guideline: str = ""


class GuidelineText(Record):
    """A version of what people were told."""

    version: str
    markdown: str
    rubric: Rubric | None = None

    @property
    def sha256(self) -> str:
        """Hash of the text and the rubric."""
        return digest(self.model_dump(mode="json"))


class ReviewCount(Record):
    """What a round of quality assurance came to."""

    stage: str
    """Say, `internal QA` or `client QA`."""
    share: float = Field(ge=0, le=1)
    """The sampling plan: share of a batch that is looked at."""
    num_reviewed: int
    num_returned: int


class Milestone(Record):
    """Everything that goes into a delivery. Keys are item ids."""

    project: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    milestone: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    title: str = ""
    purpose: str = ""
    not_for: str = ""
    """What the data must not be used for, in the lead's words."""
    demonstrations: dict[str, Demonstration] = Field(default_factory=dict)
    comparisons: dict[str, tuple[Comparison, ...]] = Field(default_factory=dict)
    judgements: dict[str, tuple[Judgement, ...]] = Field(default_factory=dict)
    asides: dict[str, tuple[Aside, ...]] = Field(default_factory=dict)
    """Marks and words about comparisons and judgements as a whole."""
    annotators: tuple[Annotator, ...] = ()
    requirement: Requirement | None = None
    requirement_version: str = ""
    guidelines: tuple[GuidelineText, ...] = ()
    reviews: tuple[ReviewCount, ...] = ()
    method: Method = "mean_rank"
    rules: AggregateRules = AggregateRules()
    num_judged_under: dict[str, int] = Field(default_factory=dict)
    """Guideline version → judgements made under it, which do not name it themselves."""
    num_gold: int = 0
    """Gold items that were kept back."""
    num_replaced: int = 0
    """Passages with personal data that were replaced."""

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """Yield (item, prompt) of every item, in the order of ids within each kind."""
        for item, demonstration in sorted(self.demonstrations.items()):
            yield item, demonstration.prompt
        for item, rows in sorted(self.comparisons.items()):
            yield from ((item, row.prompt) for row in rows[:1])
        for item, judged in sorted(self.judgements.items()):
            yield from ((item, row.prompt) for row in judged[:1])

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield (item, text) of everything that somebody wrote or a model said, each text of an item once."""
        for item, prompt in self.prompts():
            yield from ((item, turn.content) for turn in prompt.messages)
        for item, demonstration in sorted(self.demonstrations.items()):
            yield item, demonstration.reply
        for item, rows in sorted(self.comparisons.items()):
            yield from ((item, reply) for reply in sorted({reply for row in rows for reply in row.replies}))
        for item, judged in sorted(self.judgements.items()):
            yield from ((item, text) for row in judged for text in (row.reply, row.reason))
        for item, said in sorted(self.asides.items()):
            yield from ((item, one.text) for one in said)

    def consensus(self) -> dict[str, Consensus]:
        """Return what the orders of each item say together."""
        return {item: aggregate_by(self.method, rows, self.rules) for item, rows in sorted(self.comparisons.items())}

    def item_hashes(self) -> dict[str, str]:
        """Return item → hash of its records: a change of any word or mark changes it."""
        hashes = {item: digest(_plain(one)) for item, one in self.demonstrations.items()}
        for several in (self.comparisons, self.judgements):
            for item, rows in several.items():
                said = (*rows, *self.asides.get(item, ()))
                hashes[item] = digest(sorted(json.dumps(_plain(row), sort_keys=True) for row in said))
        return dict(sorted(hashes.items()))

    @property
    def num_items(self) -> int:
        """Items of all kinds."""
        return len(self.demonstrations) + len(self.comparisons) + len(self.judgements)


def _plain(record: Record) -> object:
    return record.model_dump(mode="json", exclude_defaults=True)


def digest(value: object) -> str:
    """Return the SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
