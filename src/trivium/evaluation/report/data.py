"""Everything a run report shows: a run becomes a frozen `ReportData`, which goes through JSON unchanged.

The page is a function of it. Nothing here computes. What was not made is empty or None, and the station of its stage
on the road says why.
"""

from __future__ import annotations

import math
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

ModelName = Literal["base", "sft", "policy"]
MODELS: tuple[ModelName, ...] = ("base", "sft", "policy")
Sign = Literal["ok", "warn", "bad", "off"]


def _finite_or_none(value: object) -> object:
    """Turn NaN and infinities, which JSON does not have, into None: a hole in the curve."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


class Part(BaseModel):
    """A frozen piece of the report; an unknown field, a NaN or an infinity is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Estimate(Part):
    """A number with its 95 % interval and n."""

    value: float
    low: float
    high: float
    n: int


class Stop(Part):
    """Why a run ended before its end: the stage, the cause in a sentence, and the one thing to do next."""

    stage: str
    cause: str
    do: str = ""


class RunFacts(Part):
    """What the head and the foot of the page say about the run as a whole."""

    recipe: str
    seed: int
    wall_seconds: float | None = None
    peak_memory_bytes: int | None = None
    day: date
    code_version: str
    synthetic: bool
    """True for the primer's text and simulated people, False for real ones."""
    command: str
    num_words: int | None = None
    """Words in the corpus, for the title."""
    machine: str = ""
    recipe_id: str = ""
    covers: str = ""
    does_not_cover: str = ""
    stop: Stop | None = None


class Station(Part):
    """One stage on the road. A second round of comparisons, reward and policy is three more stations with round=2."""

    name: str
    state: Literal["made", "not_run", "stopped"] = "made"
    why: str = ""
    """Why it was not run or stopped: `--until sft`."""
    headline: str = ""
    """The one figure to remember, as text: `2.81 M`, `400 × 4`."""
    unit: str = ""
    made: tuple[str, ...] = ()
    """Two short lines of what it made."""
    seconds: float | None = None
    people: bool = False
    cached: bool = False
    round: int = 1
    beside: bool = False
    """Made only for comparison (the policy without the mix): told under the road, not on it."""


class ScoreRow(Part):
    """One line of the scorecard."""

    group: str
    label: str
    key: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    n_unit: str = ""
    """What n counts when it is not items: `bytes`, `run`."""
    unit: str = "share"
    """`share` (a rail from 0 to 1), `seconds`, `bytes`, or any word."""
    bar: str = ""
    bar_lines: tuple[float, ...] = ()
    verdict: Literal["met", "missed", "no bar"] = "no bar"
    less_is_better: bool = False
    undefined: str = ""
    """Why there is no value; required when value is None."""
    met_words: str = ""
    """Finishes the sentence “It …” of the title when the bar is met: `refuses harm it never met`."""

    @model_validator(mode="after")
    def _says_why(self) -> ScoreRow:
        if self.value is None and not self.undefined:
            raise ValueError(f"{self.key} has no value; say why in `undefined`")
        return self


class Task(Part):
    """One of the ten task types, measured on up to three models."""

    label: str
    base: Estimate | None = None
    sft: Estimate | None = None
    policy: Estimate | None = None


class Label(Part):
    """A word about a reply, with its sign."""

    word: str
    sign: Sign = "off"


class Reply(Part):
    """What one model said, as it came. A harmful one is folded away on the page."""

    text: str
    stopped: bool
    """True when it ended by itself, False when it was cut at the limit."""
    num_tokens: int | None = None
    labels: tuple[Label, ...] = ()
    harmful: bool = False
    reward: float | None = None
    """The reward model's score."""
    gold: float | None = None
    """The true score, where it is known."""


class Story(Part):
    """One question put to all models."""

    asked: str
    note: str = ""
    base: Reply | None = None
    sft: Reply | None = None
    policy: Reply | None = None


class Sample(Story):
    """A story with the reason it is on the page."""

    chosen: Literal["best", "worst", "random"]


class Piece(Part):
    """One token as text, and whether the loss counts it; `weight` is its share of the loss, or its signed advantage."""

    text: str
    loss: bool
    special: bool = False
    weight: float | None = None


class BatchRow(Part):
    """One row of a batch; `num_left_out` tokens after the shown ones are only counted."""

    pieces: tuple[Piece, ...]
    note: str = ""
    num_left_out: int = 0
    harmful: bool = False


class FirstBatch(Part):
    """The first real batch of one training stage, as the model saw it."""

    stage: str
    what: str
    rows: tuple[BatchRow, ...]
    num_tokens: int
    num_loss_tokens: int
    weight_means: str = ""
    """What the weights are: `advantage`, `share of the pairs`; empty without weights."""


class RankedReply(Part):
    """One reply of a ranking, with each ranker's place for it (ties share a place; None: not ranked)."""

    name: str
    text: str
    ranks: tuple[float | None, ...]
    mean_rank: float | None
    outcome: Literal["winner", "loser", ""] = ""
    harmful: bool = False


class Ranking(Part):
    """One prompt from several orders to a winner and a loser, or to a contested item with its reason."""

    prompt: str
    rankers: tuple[str, ...]
    replies: tuple[RankedReply, ...]
    kendall_w: float | None = None
    pairwise_agreement: float | None = None
    agreement_floor: float | None = None
    contested: str = ""

    @model_validator(mode="after")
    def _one_rank_each(self) -> Ranking:
        for reply in self.replies:
            if len(reply.ranks) != len(self.rankers):
                raise ValueError(f"reply {reply.name} has {len(reply.ranks)} ranks from {len(self.rankers)} rankers")
        return self


Point = tuple[float, Annotated[float | None, BeforeValidator(_finite_or_none)]]


class Series(Part):
    """A named line. `look` gives colour and dash: policy solid, base short dashes, sft long dashes."""

    name: str
    points: tuple[Point, ...]
    look: ModelName = "policy"


class Reference(Part):
    """A dotted level on a curve: `by chance`, `target 6`."""

    value: float
    label: str


class Curve(Part):
    """One small chart over the steps of a stage."""

    title: str
    unit: str
    series: tuple[Series, ...]
    reference: Reference | None = None
    step_label: str = "step"


class OriginRow(Part):
    """Where one artifact comes from."""

    stage: str
    artifact: str
    made_from: tuple[str, ...] = ()
    licence: str = "as its inputs"


class ReportData(Part):
    """The whole page."""

    run: RunFacts
    road: tuple[Station, ...] = ()
    mix: str = ""
    """The line from pretrain to policy: `pre-training text mixed into PPO`; empty when there is no mix."""
    scorecard: tuple[ScoreRow, ...] = ()
    tasks: tuple[Task, ...] = ()
    stories: tuple[Story, ...] = ()
    stories_note: str = ""
    """How they were drawn: `First sample of each model at temperature 0.7, seed 7`."""
    samples: tuple[Sample, ...] = ()
    samples_note: str = ""
    batches: tuple[FirstBatch, ...] = ()
    ranking: Ranking | None = None
    curves: tuple[Curve, ...] = ()
    origin: tuple[OriginRow, ...] = ()
    again: tuple[str, ...] = Field(default=())
    """Commands that make or inspect it again, after the first one in `run.command`."""
    text_language: str = "en"
    """Language of prompts and replies, for screen readers."""
