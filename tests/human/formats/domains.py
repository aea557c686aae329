"""For each format that is written, what it can hold whole: strategies of records without anything to lose."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from trivium.human.formats import Provenance
from trivium.human.formats.dolly import TASKS
from trivium.human.formats.helpsteer import ATTRIBUTES
from trivium.human.rubrics import competition_ranks
from trivium.records import Comparison, Demonstration, Document, Judgement, Message, Prompt, Record, content_id

SAID = Provenance(source="here", licence="CC0 1.0")
WHERE: dict[str, Any] = SAID.of("", "")
Records = SearchStrategy[list[Record]]

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(str.strip)
MARKERS = re.compile(r"\n\n(Human|Assistant):|<extra_id_1>")
unmarked = texts.filter(lambda text: MARKERS.search(text) is None)
names = st.text("abcdefgh-0123456789", min_size=1, max_size=8)


def turns(text: SearchStrategy[str] = texts, *, system: bool = True) -> SearchStrategy[tuple[Message, ...]]:
    """Questions and answers in turn that end with a question, with or without a system turn before them."""

    def made(asked: list[str], answered: list[str], before: str | None) -> tuple[Message, ...]:
        out = [Message(role="system", content=before)] if before is not None else []
        for question, answer in zip(asked, answered, strict=False):
            out += [Message(role="user", content=question), Message(role="assistant", content=answer)]
        return (*out[:-1],) if out[-1].role == "assistant" else tuple(out)

    before = st.none() | text if system else st.none()
    return st.builds(made, st.lists(text, min_size=1, max_size=3), st.lists(text, min_size=3, max_size=3), before)


def prompts(spoken: SearchStrategy[tuple[Message, ...]], kind: str = "") -> SearchStrategy[Prompt]:
    """Prompts of these turns, from where an importer says they are."""
    return spoken.map(lambda given: Prompt.of_messages(given, kind=kind, **WHERE))


def one_turn(text: SearchStrategy[str] = texts) -> SearchStrategy[tuple[Message, ...]]:
    """One question."""
    return text.map(lambda given: (Message(role="user", content=given),))


def demonstrations(prompt: SearchStrategy[Prompt], **fields: Any) -> SearchStrategy[Demonstration]:
    """Demonstrations of these prompts."""
    return st.builds(Demonstration, prompt=prompt, reply=texts, **fields)


def pairs(prompt: SearchStrategy[Prompt], ranker: str, text: SearchStrategy[str] = texts) -> SearchStrategy[Comparison]:
    """A better and a worse reply."""
    replies = st.lists(text, min_size=2, max_size=2, unique=True).map(tuple)
    return st.builds(Comparison, prompt=prompt, replies=replies, ranks=st.just((1, 2)), ranker=st.just(ranker))


def several(one: SearchStrategy[Any]) -> Records:
    """A few records of different prompts."""
    return st.lists(one, min_size=1, max_size=4, unique_by=lambda record: getattr(record, "prompt", record).id)


@st.composite
def by_strength(draw: st.DrawFn, prompt: SearchStrategy[Prompt], ranker: SearchStrategy[str]) -> Comparison:
    """Two replies with a strength from -3 to 3."""
    strength = draw(st.integers(-3, 3))
    ranks = (1, 1) if strength == 0 else (2, 1) if strength > 0 else (1, 2)
    replies = tuple(draw(st.lists(texts, min_size=2, max_size=2)))
    scores = {"strength": (0.0 - strength, float(strength))}
    return Comparison(prompt=draw(prompt), replies=replies, ranks=ranks, ranker=draw(ranker), scores=scores)


@st.composite
def people_strengths(draw: st.DrawFn) -> list[Record]:
    """Three people's strengths on the same replies, and the prompt remembers what the whole came to."""
    base = draw(prompts(turns()))
    attrs = {"overall": str(draw(st.integers(-3, 3)))}
    prompt = base.model_copy(update={"attrs": attrs})
    first = draw(by_strength(st.just(prompt), st.just("helpsteer3-1")))
    rows = [first]
    for number in (2, 3):
        other = draw(by_strength(st.just(prompt), st.just(f"helpsteer3-{number}")))
        rows.append(other.model_copy(update={"replies": first.replies}))
    return list(rows)


@st.composite
def rated(draw: st.DrawFn) -> Comparison:
    """Replies with HelpSteer2's five ratings, in the order of helpfulness."""
    number = draw(st.integers(2, 3))
    scores = {name: tuple(float(draw(st.integers(0, 4))) for _ in range(number)) for name in ATTRIBUTES}
    return Comparison(
        prompt=draw(prompts(turns(unmarked, system=False))),
        replies=tuple(draw(texts) for _ in range(number)),
        ranks=competition_ranks([-score for score in scores["helpfulness"]]),
        ranker="helpsteer2",
        scores=scores,
    )


@st.composite
def fine_grained(draw: st.DrawFn) -> Comparison:
    """Replies with one fine-grained score each, in its order."""
    scores = tuple(draw(st.lists(st.floats(0, 5), min_size=2, max_size=4)))
    ranks = competition_ranks([-score for score in scores])
    return Comparison(
        prompt=draw(prompts(one_turn())),
        replies=tuple(draw(texts) for _ in scores),
        ranks=ranks,
        ranker="ultrafeedback-gpt-4",
        scores={"fine_grained": scores},
    )


@st.composite
def orders(draw: st.DrawFn, *, ties: bool = True, marks: bool = True, flags: bool = True) -> list[Record]:
    """Several people's orders over the same replies."""
    prompt = draw(prompts(turns()))
    replies = tuple(draw(st.lists(texts, min_size=2, max_size=4, unique=True)))
    rows: list[Record] = []
    for person in draw(st.lists(names, min_size=1, max_size=3, unique=True)):
        digits = draw(st.lists(st.integers(1, 9), min_size=len(replies), max_size=len(replies), unique=not ties))
        given: dict[str, Any] = {"prompt": prompt, "replies": replies, "ranks": competition_ranks(digits)}
        if marks:
            scores = st.lists(st.floats(-5, 5), min_size=len(replies), max_size=len(replies)).map(tuple)
            given["scores"] = draw(st.dictionaries(names, scores, max_size=2))
        if flags:
            given["none_acceptable"] = draw(st.booleans())
            set_flags = tuple(tuple(draw(st.lists(names, max_size=2))) for _ in replies)
            given["flags"] = set_flags if any(set_flags) else ()
        rows.append(Comparison(ranker=person, **given))
    return rows


@st.composite
def trees(draw: st.DrawFn) -> list[Record]:
    """Strict orders by several people, or one merged order with ties, over the replies to one question."""
    if draw(st.booleans()):
        rows = draw(orders(ties=False, marks=False, flags=False))
    else:
        [first, *_] = draw(orders(marks=False, flags=False))
        rows = [first.model_copy(update={"ranker": "oasst-consensus"})]
    asked = draw(prompts(turns(system=False)))
    if draw(st.booleans()):
        asked = asked.model_copy(update={"attrs": {"group": draw(names)}})
    return [row.model_copy(update={"prompt": asked}) for row in rows]


@st.composite
def steps(draw: st.DrawFn) -> list[Record]:
    """A reply judged step by step."""
    asked = draw(prompts(one_turn()))
    given = draw(st.lists(texts, min_size=1, max_size=4))
    solution = content_id(asked.text, *given)
    return [
        Judgement(
            prompt=asked.model_copy(
                update={"attrs": {"solution": solution, "step": str(number), "steps": str(len(given))}}
            ),
            reply=step,
            desirable=draw(st.booleans()),
            judge="trl",
        )
        for number, step in enumerate(given, start=1)
    ]


@st.composite
def attacked(draw: st.DrawFn) -> Judgement:
    """The last reply to an attack, with how far the attack succeeded."""
    rating = draw(st.sampled_from([0, 1, 1.5, 2, 3, 4]))
    judge = draw(names)
    asked = draw(prompts(turns(unmarked, system=False), kind="red_team"))
    numbered = judge.isdecimal() and str(int(judge)) == judge
    attrs = {"rating": f"{rating:g}"} | ({} if numbered else {"red_team_member_id": "text"})
    return Judgement(
        prompt=asked.model_copy(update={"attrs": attrs}), reply=draw(unmarked), desirable=rating < 2, judge=judge,
        reason=draw(texts),
    )  # fmt: skip


def categories(name: str) -> SearchStrategy[Demonstration]:
    """A Dolly demonstration of that category."""
    return demonstrations(prompts(one_turn(), kind=name), task_type=st.just(TASKS[name]))


@st.composite
def parting(draw: st.DrawFn) -> Comparison:
    """Replies that begin with a space and part at their first letter, to a question that ends in a letter."""
    asked = draw(st.text("abc", min_size=1, max_size=5))
    first, second = draw(st.permutations(["x", "y"]))
    replies = tuple(f" {letter}{draw(st.text('abc ', max_size=4))}" for letter in (first, second))
    return draw(pairs(prompts(one_turn(st.just(asked))), "trl")).model_copy(update={"replies": replies})


judgements = st.builds(Judgement, reply=texts, desirable=st.booleans(), judge=st.just("trl"), prompt=prompts(turns()))
plain_judgements = st.builds(
    Judgement, reply=texts, desirable=st.booleans(), judge=st.just("trl"), prompt=prompts(one_turn())
)
chat, line = prompts(turns()), prompts(one_turn())
documents = st.builds(
    lambda text: Document.of(text, source=WHERE["source"], licence=WHERE["licence"]), texts
)  # fmt: skip
anything: SearchStrategy[list[Any]] = st.one_of(
    orders(), several(demonstrations(chat, language=names, writer=st.none() | names, persona=st.booleans())),
    several(chat), several(judgements), several(documents),
)  # fmt: skip

DOMAINS: dict[str, Callable[[], SearchStrategy[list[Any]]]] = {
    "trivium": lambda: anything,
    "parquet": lambda: anything,
    "openai-chat": lambda: several(chat) | several(demonstrations(chat)),
    "openai-preference": lambda: several(pairs(chat, "openai")),
    "sharegpt": lambda: several(chat) | several(demonstrations(chat)) | several(pairs(chat, "sharegpt")),
    "alpaca": lambda: several(demonstrations(chat)),
    "alpaca-preference": lambda: several(pairs(chat, "alpaca")),
    "hh-rlhf": lambda: several(pairs(prompts(turns(unmarked, system=False)), "hh-rlhf", unmarked)),
    "hh-red-team": lambda: several(attacked()),
    "trl-language-modeling": lambda: several(chat) | several(demonstrations(chat)),
    "trl-language-modeling-text": lambda: several(documents),
    "trl-prompt-only": lambda: several(chat),
    "trl-prompt-only-text": lambda: several(line),
    "trl-prompt-completion": lambda: several(demonstrations(chat)),
    "trl-prompt-completion-text": lambda: several(demonstrations(line)),
    "trl-preference": lambda: several(pairs(chat, "trl")),
    "trl-preference-text": lambda: several(pairs(line, "trl")),
    "trl-implicit-preference": lambda: several(pairs(chat, "trl")),
    "trl-implicit-preference-text": lambda: several(parting()),
    "trl-unpaired-preference": lambda: several(judgements),
    "trl-unpaired-preference-text": lambda: several(plain_judgements),
    "trl-stepwise": steps,
    "ultrafeedback": lambda: several(fine_grained()),
    "ultrafeedback-binarized": lambda: several(pairs(chat, "ultrafeedback-gpt-4")),
    "helpsteer2": lambda: several(rated()),
    "helpsteer2-preference": lambda: several(
        by_strength(prompts(turns(unmarked, system=False)), st.just("helpsteer2-preference"))
    ),
    "helpsteer3": lambda: several(by_strength(chat, st.just("helpsteer3"))) | people_strengths(),
    "dolly": lambda: several(st.one_of(*map(categories, TASKS))),
    "label-studio": lambda: orders() | several(demonstrations(chat, writer=names)) | several(chat),
    "argilla": lambda: orders(flags=False) | several(demonstrations(chat, writer=names)) | several(chat),
    "oasst": trees,
    "oasst-messages": trees,
    "oasst-demonstrations": lambda: several(demonstrations(prompts(one_turn()), language=names)),
    "oasst-messages-demonstrations": lambda: several(demonstrations(prompts(one_turn()), language=names)),
}
