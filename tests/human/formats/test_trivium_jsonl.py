"""Shows that Trivium's own records survive the way to a file and back, byte for byte the second time."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trivium.human.formats import Reject, read_comparisons, read_demonstrations, read_prompts
from trivium.human.formats.trivium_jsonl import write
from trivium.records import Comparison, Demonstration, Prompt, Record

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PROMPTS = st.builds(lambda text, kind: Prompt.of(text, origin="writer", source="test", kind=kind), TEXT, TEXT)
DEMONSTRATIONS = st.builds(Demonstration, prompt=PROMPTS, reply=TEXT, writer=st.none() | TEXT, persona=st.booleans())
COMPARISONS = st.builds(
    lambda prompt, pairs, none: Comparison(
        prompt=prompt,
        replies=tuple(text for text, _ in pairs),
        ranks=tuple(rank for _, rank in pairs),
        ranker="r",
        none_acceptable=none,
    ),
    PROMPTS,
    st.lists(st.tuples(TEXT, st.integers(1, 4)), min_size=2, max_size=4),
    st.booleans(),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(PROMPTS, max_size=3), st.lists(DEMONSTRATIONS, max_size=3), st.lists(COMPARISONS, max_size=3))
def test_records_survive_the_way_to_a_file_and_back(
    tmp_path: Path, prompts: list[Prompt], demonstrations: list[Demonstration], comparisons: list[Comparison]
) -> None:
    made: dict[str, list[Record]] = {
        "prompts": [*prompts],
        "demonstrations": [*demonstrations],
        "comparisons": [*comparisons],
    }
    for name, records in made.items():
        assert write(tmp_path / f"{name}.jsonl", records) == len(records)
    assert list(read_prompts("trivium", tmp_path)) == prompts
    assert list(read_demonstrations("trivium", tmp_path)) == demonstrations
    assert list(read_comparisons("trivium", tmp_path)) == comparisons
    before = (tmp_path / "comparisons.jsonl").read_bytes()
    write(tmp_path / "comparisons.jsonl", comparisons)
    assert (tmp_path / "comparisons.jsonl").read_bytes() == before


def test_a_record_with_an_unknown_field_or_a_rank_too_few_is_rejected_with_its_reason(tmp_path: Path) -> None:
    file = tmp_path / "comparisons.jsonl"
    prompt = Prompt.of("x", origin="writer", source="test").model_dump_json()
    file.write_text(
        f'{{"prompt": {prompt}, "replies": ["a", "b"], "ranks": [1], "ranker": "r"}}\n'
        f'{{"prompt": {prompt}, "replies": ["a", "b"], "ranks": [1, 2], "ranker": "r", "mood": 1}}\n'
    )
    made = list(read_comparisons("trivium", file))
    assert all(isinstance(one, Reject) for one in made)
    assert "wanted one rank per reply" in str(made[0])
    assert "mood" in str(made[1])
