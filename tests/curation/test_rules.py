"""Rules: the published bounds, what overrides change, and which rule a document is said to fail."""

import pyarrow as pa
import pytest

from trivium.core.errors import RecipeError
from trivium.curation.features import COLUMNS, features
from trivium.curation.rules import GROUPS, chosen, failures, verdicts

GOOD = (
    "The river runs to the sea and the people of the town have lived with it for a long time.\n"
    "They fish in the morning, they mend their nets at noon, and they tell stories that nobody believes at night.\n"
    "Once a year the water rises, and then all of them carry what they own to the top of the hill and wait there."
)


def scores(texts: list[str]) -> pa.RecordBatch:
    return features(pa.array(texts, pa.large_string())).columns


def test_every_rule_reads_a_column_that_is_reckoned_and_names_its_source() -> None:
    rules = [rule for group in GROUPS.values() for rule in group]
    assert {rule.column for rule in rules} <= set(COLUMNS)
    assert all("20" in rule.source and (rule.low, rule.high) != (None, None) for rule in rules)
    assert len({rule.name for rule in rules}) == len(rules)


def test_plain_prose_passes_all_rules_and_each_fault_fails_its_own() -> None:
    texts = [
        GOOD,
        "Too short.",
        GOOD + " {",
        GOOD + "\nlorem ipsum dolor.",
        "\n".join("- " + line for line in GOOD.replace(", ", ".\n").split("\n") * 2),
        " ".join(["word"] * 60) + ".",
        GOOD.replace(" ", " # "),
        GOOD.replace(" ", " 12345 "),
    ]
    found = verdicts(scores(texts), chosen(tuple(GROUPS), {}))
    assert found.rule.to_pylist() == [
        None, "too_few_words", "curly_brackets", "lorem_ipsum", "bullets", "stop_words", "symbols", "letters",
    ]  # fmt: skip
    assert found.value[0].as_py() is None
    assert found.value[1].as_py() == 2


def test_the_first_failing_rule_is_named_and_all_failures_can_be_seen() -> None:
    columns = scores(["a a a a a"])
    rules = chosen(("gopher_quality", "gopher_repetition"), {})
    assert verdicts(columns, rules).rule.to_pylist() == ["too_few_words"]
    failed = {name for name, flags in failures(columns, rules).items() if flags[0].as_py()}
    assert {"too_few_words", "word_length", "stop_words", "top_2gram"} <= failed


def test_a_bound_itself_is_kept() -> None:
    columns = pa.RecordBatch.from_pydict({"num_words": pa.array([49, 50, 100_000, 100_001])})
    rules = tuple(rule for rule in GROUPS["gopher_quality"] if rule.column == "num_words")
    found = verdicts(columns, rules)
    assert found.rule.to_pylist() == ["too_few_words", None, None, "too_many_words"]
    assert found.value.to_pylist() == [49, None, None, 100_001]


def test_thresholds_change_without_reading_the_text_again() -> None:
    columns = scores(["Too short."])
    rules = chosen(("gopher_quality",), {"too_few_words": (1, None), "stop_words": (0, None)})
    assert verdicts(columns, rules).rule.to_pylist() == [None]


@pytest.mark.parametrize(
    ("groups", "overrides", "near"),
    [(("gopher",), {}, "gopher_quality"), (("c4",), {"curly_bracket": (None, 1)}, "curly_brackets")],
)
def test_an_unknown_name_is_an_error_with_the_nearest(
    groups: tuple[str, ...], overrides: dict[str, tuple[None, float]], near: str
) -> None:
    with pytest.raises(RecipeError) as caught:
        chosen(groups, overrides)
    assert near in caught.value.do


def test_english_stop_words_judge_no_other_language() -> None:
    german = "Der Fluss fließt ins Meer, und die Leute der Stadt leben seit langer Zeit mit ihm und seinen Launen. " * 4
    columns = scores([german, german, german])
    rules = tuple(rule for rule in GROUPS["gopher_quality"])
    assert verdicts(columns, rules).rule.to_pylist() == ["stop_words"] * 3
    told = columns.append_column("language", pa.array(["de", "en", "und"]))
    assert verdicts(told, rules).rule.to_pylist() == [None, "stop_words", "stop_words"]
    assert failures(told, rules)["stop_words"].to_pylist() == [False, True, True]
