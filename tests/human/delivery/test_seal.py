"""Shows that sealing gives the same bytes each time, that the bytes check and read back, and what refuses a seal."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from human.delivery.milestones import demonstration, milestone, orders
from trivium.core.errors import ArtifactError, RefusedError
from trivium.human.delivery.checks import checks
from trivium.human.delivery.read import files_in, read, verify
from trivium.human.delivery.seal import CHECKSUMS, DATASHEET, Sealed, archive, seal, write
from trivium.human.formats import load, read_comparisons, read_demonstrations


def sealed(**fields: object) -> Sealed:
    """Seal the invented milestone."""
    one = milestone(**fields)
    return seal(one, checks(one))


def test_sealing_twice_gives_the_same_bytes_whatever_the_order_of_the_items() -> None:
    first = milestone()
    turned = first.model_copy(
        update={
            "demonstrations": dict(reversed(first.demonstrations.items())),
            "comparisons": {item: tuple(reversed(rows)) for item, rows in reversed(first.comparisons.items())},
        }
    )
    again = seal(turned, checks(turned))
    assert again.files == sealed().files
    assert archive(again.files, "m3") == archive(sealed().files, "m3")


def test_one_changed_word_changes_the_whole_and_its_own_item_only() -> None:
    first = sealed()
    other = sealed(demonstrations={f"d{n}": demonstration(n, **({"reply": "No."} if n == 1 else {})) for n in range(3)})
    assert other.whole != first.whole
    changed = {item for item in first.manifest.items if first.manifest.items[item] != other.manifest.items[item]}
    assert changed == {"d1"}


def test_the_files_check_with_sha256sum_and_read_back_to_the_same_records(tmp_path: Path) -> None:
    one, made = milestone(), sealed()
    write(made, tmp_path / "m3")
    subprocess.run(["sha256sum", "--quiet", "-c", CHECKSUMS], cwd=tmp_path / "m3", check=True)
    again = read(files_in(tmp_path / "m3"))
    assert again.whole == made.whole == hashlib.sha256(made.files[CHECKSUMS]).hexdigest()
    assert again.demonstrations == tuple(one.demonstrations.values())
    assert again.comparisons == (*one.comparisons["c1"], *one.comparisons["c2"])
    assert again.judgements == one.judgements["j1"]
    assert again.manifest == made.manifest
    assert again.consensus == one.consensus()
    assert again.consensus["c1"].aggregate.mean_ranks == pytest.approx((1, 7 / 3, 8 / 3))
    assert (again.aggregates[0].winner, again.aggregates[0].loser) == (0, 2)
    assert again.aggregates[1].contested == "2 replies are tied for first place"


def test_the_roads_readers_and_parquet_give_the_sealed_records(tmp_path: Path) -> None:
    one = milestone()
    write(sealed(), tmp_path / "m3")
    assert list(read_demonstrations("trivium", tmp_path / "m3")) == list(one.demonstrations.values())
    assert list(read_comparisons("trivium", tmp_path / "m3")) == [
        row for rows in one.comparisons.values() for row in rows
    ]
    assert load("parquet", tmp_path / "m3" / "comparisons.parquet").records == [
        row for rows in one.comparisons.values() for row in rows
    ]


@pytest.mark.parametrize("fault", ["changed", "missing", "added", "sums"])
def test_a_changed_missing_or_added_file_is_named(fault: str) -> None:
    files = dict(sealed().files)
    if fault == "changed":
        files[DATASHEET] += b"!"
    elif fault == "missing":
        del files[DATASHEET]
    elif fault == "added":
        files["more.txt"] = b""
    else:
        files[CHECKSUMS] = b"nonsense"
    with pytest.raises(ArtifactError) as caught:
        verify(files)
    assert caught.value.where == {"added": "more.txt", "sums": CHECKSUMS}.get(fault, DATASHEET)


def test_a_stop_refuses_the_seal_with_its_reason() -> None:
    one = milestone(demonstrations={"d1": demonstration(1, reply="Write to ada.long@example.org.")})
    with pytest.raises(RefusedError, match="personal data: 1 passages in 1 items"):
        seal(one, checks(one))
    assert seal(one, checks(one, cleared={"d1"})).manifest.items.keys() == {"d1", "c1", "c2", "j1"}


def test_the_datasheet_tells_counts_agreement_checks_and_the_difference() -> None:
    before = sealed(comparisons={"c1": orders(1, (1, 2, 3), (1, 2, 3)), "c9": orders(9, (1, 2, 3))})
    one = milestone()
    page = seal(one, checks(one), before).files[DATASHEET].decode()
    for words in (
        "# Plain words, milestone m3",
        "| demonstrations | 3 | 3 |",
        "| comparisons | 2 | 5 |",
        "Prompts come from: writer 6",
        "Task type: open qa 3",
        "internal QA: 10% of each batch; 30 looked at, 3 returned.",
        "Guideline 2 (`guideline-2.md`",
        "3 rows made under it",
        # c1: of 3 pairs of people × 3 pairs of replies, 7 agree; c2: of 3 pairs of replies, 2.
        "Pairs agreed: 75.0 % (95 % interval",
        "1 prompts are contested",
        "coverage: **note**, 1 cells are under their target; furthest: extraction, 0 of 2",
        "gold: ok, none inside; 62 kept back",
        "- Added: 1",
        "- Reworked: 1 (`c1`)",
        "- Withdrawn: 1 (`c9`)",
        "studio:plain-words@m3",
        "Not for: medical advice",
    ):
        assert words in page, words
    assert seal(one, checks(one), before).manifest.previous == before.whole


def test_marks_are_one_row_a_person_reply_and_axis(tmp_path: Path) -> None:
    import gzip
    import json

    rows = [json.loads(line) for line in gzip.decompress(sealed().files["marks.jsonl.gz"]).splitlines()]
    # 5 orders × 3 replies × (order, helpful), and 3 flags on the third reply of c1.
    assert len(rows) == 5 * 3 * 2 + 3
    assert {"item": "c1", "person": "heron-02", "guideline": "4", "reply": 1, "axis": "order", "value": 3.0} in rows
    assert sum(row["axis"] == "flag:unsafe" for row in rows) == 3
