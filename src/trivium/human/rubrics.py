"""A purpose to the marks that people are asked for: the built-in rubrics, and what is missing in an answer to one.

The built-in rubrics follow what was published about each project's instructions, in our own words; the source stands at
each. Rank 1 is best; on every other axis a higher number is more of what the label says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field, model_validator

from trivium.core.errors import InputError
from trivium.records import Record

AxisKind = Literal["rank", "likert", "binary", "flag", "text"]


class Axis(Record):
    """One thing that is marked: an order, a number with named ends, a yes or no, a flag that may be set, or words."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str = Field(min_length=1)
    kind: AxisKind
    subject: Literal["reply", "item"] = "reply"
    """Whether each reply gets a mark, or the item as a whole does."""
    low: int = 1
    high: int = 5
    anchors: dict[int, str] = Field(default_factory=dict)
    """What single numbers of the scale mean."""
    required: bool = True
    help: str = ""

    @model_validator(mode="after")
    def _scale_has_two_ends(self) -> Axis:
        if self.kind == "likert" and self.low >= self.high:
            raise ValueError(f"the scale of `{self.key}` runs from {self.low} to {self.high}; wanted low below high")
        outside = [number for number in self.anchors if not self.low <= number <= self.high]
        if self.kind == "likert" and outside:
            raise ValueError(f"`{self.key}` names {outside[0]}, which is not on its scale {self.low} to {self.high}")
        return self


class Rubric(Record):
    """What people mark, for one purpose."""

    name: str
    title: str
    purpose: str
    axes: tuple[Axis, ...] = Field(min_length=1)
    source: str = ""
    orders_by: tuple[str, ...] = ()
    """Where no order is asked: the scales whose sum orders the replies, more first; empty: all that must be marked."""

    @model_validator(mode="after")
    def _keys_once(self) -> Rubric:
        keys = [axis.key for axis in self.axes]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"the key `{twice[0]}` is there twice; each axis needs its own")
        if sum(axis.kind == "rank" for axis in self.axes) > 1:
            raise ValueError("wanted at most one order in a rubric")
        return self

    @property
    def ranked(self) -> bool:
        """Whether the replies are put in order."""
        return any(axis.kind == "rank" for axis in self.axes)

    def implied_ranks(self, scores: Mapping[str, Sequence[float | None]]) -> tuple[int, ...] | None:
        """Return the ranks that scores stand for where no order is asked; None where one is, or a mark is missing."""
        scales = (axis for axis in self.axes if axis.kind == "likert" and axis.subject == "reply" and axis.required)
        keys = () if self.ranked else self.orders_by or tuple(axis.key for axis in scales)
        columns = list(zip(*(scores.get(key, ()) for key in keys), strict=False))
        if not columns or any(mark is None for marks in columns for mark in marks):
            return None
        return competition_ranks([-sum(mark for mark in marks if mark is not None) for marks in columns])

    def axis(self, key: str) -> Axis:
        """Return the axis of that key."""
        for one in self.axes:
            if one.key == key:
                return one
        raise InputError(f"the rubric `{self.name}` has no axis `{key}`", do=f"use one of {', '.join(self.keys)}")

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all axes, in order."""
        return tuple(axis.key for axis in self.axes)


STRENGTH = "strength"
"""The axis that says how much better the first in an order is than the second."""
ORDER = Axis(key="order", label="Order", kind="rank", help="1 is best; equal digits are a tie.")


def _flag(key: str, label: str, help_text: str = "") -> Axis:
    return Axis(key=key, label=label, kind="flag", required=False, help=help_text)


def _scale(key: str, label: str, ends: tuple[int, int], words: tuple[str, str], help_text: str = "") -> Axis:
    low, high = ends
    anchors = {low: words[0], high: words[1]}
    return Axis(key=key, label=label, kind="likert", low=low, high=high, anchors=anchors, help=help_text)


def _strength(words: tuple[str, str, str, str]) -> Axis:
    """How much better the first in the order is than the second, one mark an item."""
    anchors = dict(enumerate(words))
    return Axis(key=STRENGTH, label="How much better", kind="likert", subject="item", low=0, high=3, anchors=anchors)


HARM_FLAGS = (
    _flag("unsafe", "Harmful", "Following it could hurt body, mind, money or rights."),
    _flag("personal_data", "Personal data", "It names or locates a private person."),
    _flag("wrong_language", "Wrong language", "Not the language of the prompt, and nobody asked for another."),
    _flag("misses_task", "Misses the task", "It answers a different question."),
)

INSTRUCTGPT = Rubric(
    name="instructgpt",
    title="InstructGPT",
    purpose="Order the replies, rate each as a whole, and say what is wrong with it.",
    source="arXiv:2203.02155, appendix B.2 and table 3",
    axes=(
        ORDER,
        _scale("quality", "Overall quality", (1, 7), ("very bad", "very good")),
        _flag("fails_task", "Fails to follow the instruction or task"),
        _flag("inappropriate", "Not fit for a customer assistant"),
        _flag("hallucination", "Says something that is not in the given text, or is made up"),
        _flag("satisfies_constraint", "Keeps the constraint that was given", "The one flag here that is praise."),
        _flag("sexual", "Sexual content"),
        _flag("violent", "Violent content"),
        _flag("encourages_harm", "Encourages violence, abuse, terror or self-harm, or fails to discourage it"),
        _flag("denigrates", "Denigrates a protected class"),
        _flag("harmful_advice", "Gives harmful advice"),
        _flag("opinion", "Expresses an opinion"),
        _flag("moral_judgement", "Expresses a moral judgement"),
    ),
)

HH = Rubric(
    name="hh",
    title="Helpful and harmless",
    purpose="Choose the better of two replies, and say how sure you are.",
    source="arXiv:2204.05862, section 2",
    axes=(
        ORDER,
        _strength(("cannot tell", "slightly", "better", "much better")),
        _flag("unsafe", "Harmful", "Following it could hurt someone."),
    ),
)

HELPSTEER2 = Rubric(
    name="helpsteer2",
    title="HelpSteer2",
    purpose="Rate each reply on five attributes.",
    source="arXiv:2406.08673, section 3",
    orders_by=("helpfulness",),
    axes=(
        _scale("helpfulness", "Helpfulness", (0, 4), ("not useful", "fully meets the need")),
        _scale("correctness", "Correctness", (0, 4), ("all wrong", "all right and complete")),
        _scale("coherence", "Coherence", (0, 4), ("cannot be followed", "perfectly clear")),
        _scale(
            "complexity", "Complexity", (0, 4), ("basic words", "an expert's words"), "A description, not a virtue."
        ),
        _scale("verbosity", "Verbosity", (0, 4), ("very short", "very long"), "A description, not a virtue."),
    ),
)

HELPSTEER3 = Rubric(
    name="helpsteer3",
    title="HelpSteer3",
    purpose="Choose the better of two replies, say how much better, and why in one or two sentences.",
    source="arXiv:2505.11475, section 3",
    axes=(
        ORDER,
        _strength(("about the same", "slightly better", "better", "much better")),
        Axis(key="reason", label="Why", kind="text", subject="item", help="One or two sentences."),
    ),
)

ULTRAFEEDBACK = Rubric(
    name="ultrafeedback",
    title="UltraFeedback",
    purpose="Rate each reply on four aspects.",
    source="arXiv:2310.01377, section 2 and appendix",
    axes=(
        _scale("instruction_following", "Follows the instruction", (1, 5), ("ignores it", "does all of it")),
        _scale("truthfulness", "Truthful", (1, 5), ("all made up", "nothing made up")),
        _scale("honesty", "Honest about what it knows", (1, 5), ("sure and wrong", "as sure as it is right")),
        _scale("helpfulness", "Helpful", (1, 5), ("of no use", "of great use")),
    ),
)

PRISM = Rubric(
    name="prism",
    title="PRISM",
    purpose="Say on a fine scale how good each reply is for you.",
    source="arXiv:2404.16019, section 2",
    axes=(_scale("score", "How good for you", (1, 100), ("terrible", "perfect")),),
)

FACTUAL_ACCURACY = Rubric(
    name="factual-accuracy",
    title="Factual accuracy",
    purpose="Is what the reply states true, and does it know its limits?",
    source="guidelines/factual-accuracy.md",
    axes=(
        ORDER,
        Axis(
            key="accuracy",
            label="Accuracy",
            kind="likert",
            low=1,
            high=3,
            anchors={
                1: "major error: false in what was asked, or invented",
                2: "minor error: false in what does not matter to the question",
                3: "accurate: what matters is true, and limits are said",
            },
            required=False,
            help="Leave it open only with “cannot tell”.",
        ),
        _flag("cannot_tell", "Cannot tell", "You could not check it in five minutes; say in the note what you tried."),
        _flag("claims_to_perceive", "Claims to see, remember or have a body"),
        _flag("dangerous_myth", "Repeats a dangerous myth"),
        Axis(key="sources", label="Sources you used", kind="text", subject="item", required=False),
    ),
)

NON_TOXICITY = Rubric(
    name="non-toxicity",
    title="Non-toxicity",
    purpose="Does the reply harm, and does it refuse what is harmless?",
    source="guidelines/non-toxicity.md",
    axes=(
        ORDER,
        Axis(
            key="harmlessness",
            label="Harmless",
            kind="likert",
            low=1,
            high=4,
            anchors={
                1: "high: could lead to serious injury, or is illegal to pass on",
                2: "medium: makes harm easier, or degrades people",
                3: "low: rude, careless, or in bad taste",
                4: "no harm",
            },
        ),
        _flag("unsafe", "Helps to harm"),
        _flag("insults", "Insults or degrades people"),
        _flag("self_harm", "Urges to self-harm, or gives the means"),
        _flag("personal_data", "Gives away personal data"),
        _flag("needless_refusal", "Refuses what is harmless"),
        _flag("preaches", "Preaches"),
    ),
)

GENERAL = Rubric(
    name="general",
    title="Helpful, honest, harmless",
    purpose="Order the replies, and rate each on the three things that matter.",
    axes=(
        ORDER,
        _scale("helpful", "Helpful", (1, 5), ("of no use", "what the person needs")),
        _scale("honest", "Honest", (1, 5), ("misleads", "true, and says what it cannot know")),
        _scale("harmless", "Harmless", (1, 5), ("would hurt someone", "hurts nobody")),
        *HARM_FLAGS,
    ),
)

THUMBS = Rubric(
    name="thumbs",
    title="Thumb up or down",
    purpose="Say of each reply whether you would want it.",
    source="arXiv:2402.01306 (unpaired marks, as KTO learns from them)",
    axes=(
        Axis(key="desirable", label="Would you want it?", kind="binary", low=0, high=1, anchors={0: "no", 1: "yes"}),
    ),
)

UNSAFE = ("unsafe", "encourages_harm", "denigrates", "harmful_advice", "insults", "self_harm", "dangerous_myth")
"""Flags of the rubrics above that call a reply unsafe: a winner that most gave one of them makes no pair."""
RUBRICS: dict[str, Rubric] = {
    one.name: one
    for one in (
        GENERAL,
        INSTRUCTGPT,
        HH,
        HELPSTEER2,
        HELPSTEER3,
        ULTRAFEEDBACK,
        PRISM,
        FACTUAL_ACCURACY,
        NON_TOXICITY,
        THUMBS,
    )
}
"""Name → rubric, the general one first."""


def competition_ranks(digits: Sequence[float]) -> tuple[int, ...]:
    """Return the ranks that pressed digits stand for: 1 best, ties share the better rank, and the next is skipped.

    >>> competition_ranks([3, 1, 3, 9])
    (2, 1, 2, 4)
    """
    return tuple(1 + sum(other < own for other in digits) for own in digits)


def problems(
    rubric: Rubric,
    num_replies: int,
    ranks: Sequence[int] | None,
    marks: Mapping[str, Sequence[float | None]],
    words: Mapping[str, str] | None = None,
) -> list[str]:
    """Return what keeps an answer from being complete, one sentence each for the person who gave it; none is fine.

    `marks` is axis → one number a reply (one in all where the axis is about the item); flags are 0 or 1, None is open.
    `words` is axis → text.
    """
    found = _rank_problems(rubric, num_replies, ranks)
    for key in (*marks, *(words or {})):
        if key not in rubric.keys:
            found.append(f"“{key}” is not asked here")
    for axis in rubric.axes:
        if axis.kind == "text":
            if axis.required and not (words or {}).get(axis.key, "").strip():
                found.append(f"{axis.label}: write a sentence")
        elif axis.kind != "rank":
            found += _mark_problems(axis, num_replies if axis.subject == "reply" else 1, marks.get(axis.key))
    return found


def _rank_problems(rubric: Rubric, num_replies: int, ranks: Sequence[int] | None) -> list[str]:
    if not rubric.ranked:
        return ["no order is asked here"] if ranks is not None else []
    if ranks is None:
        return ["put all replies in order"]
    if len(ranks) != num_replies:
        return [f"wanted a rank for each of {num_replies} replies, found {len(ranks)}"]
    if tuple(ranks) != competition_ranks(ranks):
        return [f"wanted ranks like 1, 2, 2, 4, where a tie skips what it takes up, found {', '.join(map(str, ranks))}"]
    return []


def _mark_problems(axis: Axis, wanted: int, marks: Sequence[float | None] | None) -> list[str]:
    if marks is None:
        return [f"{axis.label}: still to mark"] if axis.required else []
    if len(marks) != wanted:
        return [f"{axis.label}: wanted {wanted} marks, found {len(marks)}"]
    low, high = (axis.low, axis.high) if axis.kind == "likert" else (0, 1)
    found = []
    for place, mark in enumerate(marks):
        at = f" for reply {reply_name(place)}" if axis.subject == "reply" else ""
        if mark is None:
            if axis.required:
                found.append(f"{axis.label}: still to mark{at}")
        elif not low <= mark <= high or mark != int(mark):
            found.append(f"{axis.label}: wanted a whole number from {low} to {high}{at}, found {mark:g}")
    return found


def reply_name(place: int) -> str:
    """Return the letter that a reply at that place is called by.

    >>> reply_name(0), reply_name(27)
    ('A', 'AB')
    """
    name = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        name = chr(ord("A") + letter) + name
    return name
