"""Shows that groups that see replies otherwise are found, and that nobody can be singled out."""

from __future__ import annotations

from human.quality.panel import submission
from trivium.human.quality.diversity import diversity
from trivium.human.submission import Submission

PEOPLE = [f"p{number:02d}" for number in range(12)]


def split_panel() -> list[Submission]:
    """Six people prefer the first reply, six the second, on twenty items."""
    return [submission(f"i{n}", who, (1, 2) if at < 6 else (2, 1)) for n in range(20) for at, who in enumerate(PEOPLE)]


def profiles(*sizes: tuple[str, int]) -> dict[str, dict[str, str]]:
    """Give the first people these first languages."""
    values = [value for value, size in sizes for _ in range(size)]
    return {person: {"language": value} for person, value in zip(PEOPLE, values, strict=False)}


def test_two_groups_that_see_it_otherwise_agree_within_and_not_between() -> None:
    found = diversity(split_panel(), profiles(("en", 6), ("de", 6)))
    assert [(one.value, one.num_people) for one in found.groups] == [("de", 6), ("en", 6)]
    for one in found.groups:
        assert (one.within.value, one.with_others.value, one.winner_flips.value) == (1.0, 0.0, 1.0)
        assert one.winner_flips.n == 20


def test_under_five_people_nothing_is_shown() -> None:
    found = diversity(split_panel(), profiles(("en", 4)))
    assert (found.num_people, found.groups) == (None, ())
    assert "fewer than 5 people" in str(found.undefined)


def test_a_small_group_is_hidden_and_so_is_what_would_tell_its_number() -> None:
    found = diversity(split_panel(), profiles(("en", 5), ("de", 5), ("fr", 2)))
    # If de and en were shown, 12 - 5 - 5 would tell that two speak another language.
    assert [one.value for one in found.groups] == ["en"]
    assert found.suppressed
    # The others of the only large group are three people: they cannot be shown against it either.
    assert diversity(split_panel(), profiles(("en", 9), ("fr", 3))).groups == ()


def test_people_who_did_no_work_do_not_count() -> None:
    idle = {f"idle{number}": {"language": "en"} for number in range(9)}
    assert diversity(split_panel(), idle).num_people is None
