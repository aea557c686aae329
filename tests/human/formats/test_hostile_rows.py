"""Shows that no row, however spoilt, does more than be listed: whatever is put anywhere into a good row."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from human.formats.test_layouts import LAYOUTS
from human.third_party import INVENTED
from trivium.human.formats import FORMATS, load, sniff
from trivium.human.formats.oasst_tree import flattened
from trivium.human.formats.rows import write_rows
from trivium.records import Comparison, Prompt

TREE: dict[str, Any] = copy.deepcopy(INVENTED["oasst"][0])
TREE["prompt"]["events"] = {"ranking": [{"user_id": "u", "ranked_message_ids": ["0a", "0b"], "ranking": [0, 1]}]}
ORDER = Comparison(
    prompt=Prompt.of("Hi", origin="user", source="x"),
    replies=("a", "b"),
    ranks=(1, 2),
    ranker="p",
    scores={"s": (1, 2)},
)
ROWS: dict[str, list[dict[str, Any]]] = {
    **LAYOUTS,
    "oasst": [TREE],
    "oasst-demonstrations": [TREE],
    "oasst-messages": list(flattened(TREE)),
    "oasst-messages-demonstrations": list(flattened(TREE)),
    "pandalm": INVENTED["pandalm"][:1],
    "tulu-human-eval": INVENTED["tulu-human-eval"][:1],
    "trivium": [ORDER.model_dump(mode="json")],
    "crows-pairs": [{"sent_more": "a", "sent_less": "b", "stereo_antistereo": "stereo", "bias_type": "age",
                     "annotations": "[['age']]", "anon_writer": "a0", "anon_annotators": "['a1']"}],
    "self-instruct": [{"instruction": "x", "instances": [{"input": "", "output": "y"}]}],
    "t0-sample": [{"template": "t", "prompt": "x", "completion": "y"}],
    "dolly-hhrlhf": [{"prompt": "Below is an instruction.\n\n### Instruction:\nx\n\n### Response:\n", "response": "y"}],
}  # fmt: skip
JUNK = st.sampled_from(
    [
        None,
        True,
        3,
        -1,
        1e300,
        float("nan"),
        "",
        " ",
        "x",
        [],
        [3],
        [[]],
        [None],
        {},
        {"a": 1},
        [{}],
        {"": []},
        "[",
        "[{}]",
    ]
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every part of a value, itself not among them."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [one for key, part in parts for one in ((*path, key), *places(part, (*path, key)))]


def test_every_format_is_spoilt() -> None:
    assert set(ROWS) == set(FORMATS) - {"parquet"}


@pytest.mark.parametrize("name", sorted(ROWS))
@settings(max_examples=20)
@given(data=st.data())
def test_a_spoilt_row_is_read_or_listed_and_never_more(name: str, data: st.DataObject) -> None:
    rows = copy.deepcopy(ROWS[name])
    for _ in range(data.draw(st.integers(1, 2))):
        row = data.draw(st.sampled_from(rows))
        spots = places(row)
        if not spots:
            continue
        *way, last = data.draw(st.sampled_from(spots))
        parent: Any = row
        for key in way:
            parent = parent[key]
        if isinstance(parent, dict) and data.draw(st.booleans()):
            del parent[last]
        else:
            parent[last] = copy.deepcopy(data.draw(JUNK))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        write_rows(file, rows)
        imported = load(name, file)
        assert imported.records or imported.rejects or name.startswith("oasst")
        sniff(file)
