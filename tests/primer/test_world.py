"""Tests of trivium.primer.world: determinism, exposure, coverage and sizes."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import pytest

from trivium.primer.config import PrimerConfig
from trivium.primer.demonstrations import DEMONSTRATION_SHARES, PROMPT_SHARES
from trivium.primer.documents import FAMILIES
from trivium.primer.facts import FACTS, RELATIONS
from trivium.primer.harm import INTENTS
from trivium.primer.papers import LEAD_INS
from trivium.primer.tasks import TASKS
from trivium.primer.truth import grade
from trivium.primer.words import contains, words_of
from trivium.primer.world import World, build


@pytest.fixture(scope="module")
def default_world() -> World:
    return build(PrimerConfig(), seed=0)


def test_the_same_seed_makes_the_same_world(world: World):
    assert build(PrimerConfig.small(), seed=7) == world


def test_another_seed_makes_another_world(world: World):
    other = build(PrimerConfig.small(), seed=8)
    assert not {d.id for d in other.documents[:200]} & {d.id for d in world.documents[:200]}
    assert [p.id for p in other.prompts] != [p.id for p in world.prompts]


def test_every_document_family_and_every_dirt_occurs(default_world: World):
    sources = Counter(d.source for d in default_world.documents)
    assert set(sources) == {f"primer/{name}" for name in (*FAMILIES, "duplicate", "foreign", "broken", "pii")}


def test_dirty_documents_are_at_most_four_in_a_hundred(default_world: World):
    dirty = [d for d in default_world.documents if d.source.split("/")[1] not in FAMILIES]
    assert 0.02 < len(dirty) / len(default_world.documents) <= 0.045


def test_documents_without_a_duplicates_mark_are_all_different(default_world: World):
    originals = [d.id for d in default_world.documents if d.source != "primer/duplicate"]
    assert len(set(originals)) >= 0.995 * len(originals)


def test_every_fact_is_stated_at_least_eighty_times(default_world: World):
    counts: Counter[str] = Counter()
    statements = {f.say(t): (f.relation.name, f.subject) for f in FACTS for t in f.relation.statements}
    for document in default_world.documents:
        for sentence in document.text.replace("?", "?.").split("."):
            stated = statements.get(f"{sentence.strip()}.") or statements.get(sentence.strip())
            if stated:
                counts[str(stated)] += 1
    few = {str((f.relation.name, f.subject)): counts[str((f.relation.name, f.subject))] for f in FACTS}
    assert {fact: n for fact, n in few.items() if n < 80} == {}


def test_every_phrasing_of_every_relation_is_used(default_world: World):
    corpus = "\n".join(d.text for d in default_world.documents)
    demonstrated = "\n".join(d.prompt.text for d in default_world.demonstrations)
    for relation in RELATIONS.values():
        facts = [f for f in FACTS if f.relation is relation]
        for template in relation.statements:
            assert any(f.say(template) in corpus for f in facts), template
        for template in relation.questions:
            assert any(f.say(template) in demonstrated for f in facts if f.split == "seen"), template


def test_question_and_answer_pages_are_rare_and_led_in(default_world: World):
    pages = [d for d in default_world.documents if d.source == "primer/almanac"]
    assert 0 < len(pages) / len(default_world.documents) <= 0.03
    assert all(d.text.split("\n")[0].endswith(":") for d in pages)


def test_no_other_document_answers_its_question(default_world: World):
    asked = {f.say(t): {f.say(q) for q in f.relation.questions} for f in FACTS for t in f.relation.statements}
    answered = []
    for document in default_world.documents:
        led_in = document.text.startswith(LEAD_INS) or document.source == "primer/broken"  # its lead-in is broken too
        if not led_in:
            sentences = re.split(r"(?<=[.?!])\s+", document.text)
            answered += [q for q, a in pairwise(sentences) if q in asked.get(a, ())]
    assert answered == []


def test_every_demonstrations_reply_is_right_unless_its_writer_is_bad(world: World):
    truths = {row.prompt_id: row.truth for row in world.truths}
    for demonstration in world.demonstrations:
        verdict = grade(truths[demonstration.prompt.id], demonstration.reply, stopped=True)
        if demonstration.prompt.attrs["quality"] == "good":
            assert verdict.right, demonstration
            assert verdict.gold == 1.0, demonstration
        else:
            assert verdict.gold < 0, demonstration


def test_half_of_the_demonstrations_on_harm_and_honesty_are_bad(default_world: World):
    for kind in ("harmful", "honesty"):
        mine = [d for d in default_world.demonstrations if d.prompt.kind == kind]
        bad = sum(d.prompt.attrs["quality"] == "bad" for d in mine) / len(mine)
        assert 0.42 < bad < 0.6, kind


def test_bad_demonstrations_can_be_turned_off():
    config = PrimerConfig.small().model_copy(update={"bad_demonstration_share": 0.0})
    assert all(d.prompt.attrs["quality"] == "good" for d in build(config, seed=1).demonstrations)


def test_all_ten_task_types_and_all_annotations_are_demonstrated(world: World):
    assert {d.task_type for d in world.demonstrations} == set(TASKS)
    assert {d.prompt_type for d in world.demonstrations} == {"instructive", "continuation", "in_context"}
    assert {d.response_type for d in world.demonstrations} == {
        "one_word",
        "short_phrase",
        "single_sentence",
        "descriptive",
    }
    for mark in ("scene_setting", "constraint", "persona"):
        assert any(getattr(d, mark) for d in world.demonstrations), mark


def test_the_pool_mixes_harm_help_honesty_and_facts(default_world: World):
    kinds = Counter(p.kind for p in default_world.prompts)
    num = len(default_world.prompts)
    assert len({p.id for p in default_world.prompts}) == num
    assert kinds["harmful"] / num == pytest.approx(PROMPT_SHARES["harmful"], abs=0.05)
    assert kinds["benign"] / num == pytest.approx(PROMPT_SHARES["benign"], abs=0.05)
    assert (kinds["honesty"] + kinds["true_claim"]) / num == pytest.approx(PROMPT_SHARES["honesty"], abs=0.05)
    assert min(PROMPT_SHARES["harmful"], PROMPT_SHARES["benign"], PROMPT_SHARES["honesty"]) >= 0.15
    assert sum(PROMPT_SHARES.values()) == pytest.approx(1)
    assert sum(DEMONSTRATION_SHARES.values()) == pytest.approx(1)


def test_prompts_replies_and_documents_keep_their_lengths(default_world: World):
    assert max(len(d.prompt.text.split()) for d in default_world.demonstrations) <= 70
    assert max(len(d.reply.split()) for d in default_world.demonstrations) <= 33
    assert max(len(i.prompt.text.split()) for i in default_world.items if i.prompt) <= 70
    lengths = [len(d.text.split()) for d in default_world.documents]
    assert min(lengths) >= 15
    assert max(lengths) <= 135


def test_suites_have_their_items_in_both_splits(default_world: World):
    counts = Counter((i.suite, i.split) for i in default_world.items)
    suites = {
        "facts_completion",
        "questions",
        "held_out_answers",
        "harmful",
        "benign",
        "honesty",
        *(f"tasks.{t}" for t in TASKS),
    }
    assert {suite for suite, _ in counts} == suites
    small = {"tasks.generation": 96, "tasks.brainstorming": 150}
    for suite in suites:
        for split in ("dev", "test"):
            assert counts[suite, split] >= small.get(suite, 200), (suite, split)


def test_every_prompt_and_item_has_its_truth(world: World):
    known = {row.prompt_id for row in world.truths}
    assert {p.id for p in world.prompts} <= known
    assert {i.prompt.id if i.prompt else i.id for i in world.items} <= known
    assert len(known) == len(world.truths)


def test_held_out_honesty_questions_keep_their_topic_word(default_world: World):
    for item in default_world.items:
        if item.suite == "honesty":
            assert item.prompt is not None
            assert any(contains(words_of(item.prompt.text), word) for word in item.truth.topic), item


def test_the_smallest_and_a_pool_larger_than_the_honest_questions_are_filled():
    tiny = PrimerConfig(
        num_documents=100, num_heldout_documents=10, num_demonstrations=100, num_prompts=20, items_per_suite=1
    )
    assert len(build(tiny, seed=3).prompts) == 20
    large = tiny.model_copy(update={"num_prompts": 4000})
    assert len(build(large, seed=3).prompts) == 4000


def test_without_almanacs_no_document_answers_a_question():
    config = PrimerConfig.small().model_copy(update={"almanac_share": 0.0})
    assert not any(d.source == "primer/almanac" or d.text.startswith(LEAD_INS) for d in build(config, seed=2).documents)


def test_every_held_out_harm_is_made_of_a_verb_and_an_object_that_are_shown_elsewhere():
    seen = [intent for intent in INTENTS if intent.split == "seen"]
    for intent in INTENTS:
        assert any(other.verb == intent.verb for other in seen)
        if intent.split != "seen":
            assert any(other.noun == intent.noun and other.verb != intent.verb for other in seen), intent.act
