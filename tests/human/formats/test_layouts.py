"""Reads hand-made rows of each layout, as its publisher writes them, and holds records and rejects to what they say."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from trivium.human.formats import FORMATS, Imported, Provenance, export, load, prompts_of, sniff
from trivium.human.formats.oasst_tree import flattened, gathered
from trivium.human.formats.rows import Flaw, read_rows
from trivium.records import Comparison, Demonstration, Document, Judgement, Message, Prompt

Row = dict[str, Any]


def imported(name: str, folder: Path, *rows: Row) -> Imported:
    """Write rows as the format names its files, and read them."""
    return load(name, written(name, folder, *rows))


def written(name: str, folder: Path, *rows: Row) -> Path:
    """Write rows as JSON lines or an array, as the format's files are named."""
    file = folder / f"rows{FORMATS[name].suffixes[0].removesuffix('.gz')}"
    text = json.dumps(list(rows)) if file.suffix == ".json" else "".join(json.dumps(row) + "\n" for row in rows)
    file.write_text(text)
    return file


def reasons(got: Imported) -> list[tuple[int, str]]:
    """Return (line, reason) of the rejects."""
    return [(one.line, one.reason) for one in got.rejects]


def turns(record: Any) -> list[tuple[str, str]]:
    """Return (role, text) of a record's prompt."""
    return [(turn.role, turn.content) for turn in record.prompt.messages]


CHAT = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
YES, NO = {"role": "assistant", "content": "Hello!"}, {"role": "assistant", "content": "Go."}

LAYOUTS: dict[str, list[Row]] = {
    "alpaca": [
        {"instruction": "Add.", "input": "1 2", "output": "3", "id": 7},
        {"instruction": "And?", "input": "", "output": " x ", "system": "Be kind.", "history": [["Hi", "Yes"]]},
    ],
    "alpaca-preference": [{"instruction": "Add.", "input": "", "chosen": "3", "rejected": "4"}],
    "sharegpt": [
        {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello!"}], "id": "a"},
        {"system": "Be kind.", "conversations": [{"from": "human", "value": "Hi"}], "tools": "[]"},
        {
            "conversations": [{"from": "human", "value": "Hi"}],
            "chosen": {"from": "gpt", "value": "Hello!"},
            "rejected": {"from": "gpt", "value": "Go."},
        },
    ],
    "openai-chat": [
        {"messages": [*CHAT, YES | {"weight": 1}], "tools": [], "parallel_tool_calls": False},
        {"messages": CHAT},
    ],
    "openai-preference": [
        {
            "input": {"messages": CHAT, "tools": [], "parallel_tool_calls": True},
            "preferred_output": [YES],
            "non_preferred_output": [NO],
        }
    ],
    "trl-language-modeling": [{"messages": [*CHAT, YES]}],
    "trl-language-modeling-text": [{"text": "The sky is blue."}],
    "trl-prompt-only": [{"prompt": CHAT}],
    "trl-prompt-only-text": [{"prompt": "The sky is"}],
    "trl-prompt-completion": [{"prompt": CHAT, "completion": [YES]}],
    "trl-prompt-completion-text": [{"prompt": "The sky is", "completion": " blue."}],
    "trl-preference": [{"prompt": CHAT, "chosen": [YES], "rejected": [NO]}],
    "trl-preference-text": [{"prompt": "The sky is", "chosen": " blue.", "rejected": " green."}],
    "trl-implicit-preference": [{"chosen": [*CHAT, YES], "rejected": [*CHAT, NO]}],
    "trl-implicit-preference-text": [{"chosen": "The sky is blue.", "rejected": "The sky is green."}],
    "trl-unpaired-preference": [{"prompt": CHAT, "completion": [YES], "label": True}],
    "trl-unpaired-preference-text": [{"prompt": "The sky is", "completion": " green.", "label": False}],
    "trl-stepwise": [{"prompt": "9.8 or 9.11?", "completions": ["Compare.", "9.11."], "labels": [True, False]}],
    "hh-rlhf": [{"chosen": "\n\nHuman: Hi\n\nAssistant: Hello!", "rejected": "\n\nHuman: Hi\n\nAssistant: Go."}],
    "ultrafeedback": [
        {
            "source": "evol_instruct",
            "instruction": "Sing.",
            "models": ["a", "b", "c"],
            "completions": [
                {
                    "model": name,
                    "principle": "helpfulness",
                    "custom_system_prompt": "Sing well.",
                    "response": f"la {name}",
                    "annotations": {"helpfulness": {"Rating": rating, "Rationale": "why"}, "honesty": [{"Rating": "4"}]},
                    "critique": "good",
                    "overall_score": 10,
                    "fine-grained_score": fine,
                }
                for name, rating, fine in (("a", "3", 3.5), ("b", "N/A", 4.0), ("c", "2", 3.5))
            ],
            "correct_answers": ["None"],
            "incorrect_answers": ["None"],
        }
    ],
    "ultrafeedback-binarized": [
        {
            "prompt": "Hi",
            "prompt_id": "4c",
            "chosen": [CHAT[1], YES],
            "rejected": [CHAT[1], NO],
            "messages": [CHAT[1], YES],
            "score_chosen": 8.5,
            "score_rejected": 2.0,
        }
    ],
    "helpsteer2": [
        {
            "prompt": "Hi\n<extra_id_1>Assistant\nYes?\n<extra_id_1>User\nSing.",
            "response": reply,
            "helpfulness": good,
            "correctness": 4,
            "coherence": 4,
            "complexity": 1,
            "verbosity": 0,
        }
        for reply, good in (("la", 2), ("la la", 4))
    ],
    "helpsteer2-preference": [
        {
            "split": "train",
            "prompt": "Sing.",
            "response_1": "la",
            "response_2": "no",
            "preference_strength": -2,
            "preference_statement": "Response 1 sings.",
            "all_preferences_unprocessed": [{"strength": -2}],
        }
    ],
    "helpsteer3": [
        {
            "domain": "general",
            "language": "english",
            "context": [CHAT[1]],
            "response1": "la",
            "response2": "no",
            "overall_preference": -2,
            "individual_preference": [
                {"score": -3, "reasoning": "sings", "feedback1": "good", "feedback2": "bad"},
                {"score": 0, "reasoning": "equal", "feedback1": "", "feedback2": ""},
            ],
        }
    ],
    "dolly": [
        {"instruction": "When?", "context": "It was 1869.", "response": "1869", "category": "closed_qa"},
        {"instruction": "Why is it?", "context": "", "response": "So.", "category": "general_qa"},
    ],
    "label-studio": [
        {
            "id": 12,
            "data": {"prompt": "Hi", "items": [{"id": n, "title": "", "body": f"reply {n}"} for n in ("1", "2", "3")]},
            "annotations": [
                {"completed_by": 7, "result": [
                    {"from_name": "rank", "to_name": "replies", "type": "ranker", "value": {"ranker": {"rank": ["2", "1", "3"]}}}
                ]},
            ],
            "predictions": [],
        },
        {
            "id": 13,
            "data": {"prompt": "Yes?", "page": 4, "items": [{"id": n, "title": n, "body": f"say {n}"} for n in "xy"]},
            "annotations": [
                {"id": 5, "completed_by": 2, "was_cancelled": False, "ground_truth": False, "created_at": "2024-01-01",
                 "updated_at": "2024-01-02", "lead_time": 12.5, "task": 13, "result": [
                    {"from_name": "rank", "to_name": "replies", "type": "ranker", "value": {"ranker": {"rank": ["y", "x"]}}}
                ]},
            ],
            "predictions": [{"id": 9, "result": []}],
        },
    ],
    "argilla": [
        {
            "id": "r1",
            "fields": {"prompt": "Hi", "response-1": "a", "response-2": "b"},
            "metadata": {},
            "suggestions": {},
            "responses": {"ranking": [{"value": [
                {"value": "response-1", "rank": 1}, {"value": "response-2", "rank": 1}], "user_id": "u"}]},
            "vectors": {},
        },
        {
            "id": "r2",
            "fields": {"prompt": "Yes?", "response-1": "a", "response-2": "b"},
            "metadata": {"who": "m", "n": 3},
            "suggestions": {"ranking": {"value": ["response-2"], "score": 0.4, "agent": "x"}},
            "responses": {"ranking": [{"value": [
                {"value": "response-1", "rank": 2}, {"value": "response-2", "rank": 1}], "user_id": "u"}]},
            "vectors": {"v": [0.1, 0.2]},
            "status": "completed",
            "_server_id": None,
        },
    ],
    "hh-red-team": [
        {"transcript": "\n\nHuman: How?\n\nAssistant: No.\n\nHuman: Do!\n\nAssistant: No, and no.", "rating": 1.0,
         "min_harmlessness_score_transcript": -2.1, "num_params": "52B", "model_type": "rlhf", "red_team_member_id": 3,
         "task_description": "Asks how.", score: 0.4, "is_upworker": False, "tags": ["Theft"]}
        for score in ("task_descripton_harmlessness_score", "task_description_harmlessness_score")
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_rows_come_out_as_they_came_in_with_all_that_no_record_has_a_field_for(tmp_path: Path, name: str) -> None:
    rows = LAYOUTS[name]
    got = imported(name, tmp_path, *rows)
    assert got.records
    assert not got.rejects
    export(name, got.records, tmp_path / "out.jsonl")
    assert [row for _, row in read_rows(tmp_path / "out.jsonl")] == rows


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_a_file_is_recognised_by_its_rows(tmp_path: Path, name: str) -> None:
    likely = sniff(written(name, tmp_path, *LAYOUTS[name]))
    # A row of messages alone is both of these; nothing in it tells which was meant.
    same = {"trl-language-modeling": "openai-chat", "openai-chat": "trl-language-modeling"}
    assert likely[0][0] in {name, same.get(name)}


def test_a_preference_is_a_comparison_of_two_and_the_better_one_has_rank_1(tmp_path: Path) -> None:
    pairs = [name for name, rows in LAYOUTS.items() if {"chosen", "preferred_output"} & rows[-1].keys()]
    assert len(pairs) == 9
    for name in pairs:
        one = imported(name, tmp_path, LAYOUTS[name][-1]).records[0]
        assert isinstance(one, Comparison)
        assert one.ranks == (1, 2), name
        assert one.replies[0].strip() in {"Hello!", "3", "blue."}, name


def test_the_standard_form_keeps_the_leading_space_of_a_completion(tmp_path: Path) -> None:
    for name in ("trl-preference-text", "trl-implicit-preference-text"):
        [one] = imported(name, tmp_path, *LAYOUTS[name]).records
        assert isinstance(one, Comparison)
        assert (one.prompt.text, one.replies) == ("The sky is", (" blue.", " green."))


def test_what_stands_beside_a_row_is_kept_and_the_prompt_is_what_the_model_saw(tmp_path: Path) -> None:
    [first, second] = imported("alpaca", tmp_path, *LAYOUTS["alpaca"]).records
    assert isinstance(second, Demonstration)
    assert first.prompt.attrs == {"+id": "7", "input": "1 2"}  # type: ignore[attr-defined]
    assert turns(second) == [("system", "Be kind."), ("user", "Hi"), ("assistant", "Yes"), ("user", "And?")]
    assert second.reply == " x "


def test_a_dialogue_without_a_last_answer_is_a_prompt(tmp_path: Path) -> None:
    assert isinstance(imported("sharegpt", tmp_path, LAYOUTS["sharegpt"][1]).records[0], Prompt)
    assert isinstance(imported("openai-chat", tmp_path, LAYOUTS["openai-chat"][1]).records[0], Prompt)
    assert isinstance(imported("trl-language-modeling", tmp_path, {"text": "So."}).records[0], Document)


def test_completions_are_ordered_by_the_fine_score_and_not_by_the_overall_one(tmp_path: Path) -> None:
    [one] = imported("ultrafeedback", tmp_path, *LAYOUTS["ultrafeedback"]).records
    assert isinstance(one, Comparison)
    assert one.ranks == (2, 1, 2)
    assert one.scores == {"honesty": (4.0, 4.0, 4.0), "fine_grained": (3.5, 4.0, 3.5)}  # one helpfulness is "N/A"
    bare = {"instruction": "x", "completions": [{"response": "a"}, {"response": "b"}]}
    assert reasons(imported("ultrafeedback", tmp_path, bare)) == [(1, "a completion has no score")]


def test_ratings_and_strengths_give_the_order(tmp_path: Path) -> None:
    [rated] = imported("helpsteer2", tmp_path, *LAYOUTS["helpsteer2"]).records
    assert isinstance(rated, Comparison)
    assert (rated.ranks, rated.scores["helpfulness"]) == ((2, 1), (2.0, 4.0))
    assert turns(rated) == [("user", "Hi"), ("assistant", "Yes?"), ("user", "Sing.")]
    [better] = imported("helpsteer2-preference", tmp_path, *LAYOUTS["helpsteer2-preference"]).records
    people = imported("helpsteer3", tmp_path, *LAYOUTS["helpsteer3"]).records
    assert [one.ranks for one in (better, *people) if isinstance(one, Comparison)] == [(1, 2), (1, 2), (1, 1)]
    lonely = LAYOUTS["helpsteer2"][0] | {"prompt": "Other."}
    got = imported("helpsteer2", tmp_path, lonely, *LAYOUTS["helpsteer2"])
    assert len(got.records) == 1
    assert [line for line, _ in reasons(got)] == [1]
    assert "one rated reply only" in got.rejects[0].reason


def test_steps_are_judgements_in_order(tmp_path: Path) -> None:
    rows = imported("trl-stepwise", tmp_path, *LAYOUTS["trl-stepwise"]).records
    assert all(isinstance(one, Judgement) for one in rows)
    assert [(one.reply, one.desirable) for one in rows if isinstance(one, Judgement)] == [
        ("Compare.", True),
        ("9.11.", False),
    ]


def test_dolly_categories_are_task_types(tmp_path: Path) -> None:
    rows = imported("dolly", tmp_path, *LAYOUTS["dolly"], {"instruction": "x", "response": "y", "category": "poem"})
    assert [one.task_type for one in rows.records if isinstance(one, Demonstration)] == ["closed_qa", "open_qa"]
    assert reasons(rows)[0][0] == 3


def ranker(value: Any, **fields: Any) -> Row:
    """A Label Studio annotation with this order."""
    result = {"from_name": "rank", "to_name": "x", "type": "ranker", "value": {"ranker": value}}
    return {"completed_by": {"id": 7, "email": "a@b.c"}, "result": [result], **fields}


def task(*annotations: Any) -> Row:
    """A Label Studio task over three replies."""
    return LAYOUTS["label-studio"][0] | {"annotations": list(annotations)}


def test_a_label_studio_order_is_read_from_a_list_a_bare_list_and_buckets(tmp_path: Path) -> None:
    got = imported(
        "label-studio",
        tmp_path,
        task(
            ranker({"rank": ["3", "1", "2"], "_": []}),
            ranker(["3", "1", "2"]),
            ranker({"1": ["3"], "2": ["1", "2"], "_": []}),
            ranker({"good": ["3"], "bad": ["1", "2"]}),
            ranker({"rank": ["3"], "_": ["1", "2"]}),
            ranker(["3", "1", "1"]),
            ranker(["3", "1", "2"], was_cancelled=True),
            {"completed_by": 7, "result": []},
        ),
    )
    orders = [one.ranks for one in got.records if isinstance(one, Comparison)]
    assert orders == [(2, 3, 1), (2, 3, 1), (2, 2, 1)]
    assert {one.ranker for one in got.records if isinstance(one, Comparison)} == {"7"}  # never the address
    assert [reason.split(": ")[0] for _, reason in reasons(got)] == [f"annotation {number}" for number in range(4, 9)]


def test_a_label_studio_side_by_side_and_a_text_area(tmp_path: Path) -> None:
    two = {"prompt": "Hi", "items": [{"id": 1, "body": "a"}, {"id": 2, "body": "b"}]}
    chosen = {"completed_by": 1, "result": [{"type": "pairwise", "value": {"selected": "right"}}]}
    text = {"completed_by": 2, "result": [{"type": "textarea", "from_name": "t", "value": {"text": ["Hello", "you"]}}]}
    got = imported(
        "label-studio",
        tmp_path,
        {"data": two, "annotations": [chosen]},
        {"data": {"prompt": "Hi"}, "annotations": [text]},
        {"data": {"prompt": "Hi"}, "annotations": []},
    )
    pair, demonstration, prompt = got.records
    assert isinstance(pair, Comparison)
    assert pair.ranks == (2, 1)
    assert isinstance(demonstration, Demonstration)
    assert (demonstration.reply, demonstration.writer) == ("Hello\nyou", "2")
    assert isinstance(prompt, Prompt)


def test_an_argilla_ranking_is_read_from_both_layouts_and_a_bare_list_says_so(tmp_path: Path) -> None:
    ranked = [
        {"value": "response-2", "rank": 1},
        {"value": "response-1", "rank": 3},
        {"value": "response-3", "rank": 3},
    ]
    fields = {"instruction": "Hi", "response-1": "a", "response-2": "b", "response-3": "c"}
    bare = ["response-3", "response-1", "response-2"]
    flat = fields | {
        "order.responses": [ranked, bare, bare],
        "order.responses.users": ["u", "v", "w"],
        "order.responses.status": ["submitted", "submitted", "draft"],
    }
    got = imported("argilla", tmp_path, flat)
    rows = [one for one in got.records if isinstance(one, Comparison)]
    assert [(one.ranker, one.ranks) for one in rows] == [("u", (2, 1, 2)), ("v", (2, 3, 1))]
    assert [one.prompt.attrs.get("order") for one in rows] == [None, "bare list"]
    short = {"fields": fields, "responses": {"order": [{"value": ranked[:2], "user_id": "u"}]}}
    assert reasons(imported("argilla", tmp_path, short)) == [
        (1, "the answer of u: the ranking does not name every reply once")
    ]


def test_single_peoples_orders_of_a_tree_are_each_a_comparison(tmp_path: Path) -> None:
    event = {"user_id": "u", "ranked_message_ids": ["b", "a"], "ranking": [1, 0], "not_rankable": True}
    root = {
        "message_id": "t",
        "text": "Hi",
        "role": "prompter",
        "events": {"ranking": [event, {"user_id": "v", "ranked_message_ids": ["a"]}]},
        "replies": [
            {"message_id": "a", "parent_id": "t", "text": "A", "role": "assistant", "rank": 1},
            {"message_id": "b", "parent_id": "t", "text": "B", "role": "assistant", "rank": 0},
        ],
    }
    [one] = imported("oasst", tmp_path, {"message_tree_id": "t", "prompt": root}).records
    assert isinstance(one, Comparison)
    assert (one.ranker, one.replies, one.ranks, one.none_acceptable) == ("u", ("A", "B"), (2, 1), True)


def test_a_tree_and_its_messages_are_the_same_whatever_the_order_of_branches() -> None:
    def node(name: str, parent: str | None, *replies: Row) -> Row:
        return {"message_id": name, **({"parent_id": parent} if parent else {}), "text": name, "replies": list(replies)}

    root = node("a", None, node("b", "a", node("d", "b")), node("c", "a"))
    tree = {"message_tree_id": "a", "tree_state": "ready", "origin": "x", "prompt": root}
    flat = list(flattened(tree))
    assert gathered(flat) == [tree]
    assert gathered([flat[0], flat[3], flat[1], flat[2]])[0]["prompt"]["replies"][0]["message_id"] == "c"
    loop = [{"message_id": "x", "parent_id": "y"}, {"message_id": "y", "parent_id": "x"}]
    for wrong, reason in (
        (flat[1:], "parent"),
        ([flat[0], flat[0]], "twice"),
        ([flat[0], {"message_id": "z"}], "2 first messages"),
        ([{"message_id": "a"}, *loop], "their own ancestors"),
    ):
        with pytest.raises(Flaw, match=reason):
            gathered(wrong)


def test_a_crows_pair_is_one_comparison_an_annotator_and_nobody_who_saw_no_bias_prefers(tmp_path: Path) -> None:
    file = tmp_path / "crows.csv"
    file.write_text(
        ",sent_more,sent_less,stereo_antistereo,bias_type,annotations,anon_writer,anon_annotators\n"
        "0,\"A, said X.\",\"B, said X.\",stereo,age,\"[['age'], [], ['age', 'gender']]\",a0,\"['a1', 'a2', 'a3']\"\n"
        "1,C.,D.,stereo,age,\"[['age']]\",a0,\"['a1', 'a2']\"\n"
        "2,C.,D.,stereo,age,__import__('os'),a0,\"['a1', 'a2']\"\n"
    )
    got = load("crows-pairs", file)
    rows = [one for one in got.records if isinstance(one, Comparison)]
    assert [(one.ranker, one.ranks, one.flags) for one in rows] == [
        ("crows-a1", (2, 1), (("age",), ())),
        ("crows-a2", (1, 1), ((), ())),
        ("crows-a3", (2, 1), (("age", "gender"), ())),
    ]
    assert rows[0].replies == ("A, said X.", "B, said X.")
    assert reasons(got) == [(3, "1 annotations by 2 annotators"), (4, "`annotations` holds no list")]
    assert sniff(file) == [("crows-pairs", 1.0)]


@pytest.mark.parametrize(
    ("name", "row", "reason"),
    [
        ("openai-chat", {"messages": [{"role": "tool", "content": "x"}]}, "turn 1 of `messages` is by 'tool'"),
        ("openai-chat", {"messages": [CHAT[1], YES, YES]}, "two turns by the assistant"),
        ("openai-chat", {"messages": [YES]}, "only a reply"),
        ("openai-chat", {"messages": []}, "wanted a list of turns"),
        ("openai-preference", {"input": CHAT}, "wanted an object in `input`"),
        ("openai-preference", {"input": {"messages": CHAT}, "preferred_output": [YES, NO]}, "wanted one turn"),
        ("sharegpt", {"conversations": [{"from": "observation", "value": "x"}]}, "turn 1 is by 'observation'"),
        ("trl-unpaired-preference", {"prompt": "a", "completion": "b", "label": 1}, "`label` is 1"),
        ("trl-implicit-preference", {"chosen": [*CHAT, YES], "rejected": [CHAT[1], NO]}, "part before"),
        ("trl-implicit-preference", {"chosen": "Yes", "rejected": "No"}, "no common beginning"),
        ("trl-stepwise", {"prompt": "a", "completions": ["b"], "labels": []}, "1 steps and 0 labels"),
        ("trl-preference", {"prompt": "a", "chosen": "b", "rejected": "b"}, "same text"),
        ("helpsteer2-preference", {"prompt": "a", "response_1": "b", "response_2": "c", "preference_strength": 4}, "4"),
        ("alpaca", {"instruction": "a", "output": " "}, "`output` is empty"),
        ("alpaca", {"instruction": "a", "output": "b", "history": [["c"]]}, "entry 1 of `history`"),
        ("argilla", {"fields": {"text": "x"}}, "no field is called"),
        ("trivium", {"nothing": 1}, "none of Trivium's records"),
    ],
)
def test_a_bad_row_is_named_by_its_line_and_the_rest_comes_in(tmp_path: Path, name: str, row: Row, reason: str) -> None:
    good = LAYOUTS.get(name, [Prompt.of("a", origin="user", source="b").model_dump()])[0]
    got = imported(name, tmp_path, good, row, good)
    assert len(got.records) == 2 * len(imported(name, tmp_path, good).records)
    [reject] = got.rejects
    assert reject.line == 2
    assert reason in reject.reason


def test_an_importer_says_where_rows_come_from_and_else_the_file_name_does(tmp_path: Path) -> None:
    file = written("alpaca", tmp_path, LAYOUTS["alpaca"][0])
    said = load("alpaca", file, Provenance(source="ours", licence="CC0 1.0", origin="user")).records[0]
    assert isinstance(said, Demonstration)
    assert (said.prompt.source, said.prompt.licence, said.prompt.origin) == ("ours", "CC0 1.0", "user")
    [prompt] = prompts_of(load("alpaca", file).records)
    assert (prompt.source, prompt.licence, prompt.origin) == ("rows", "unstated", "dataset")


def test_roles_are_never_guessed_by_their_place(tmp_path: Path) -> None:
    spoken = [{"from": "gpt", "value": "Welcome."}, {"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Yes?"}]
    [one] = imported("sharegpt", tmp_path, {"conversations": spoken}).records
    assert isinstance(one, Demonstration)
    assert one.prompt.messages[0] == Message(role="assistant", content="Welcome.")


def test_a_red_team_s_rating_says_whether_the_reply_was_desirable(tmp_path: Path) -> None:
    good, *_ = LAYOUTS["hh-red-team"]
    rows = [good | {"rating": rating} for rating in (0.0, 1.5, 2.0, 4.0)]
    spoilt = [good | {"rating": 5}, good | {"rating": None}, good | {"transcript": "\n\nHuman: Hi"},
              good | {"transcript": good["transcript"] + "\n\nHuman: Hm"}, good | {"red_team_member_id": None}]  # fmt: skip
    file = tmp_path / "red_team_attempts.jsonl.gz"  # published under this name, as one array
    file.write_bytes(gzip.compress(json.dumps(rows + spoilt).encode()))
    assert sniff(file)[0][0] == "hh-red-team"
    got = load("hh-red-team", file)
    assert [one.desirable for one in got.records if isinstance(one, Judgement)] == [True, True, False, False]
    assert [one.line for one in got.rejects] == [5, 6, 7, 8, 9]
    [first, *_] = got.records
    assert isinstance(first, Judgement)
    assert (first.reply, first.judge, first.reason, first.prompt.text) == ("No, and no.", "3", "Asks how.", "Do!")


def test_replies_in_numbered_fields_stand_side_by_side(tmp_path: Path) -> None:
    def one(selected: str, *shown: str) -> Row:
        result = {"from_name": "better", "to_name": list(shown), "type": "pairwise", "value": {"selected": selected}}
        return {"completed_by": 1, "result": [result]}

    task = {"data": {"prompt": "Hi", "answer2": "b", "answer1": "a"}}
    shown = [one("left", "answer1", "answer2"), one("left", "answer2", "answer1"), one("right", "x", "y")]
    got = imported("label-studio", tmp_path, task | {"annotations": shown})
    assert not got.rejects
    assert [(one.replies, one.ranks) for one in got.records if isinstance(one, Comparison)] == [
        (("a", "b"), (1, 2)), (("a", "b"), (2, 1)), (("a", "b"), (2, 1)),
    ]  # fmt: skip


def test_what_argilla_s_server_answers_is_read_with_its_ties_and_without_drafts(tmp_path: Path) -> None:
    def one(person: str, status: str, *ranks: int) -> Row:
        order = [{"value": f"response-{place}", "rank": rank} for place, rank in enumerate(ranks, start=1)]
        return {"id": person, "values": {"ranking": {"value": order}}, "status": status, "user_id": person}

    row = {"id": "e0", "fields": {"prompt": "Q", "response-1": "a", "response-2": "b"}, "metadata": None,
           "responses": [one("p", "submitted", 1, 1), one("q", "draft", 1, 2), one("r", "submitted", 2, 1)],
           "suggestions": [], "vectors": {}}  # fmt: skip
    got = imported("argilla", tmp_path, row)
    assert [(one.ranker, one.ranks) for one in got.records if isinstance(one, Comparison)] == [
        ("p", (1, 1)), ("r", (2, 1))
    ]  # fmt: skip
    assert not got.rejects


def test_a_weight_is_the_assistant_s_and_a_reply_that_has_none_teaches_nothing(tmp_path: Path) -> None:
    def chat(*weights: Any) -> Row:
        roles = ("user", "assistant", "user", "assistant")
        turns = [{"role": role, "content": role} | ({} if weight is None else {"weight": weight})
                 for role, weight in zip(roles, weights, strict=True)]  # fmt: skip
        return {"messages": turns}

    rows = [chat(None, 0, None, 1), chat(None, 1, None, 0), chat(1, None, None, None), chat(None, 0.5, None, None)]
    got = imported("openai-chat", tmp_path, *rows)
    assert len(got.records) == 1
    assert [line for line, _ in reasons(got)] == [2, 3, 4]
    assert "weight 0" in got.rejects[0].reason
    export("openai-chat", got.records, tmp_path / "out.jsonl")
    assert [row for _, row in read_rows(tmp_path / "out.jsonl")] == rows[:1]


def test_a_developer_s_turn_is_the_system_s_and_goes_out_as_it_came(tmp_path: Path) -> None:
    row = {"messages": [{"role": "developer", "content": "Be kind."}, *CHAT[1:], YES]}
    got = imported("openai-chat", tmp_path, row)
    assert turns(got.records[0]) == [("system", "Be kind."), ("user", "Hi")]
    export("openai-chat", got.records, tmp_path / "out.jsonl")
    assert [one for _, one in read_rows(tmp_path / "out.jsonl")] == [row]


def oasst_node(name: str, parent: str | None, role: str, text: str, *replies: Row, **fields: Any) -> Row:
    """A message as it was published."""
    head = {"message_id": name} | ({"parent_id": parent} if parent else {})
    return {**head, "user_id": f"user of {name}", "created_date": "2023-02-05", "text": text, "role": role,
            "lang": "de", "review_count": 3, "review_result": True, "deleted": False, "synthetic": False,
            "emojis": {"+1": 2}, "labels": {"quality": {"value": 0.7, "count": 3}}, "replies": list(replies),
            **fields}  # fmt: skip


@pytest.mark.parametrize("singly", [False, True], ids=["merged", "single orders"])
@pytest.mark.parametrize("form", ["oasst", "oasst-messages"])
def test_all_that_a_tree_says_of_its_messages_goes_out_again(tmp_path: Path, form: str, singly: bool) -> None:
    deep = [oasst_node("e", "d", "assistant", "so", rank=0), oasst_node("f", "d", "assistant", "no", rank=1)]
    asked = oasst_node("d", "b", "prompter", "And?", *deep)
    # Merged by other means than sums: by those, `b` would be first.
    replies = [oasst_node("a", "q", "assistant", "one", rank=0), oasst_node("b", "q", "assistant", "two", asked, rank=1),
               oasst_node("c", "q", "assistant", "three", rank=2)]  # fmt: skip
    order = {"type": "ranking", "user_id": "p", "ranking": [1, 0, 2], "ranked_message_ids": ["b", "a", "c"],
             "ranking_parent_id": "q", "message_tree_id": "q", "not_rankable": False}  # fmt: skip
    events = {"events": {"ranking": [order]}} if singly else {}
    tree = {"message_tree_id": "q", "tree_state": "ready_for_export", "prompt": oasst_node(
        "q", None, "prompter", "Was?", *replies, **events), "origin": "here"}  # fmt: skip
    rows = [tree] if form == "oasst" else list(flattened(tree))
    got = imported(form, tmp_path, *rows)
    assert not got.rejects
    assert {one.prompt.attrs["language"] for one in got.records if isinstance(one, Comparison)} == {"de"}
    export(form, got.records, tmp_path / "out.jsonl")
    out = [row for _, row in read_rows(tmp_path / "out.jsonl")]
    assert (out if form == "oasst" else gathered([one for one in out if isinstance(one, dict)])) == [tree]
    assert load(form, tmp_path / "out.jsonl").records == got.records
