"""Small invented milestones for the tests of delivery."""

from __future__ import annotations

from trivium.human.coverage import Requirement, grid
from trivium.human.delivery.content import Annotator, GuidelineText, Milestone, ReviewCount
from trivium.human.rubrics import GENERAL
from trivium.records import Comparison, Demonstration, Judgement, Prompt

FIELDS = {"origin": "writer", "source": "plain-words", "licence": "CC BY 4.0"}


def demonstration(number: int, **fields: object) -> Demonstration:
    """A written pair about a number."""
    prompt = Prompt.of(f"Which number comes after {number * 7919}, and why?", **FIELDS)
    given = {"reply": f"{number * 7919 + 1}, by adding one.", "task_type": "open_qa", "prompt_type": "instructive"}
    return Demonstration.model_validate({"prompt": prompt, "writer": "finch-07", "guideline": "2", **given, **fields})


def orders(number: int, *ranks: tuple[int, ...], flags: tuple[tuple[str, ...], ...] = ()) -> tuple[Comparison, ...]:
    """One person's order each over three replies."""
    prompt = Prompt.of(f"Say something {number * 104729} times better than silence.", **FIELDS)
    return tuple(
        Comparison(
            prompt=prompt,
            replies=("Good.", "Fair.", "Poor."),
            ranks=one,
            ranker=f"heron-{place:02d}",
            scores={"helpful": (5.0, 3.0, 1.0)},
            flags=flags,
            guideline="4",
        )
        for place, one in enumerate(ranks)
    )


def milestone(**fields: object) -> Milestone:
    """Three demonstrations, two ranked prompts of which one is contested, one judgement."""
    thumbs = Judgement(
        prompt=Prompt.of("Is it raining?", **FIELDS), reply="I cannot see.", desirable=True, judge="ibis-23"
    )
    base = {
        "project": "plain-words",
        "milestone": "m3",
        "title": "Plain words",
        "purpose": "Everyday help.",
        "not_for": "medical advice",
        "demonstrations": {f"d{number}": demonstration(number) for number in range(3)},
        "comparisons": {
            "c1": orders(1, (1, 2, 3), (1, 2, 3), (1, 3, 2), flags=((), (), ("unsafe",))),
            "c2": orders(2, (1, 2, 3), (2, 1, 3)),
        },
        "judgements": {"j1": (thumbs,)},
        "annotators": (Annotator(pseudonym="finch-07", party="partner", roles=("writer",)),),
        "requirement": Requirement(
            dimensions={"task_type": ("open_qa", "extraction")},
            cells=grid({"task_type": ("open_qa", "extraction")}, 2),
            min_agreement=0.7,
        ),
        "requirement_version": "3",
        "guidelines": (GuidelineText(version="2", markdown="# Write\n", rubric=GENERAL),),
        "reviews": (ReviewCount(stage="internal QA", share=0.1, num_reviewed=30, num_returned=3),),
        "num_gold": 62,
    }
    return Milestone.model_validate({**base, **fields})
