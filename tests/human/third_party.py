"""The third-party data sets where they are at hand, small invented files of the same layouts where they are not.

They are at hand where TRIVIUM_DATA names their folder or `../shared/data` lies beside the checkout.
"""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"


def at_hand() -> Path | None:
    """Return the folder of the data sets, or None."""
    named = os.environ.get("TRIVIUM_DATA")
    folder = Path(named) if named else BESIDE
    return folder if (folder / "pandalm").is_dir() else None


FILES = {
    "oasst": "oasst-trees/en_100_tree.jsonl",
    "oasst-demonstrations": "oasst-trees/en_100_tree.jsonl",
    "pandalm": "pandalm/testset_part_a.json",
    "tulu-human-eval": "tulu-human-eval/annotations.jsonl",
    "crows-pairs": "crows-pairs/crows_pairs_anonymized.csv",
    "hh-rlhf": "hh-rlhf-harmless/harmless_base_test_part_a.jsonl.gz",
    "sharegpt": "dpo-demo/dpo_en_demo.json",
}
NUM_RECORDS = {
    "oasst": (212, 1),
    "oasst-demonstrations": (140, 5),
    "pandalm": (2178, 41),
    "tulu-human-eval": (858, 24),
    "crows-pairs": (7540, 0),
    "hh-rlhf": (1708, 8),
    "sharegpt": (300, 0),
}
"""Records and rejects of the whole data sets."""


def data_file(name: str, folder: Path) -> Path:
    """Return the data set's file, or an invented one in the folder."""
    found = at_hand()
    if found is not None and (found / FILES[name]).is_file():
        return found / FILES[name]
    file = folder / Path(FILES[name]).name
    rows = INVENTED[name]
    if file.suffix == ".csv":
        file.write_text("".join(rows))
    elif file.suffix == ".json":
        file.write_text(json.dumps(rows))
    else:
        data = "".join(json.dumps(row) + "\n" for row in rows).encode()
        file.write_bytes(gzip.compress(data) if file.suffix == ".gz" else data)
    return file


def _tree(number: int) -> dict[str, Any]:
    replies = [
        {"message_id": f"{number}{name}", "parent_id": f"{number}", "text": f"{name} {number}", "role": "assistant",
         "lang": "en", "rank": rank, "replies": []}
        for rank, name in enumerate("ab")
    ]  # fmt: skip
    root = {"message_id": f"{number}", "text": f"Why {number}?", "role": "prompter", "lang": "en", "replies": replies}
    return {"message_tree_id": f"{number}", "tree_state": "ready_for_export", "prompt": root}


LABELS = ((1, 1, 2), (2, 2, 2), (0, 1, 0), (1, 1, 1))
SAID = ("a-is-better", "b-is-slightly-better", "tie", "a-is-slightly-better")
INVENTED: dict[str, list[Any]] = {
    "oasst": [_tree(number) for number in range(4)],
    "oasst-demonstrations": [_tree(number) for number in range(4)],
    "pandalm": [
        {"idx": number, "instruction": f"Say {number}.", "input": "", "response1": "x", "response2": "y",
         **{f"annotator{person}": label for person, label in enumerate(labels, start=1)}}
        for number, labels in enumerate(LABELS)
    ],
    "tulu-human-eval": [
        {"prompt": f"Say {number // 2}.", "completion_a": "xy"[swap], "completion_b": "yx"[swap], "evaluator": f"e{swap}",
         "preference": SAID[(number + swap) % 4], "completion_a_is_acceptable": "yes",
         "completion_b_is_acceptable": "no"}
        for number in range(8) for swap in (0, 1)
    ],
    "crows-pairs": [
        ",sent_more,sent_less,stereo_antistereo,bias_type,annotations,anon_writer,anon_annotators\n",
        "0,\"A, they say.\",\"B, they say.\",stereo,age,\"[['age'], []]\",a0,\"['a1', 'a2']\"\n",
    ],
    "hh-rlhf": [
        {"chosen": f"\n\nHuman: Hi {n}\n\nAssistant: Hello", "rejected": f"\n\nHuman: Hi {n}\n\nAssistant: Go"}
        for n in range(4)
    ],
    "sharegpt": [
        {"conversations": [{"from": "human", "value": f"Hi {n}"}], "chosen": {"from": "gpt", "value": "Hello"},
         "rejected": {"from": "gpt", "value": "Go"}}
        for n in range(4)
    ],
}  # fmt: skip
