"""Comparisons: replies sampled and ranked by simulated people, or orders that people gave, with mean ranks and reasons."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from stages.given import artifact, context, prompt
from tiny import tiny_checkpoint
from trivium.core.errors import SourceError
from trivium.core.kinds import Checkpoint, Sources
from trivium.core.manifest import FileEntry, draft_manifest
from trivium.core.stage import StageContext
from trivium.human.ranking import Aggregate
from trivium.primer.config import PrimerConfig
from trivium.primer.files import write
from trivium.primer.truth import grade
from trivium.primer.world import TruthRow, build
from trivium.records import Comparison, read_records
from trivium.stages.comparisons import FileComparisons, SampledComparisons, comparisons

SAMPLED = SampledComparisons(num_prompts=12, strays=(), max_new_tokens=6, num_rankers=3)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Checkpoint, Sources]:
    folder = tmp_path_factory.mktemp("world")
    small = PrimerConfig(
        num_documents=100, num_heldout_documents=10, num_demonstrations=100, num_prompts=30, items_per_suite=1
    )
    write(build(small, 4), folder / "sources")
    model = tiny_checkpoint(folder, context=400)
    return (
        Checkpoint("model", model, draft_manifest("checkpoint", {}, ())),
        Sources("sources", folder / "sources", draft_manifest("sources", {}, ())),
    )


def made(given: StageContext) -> tuple[list[Comparison], list[Aggregate]]:
    orders = list(read_records(given.out / "comparisons.jsonl", Comparison))
    return orders, list(read_records(given.out / "groups.jsonl", Aggregate))


def test_every_prompt_has_its_replies_ranked_by_every_person(world: tuple[Checkpoint, Sources], tmp_path: Path) -> None:
    given = context(tmp_path)
    comparisons(*world, SAMPLED, given)
    orders, groups = made(given)
    assert len(orders) == 12 * 3
    assert len({order.prompt.id for order in orders}) == 12
    assert {len(order.replies) for order in orders} == {4}
    assert {order.prompt.split for order in orders} == {"train"}
    assert len({order.ranker for order in orders}) == 3
    assert len(groups) == 12
    for group in groups:
        assert (group.winner is None) == (group.contested is not None)
        if group.winner is not None:
            assert group.mean_ranks[group.winner] == min(group.mean_ranks)
    assert {"agreement", "implied_agreement", "kendall_w", "contested"} <= set(given.metrics)


def test_the_same_seed_gives_the_same_orders_and_another_seed_others(
    world: tuple[Checkpoint, Sources], tmp_path: Path
) -> None:
    texts = []
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        given = context(tmp_path / name, seed)
        comparisons(*world, SAMPLED, given)
        texts.append((given.out / "comparisons.jsonl").read_text())
    assert texts[0] == texts[1] != texts[2]


def test_a_stray_reply_was_sampled_for_another_prompt(world: tuple[Checkpoint, Sources], tmp_path: Path) -> None:
    replies = []
    for name, strays in (("own", ()), ("strays", (3, 8))):
        given = context(tmp_path / name)
        comparisons(*world, SAMPLED.model_copy(update={"strays": strays}), given)
        replies.append({order.prompt.id: list(order.replies) for order in made(given)[0]})
    own, with_strays = replies
    for prompt_id, texts in with_strays.items():
        assert len(texts) == 6
        for text in own[prompt_id]:
            texts.remove(text)
        others = {text for other, row in own.items() if other != prompt_id for text in row}
        assert set(texts) <= others


def test_a_reply_like_its_own_was_the_first_of_another_prompt(
    world: tuple[Checkpoint, Sources], tmp_path: Path
) -> None:
    given = context(tmp_path)
    comparisons(*world, SAMPLED.model_copy(update={"alike_replies": (3, 11)}), given)
    rows = {order.prompt.id: list(order.replies) for order in made(given)[0]}
    plain = context(tmp_path / "plain")
    comparisons(*world, SAMPLED, plain)
    own = {order.prompt.id: list(order.replies) for order in made(plain)[0]}
    for prompt_id, texts in rows.items():
        assert len(texts) == 6
        for text in own[prompt_id]:
            texts.remove(text)
        assert set(texts) <= {text for other, row in own.items() if other != prompt_id for text in row}
        assert not set(texts) & set(own[prompt_id])


def test_the_draws_hang_on_the_weights_and_not_on_the_model_s_id(
    world: tuple[Checkpoint, Sources], tmp_path: Path
) -> None:
    model, sources = world
    texts = []
    for name, weights in (("a", "1"), ("b", "1"), ("c", "2")):
        files = {"model.safetensors": FileEntry(sha256=weights, bytes=1)}
        given, manifest = context(tmp_path / name), model.manifest.model_copy(update={"files": files})
        comparisons(Checkpoint(name, model.path, manifest), sources, SAMPLED, given)
        texts.append((given.out / "comparisons.jsonl").read_text())
    assert texts[0] == texts[1] != texts[2]


def test_a_cut_reply_is_marked(world: tuple[Checkpoint, Sources], tmp_path: Path) -> None:
    given = context(tmp_path)
    comparisons(*world, SAMPLED, given)
    marks = {flag for order in made(given)[0] for flags in order.flags for flag in flags}
    assert marks == {"cut"}


def test_a_person_without_noise_or_bias_orders_by_the_truth(world: tuple[Checkpoint, Sources], tmp_path: Path) -> None:
    given = context(tmp_path)
    comparisons(*world, SAMPLED.model_copy(update={"noise_scale": 0.0}), given)
    truths = {row.prompt_id: row.truth for row in read_records(world[1].path / "truths.jsonl", TruthRow)}
    mine = [order for order in made(given)[0] if order.ranker == "ada"]
    assert len(mine) == 12
    for order in mine:
        stopped = [marks == () for marks in order.flags]
        golds = [grade(truths[order.prompt.id], *pair).gold for pair in zip(order.replies, stopped, strict=True)]
        for a, b in permutations(range(len(golds)), 2):
            if golds[a] >= golds[b]:
                assert order.ranks[a] <= order.ranks[b]
            if golds[a] > golds[b] + 0.1:
                assert order.ranks[a] < order.ranks[b]


def test_fewer_than_four_replies_are_refused(world: tuple[Checkpoint, Sources], tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="at least 4 replies a prompt, found 2"):
        comparisons(*world, SAMPLED.model_copy(update={"temperatures": (1.0, 1.0)}), context(tmp_path))


def order(text: str, ranks: tuple[int, ...], ranker: str, **changes: object) -> Comparison:
    replies = tuple(f"Reply {index}" for index in range(len(ranks)))
    return Comparison(prompt=prompt(text, **changes), replies=replies, ranks=ranks, ranker=ranker)


def test_orders_from_files_are_taken_without_the_test_prompts(world: tuple[Checkpoint, Sources], tmp_path: Path) -> None:
    rows = [
        order("One?", (1, 2, 3), "ann"),
        order("One?", (1, 3, 2), "bob"),
        order("Two?", (2, 1), "ann"),
        order("Three?", (1, 2), "ann", split="test"),
        order("Four?", (1, 1), "ann"),
    ]
    sources = artifact(Sources, tmp_path / "in", {"comparisons": rows})
    given = context(tmp_path)
    comparisons(world[0], sources, FileComparisons(method="files"), given)
    orders, groups = made(given)
    assert [one.prompt.text for one in orders] == ["One?", "One?", "Two?", "Four?"]
    assert [group.winner for group in groups] == [0, 1, None]
    assert groups[0].mean_ranks == (1.0, 2.5, 2.5)
    assert groups[2].contested == "all replies have the same mean rank"
    assert given.licences == {"CC0-1.0"}


def test_sources_without_orders_are_refused(world: tuple[Checkpoint, Sources], tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="hold no comparisons"):
        comparisons(world[0], artifact(Sources, tmp_path / "in", {}), FileComparisons(method="files"), context(tmp_path))


def test_hot_replies_come_from_the_likeliest_tokens_and_plain_ones_do_not(
    world: tuple[Checkpoint, Sources], tmp_path: Path
) -> None:
    given = context(tmp_path)
    comparisons(*world, SAMPLED.model_copy(update={"temperatures": (1.0, 1.0, 1.6, 1.6), "hot_top_k": 1}), given)
    for order in made(given)[0]:
        assert len(order.replies) - len(set(order.replies)) >= 1  # the two hot ones are the greedy reply
    other = context(tmp_path / "plain")
    comparisons(*world, SAMPLED.model_copy(update={"temperatures": (1.0,) * 4, "hot_top_k": 1}), other)
    assert any(len(set(order.replies)) == 4 for order in made(other)[0])
