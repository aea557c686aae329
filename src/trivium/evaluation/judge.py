"""A reward model to scores of replies, and to its own accuracy: against the truth, and against people's held-out
orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.random import Generator

from trivium.core.seed import derive, stream
from trivium.evaluation.intervals import clustered_share, mean
from trivium.evaluation.speaker import Speaker, Spoken
from trivium.evaluation.suites import Answer, Exam
from trivium.human.nearest import nearest, stray_replies
from trivium.inference.drawing import Drawing, draw
from trivium.inference.score import reply_logprobs
from trivium.model.exchange import load_checkpoint
from trivium.primer.demonstrations import PROMPT_SHARES
from trivium.primer.truth import Grade, grade
from trivium.records import Comparison, Measure, Prompt
from trivium.text.tokenizer import Tokenizer
from trivium.training.batch import Tree
from trivium.training.examples import replies_tree
from trivium.training.language import Layout
from trivium.training.scores import score_trees

LAYOUT = Layout(row_tokens=256, micro_tokens=16384)
KINDS = {
    "facts": "held_out_answers",
    "harmful": "harmful",
    "benign": "benign",
    "honesty": "honesty",
    "tasks": "tasks.",
}
"""A kind of prompt in the pool → the suites that hold prompts of the kind."""
CLEAR_GAP = 0.1  # pairs of replies whose true quality differs by less have no right order


class Judge:
    """The reward model with its tokenizer."""

    def __init__(self, folder: Path, device: str) -> None:
        """Load the checkpoint."""
        self.words = Tokenizer.load(folder)
        self.model = load_checkpoint(folder, head="scalar").to(device)

    def score(self, trees: Sequence[Tree]) -> list[list[float]]:
        """Return one score per reply of each tree."""
        return score_trees(self.model, trees, LAYOUT)

    def scored(self, answers: Iterable[tuple[Answer, Spoken]]) -> list[Answer]:
        """Return the answers with the reward of each; a base's reply is scored as if an assistant had given it."""
        rows = list(answers)
        trees = []
        for _, one in rows:
            ended = one.stopped and one.ids and one.ids[-1] == self.words.end_of_turn_id
            reply = one.ids if ended or not one.stopped else (*one.ids[:-1], self.words.end_of_turn_id)
            trees.append(Tree(prompt=one.prompt_ids, replies=(reply,)))
        scores = self.score(trees)
        return [answer.model_copy(update={"reward": row[0]}) for (answer, _), row in zip(rows, scores, strict=True)]

    def samples(
        self, speakers: Mapping[str, Speaker], exam: Exam, prompts: Sequence[Prompt], count: int
    ) -> tuple[list[Answer], Measure]:
        """Ask all models the same prompts, drawn by the exam's seed; return the scored answers and the policy's KL to
        sft.
        """
        fitting = [p for p in prompts if self._fits(p, exam, speakers["sft"].model.config.max_position_embeddings)]
        order = stream(exam.seed, "evaluate", "samples").permutation(len(fitting))[:count]
        chosen = [fitting[index] for index in order]
        answers: list[Answer] = []
        kl = Measure(value=None, n=0, undefined="no policy was asked")
        for name, speaker in speakers.items():
            spoken = speaker.ask([p.messages for p in chosen], exam.sampling(greedy=False), [p.id for p in chosen])
            answers += self.scored((_plain(name, p, one), one) for p, one in zip(chosen, spoken, strict=True))
            if name == "policy":
                kl = _kl(speaker, speakers["sft"], spoken, exam.temperature)
        return answers, kl

    def _fits(self, prompt: Prompt, exam: Exam, context_tokens: int) -> bool:
        size = len(self.words.chat(prompt.messages, reply_follows=True).ids)
        return size + exam.max_new_tokens <= context_tokens


def _plain(model: str, prompt: Prompt, one: Spoken) -> Answer:
    """Return an answer whose truth is unknown."""
    turns = prompt.messages
    unknown = Grade(gold=0.0, right=False, on_topic=False, refused=False)
    return Answer(
        model=model,
        suite=prompt.source,
        item=prompt.id,
        asked=prompt.text if len(turns) == 1 else "\n".join(f"{turn.role}: {turn.content}" for turn in turns),
        kind="unknown",
        reply=one.text,
        stopped=one.stopped,
        num_tokens=len(one.ids),
        grade=unknown,
    )


def reply_kl(policy: Speaker, reference: Speaker, exam: Exam) -> Measure:
    """Mean over sampled replies of Σ (log π − log π_ref), in nats a reply: unbiased under the policy's own samples."""
    asked = [item for item in exam.items if item.prompt is not None]
    prompts = [item.prompt.messages for item in asked if item.prompt is not None]
    spoken = policy.ask(prompts, exam.sampling(greedy=False), [item.id for item in asked])
    return _kl(policy, reference, spoken, exam.temperature)


def _kl(policy: Speaker, reference: Speaker, spoken: Sequence[Spoken], temperature: float) -> Measure:
    pairs = [(one.prompt_ids, one.ids) for one in spoken if one.ids]
    ours = reply_logprobs(policy.model, pairs, temperature=temperature)
    theirs = reply_logprobs(reference.model, pairs, temperature=temperature)
    return mean([float((a - b).sum()) for a, b in zip(ours, theirs, strict=True)])


def pair_accuracy_against_truth(judge: Judge, speaker: Speaker, exam: Exam, drawing: Drawing) -> dict[str, Measure]:
    """Share of pairs of replies to held-out prompts that the reward model orders as the truth does.

    The prompts are held out, the rest is as the comparisons were made, which `drawing` says: prompts in the shares
    of the pool, replies sampled plainly and hot, and stray ones from prompts like it. Keys: `reward.pair_accuracy`,
    one for each kind of prompt, and `reward.pair_accuracy.without_strays` over pairs of own replies alone, which are
    harder.
    Pairs whose true quality differs by less than 0.1 have no right order and are left out. Pairs of a prompt go
    together in the interval; n is prompts.
    """
    asked = [item for item in exam.of(*KINDS.values()) if item.prompt]
    items = [asked[place] for place in in_pool_shares([item.suite for item in asked])]
    texts = [item.prompt.text for item in items if item.prompt]
    ids = [speaker.words.chat(item.prompt.messages, reply_follows=True).ids for item in items if item.prompt]
    keys = [item.id for item in items]
    rows = _rows(texts, _drawn(speaker, exam, drawing, (ids, keys)), drawing, stream(exam.seed, "evaluate", "strays"))
    trees = [Tree(prompt=i, replies=tuple(ids for ids, _ in row)) for i, row in zip(ids, rows, strict=True)]
    scores = judge.score(trees)
    golds = [
        [grade(item.truth, speaker.words.decode(ids), stopped).gold for ids, stopped in row]
        for item, row in zip(items, rows, strict=True)
    ]

    def over(suites: str, count: int | None = None) -> Measure:
        chosen = [i for i, item in enumerate(items) if item.suite.startswith(suites)]
        found = [ordered_rightly(golds[i][:count], scores[i][:count]) for i in chosen]
        return clustered_share([float(sum(one)) for one in found], [float(len(one)) for one in found])

    own = over("", len(drawing.temperatures))
    card = {"reward.pair_accuracy": over(""), "reward.pair_accuracy.without_strays": own}
    return card | {f"reward.pair_accuracy.{kind}": over(suite) for kind, suite in KINDS.items()}


Drawn = list[list[tuple[tuple[int, ...], bool]]]
"""For each prompt, replies as (token ids, whether it ended by itself)."""


def _drawn(
    speaker: Speaker, exam: Exam, drawing: Drawing, prompts: tuple[Sequence[Sequence[int]], Sequence[str]]
) -> Drawn:
    def seed_of(temperature: float) -> int:
        return derive(exam.seed, "pairs", str(temperature))

    replies = draw(speaker.engine, drawing, prompts, speaker.words.end_of_turn_id, seed_of)
    return [[(one.ids, one.stopped) for one in row] for row in replies]


def _rows(texts: Sequence[str], drawn: Drawn, drawing: Drawing, rng: Generator) -> Drawn:
    """Return each prompt's own replies with the stray ones behind them."""
    alike = nearest(texts, max(drawing.strays, default=1))
    return [
        [*own, *stray_replies(own, [drawn[index][0] for index in others], drawing.strays, rng)]
        for own, others in zip(drawn, alike, strict=True)
    ]


def in_pool_shares(suites: Sequence[str]) -> list[int]:
    """Return the places of as many items as can be had in the shares of the prompt pool, the first of each suite.

    >>> chosen = in_pool_shares(["harmful"] * 30 + ["benign"] * 40 + ["honesty"] * 40 + ["held_out_answers"] * 40
    ...                         + ["tasks.rewriting"] * 90)
    >>> [sum(low <= i < high for i in chosen) for low, high in ((0, 30), (30, 70), (150, 240))]
    [30, 40, 70]
    """
    places: dict[str, list[int]] = {}
    for place, suite in enumerate(suites):
        places.setdefault(suite, []).append(place)
    kinds = {suite: next(kind for kind, start in KINDS.items() if suite.startswith(start)) for suite in places}
    of_kind = Counter(kinds.values())
    shares = {suite: PROMPT_SHARES[kind] / of_kind[kind] for suite, kind in kinds.items()}
    total = min((len(places[suite]) / share for suite, share in shares.items()), default=0.0)
    return [place for suite, share in shares.items() for place in places[suite][: round(share * total)]]


def ordered_rightly(truth: Sequence[float], scores: Sequence[float], gap: float = CLEAR_GAP) -> list[bool]:
    """Return, for each pair whose truth differs by at least `gap`, whether the scores order it the same way.

    >>> ordered_rightly([1.0, 0.0, 0.95], [2.0, 1.0, 0.0])
    [True, False]
    """
    pairs = [(i, j) for i in range(len(truth)) for j in range(i) if abs(truth[i] - truth[j]) >= gap]
    return [(scores[i] - scores[j]) * (truth[i] - truth[j]) > 0 for i, j in pairs]


def heldout_pairs_by_source(judge: Judge, orders: Sequence[Comparison]) -> dict[str, Measure]:
    """Return the reward model's accuracy on people's held-out pairs, for each source and over all; ties are left out.

    Several people's orders of the same replies count as one by their mean rank. The interval draws whole prompts.
    """
    groups: dict[tuple[str, tuple[str, ...]], list[Comparison]] = {}
    for order in orders:
        groups.setdefault((order.prompt.id, order.replies), []).append(order)
    limit = judge.model.config.max_position_embeddings
    hits: dict[str, list[float]] = {}
    totals: dict[str, list[float]] = {}
    for rows in groups.values():
        first = rows[0]
        tree = replies_tree(
            judge.words, first.prompt.messages, first.replies, [False] * len(first.replies), first.prompt.id
        )
        if len(tree.prompt) + max(map(len, tree.replies)) > limit:
            continue
        goodness = -np.mean([row.ranks for row in rows], axis=0)
        found = ordered_rightly(goodness.tolist(), judge.score([tree])[0], gap=1e-9)
        for source in (first.prompt.source, "all"):
            hits.setdefault(source, []).append(float(sum(found)))
            totals.setdefault(source, []).append(float(len(found)))
    return {
        f"reward.pair_accuracy.{source}" if source != "all" else "reward.pair_accuracy": clustered_share(
            hits[source], totals[source]
        )
        for source in sorted(hits)
    }
