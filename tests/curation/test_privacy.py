"""Personal data: what is planted is found and replaced by its kind, what only looks like it stays."""

import random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.curation.privacy import PrivacySettings, privacy
from trivium.text import identifiers
from trivium.text.privacy import KINDS, PrivateKind


def scrubbed(texts: list[str], *kinds: PrivateKind) -> tuple[list[str], list[dict[str, int]]]:
    new, counts = privacy(pa.array(texts, pa.large_string()), PrivacySettings(kinds=kinds or KINDS))
    return new.to_pylist(), counts.to_pylist()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("write to john.doe+x@mail.example.co.uk, please", "write to [EMAIL], please"),
        ("<a@b.io> and jörg@müller.de.", "<[EMAIL]> and [EMAIL]."),
        ("+44 20 7946 0958", "[PHONE]"),
        ("call (555) 555-0134 or 212.555.0199 now", "call [PHONE] or [PHONE] now"),
        ("Tel: 030 901820, fax (030) 9018-2899.", "Tel: [PHONE], fax [PHONE]."),
        ("+49 (0)30 901820 / 0049 30 901820", "[PHONE] / [PHONE]"),
        ("phone 5550123456!", "phone [PHONE]!"),
        ("from 203.0.113.7 to 2001:db8::ff00:42:8329.", "from [IP] to [IP]."),
        ("card 4111 1111 1111 1111 12/27", "card [CARD] 12/27"),
        ("pay to DE89 3704 0044 0532 0130 00 today", "pay to [IBAN] today"),
        ("BE68 5390 0754 7034 with words", "[IBAN] with words"),
        ("SSN 219-09-9999, NINO AB 12 34 56 C", "SSN [NATIONAL_ID], NINO [NATIONAL_ID]"),
        ("DNI 12345678Z; CF RSSMRA85T10A562S", "DNI [NATIONAL_ID]; CF [NATIONAL_ID]"),
    ],
)
def test_personal_data_becomes_its_placeholder(text: str, wanted: str) -> None:
    assert scrubbed(["before", text, "behind"])[0] == ["before", wanted, "behind"]


@pytest.mark.parametrize(
    "text",
    [
        "In 1999-2000 there were 12,345,678 people on 20.12.2020 at 03:04:05.",
        "ISBN 978-0-306-40615-7 and 0-306-40615-2, doi 10.1000/182, version 1.2.3.4.5",
        "pi is 3.14159265358979, order 1234567812345670, 100 000 000 stars",
        "std::vector, a::b, 12:30:45, 00:11:22:33:44:55, user@localhost, @home, not@ this",
        "IBAN GB28NWBK60161331926819 is wrong, and so is 111.222.333-44",
        "",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert scrubbed([text]) == ([text], [dict.fromkeys(KINDS, 0)])


def made(kind: PrivateKind, rng: random.Random) -> str:
    """Make up one valid piece of personal data."""

    def digits(count: int) -> str:
        return "".join(rng.choice("0123456789") for _ in range(count))

    if kind == "email":
        name = rng.choice(["ann", "bo.lee", "c_d-e", "x+tag", "o'neil", "j123"])
        return f"{name}{digits(2)}@{rng.choice(['example.com', 'mail.example.org', 'a-b.co.uk', 'example.museum'])}"
    if kind == "phone":
        shape = rng.choice(
            [
                "+1 212 555 0{}",
                "+44 20 7946 0{}",
                "(415) 555-0{}",
                "415-555-0{}",
                "+4930123{}",
                "030 1234 {}",
                "001 212 555 0{}",
            ]
        )
        return shape.format(digits(3))
    if kind == "ip":
        return ".".join(str(rng.randint(1, 254)) for _ in range(4))
    if kind == "card":
        body = rng.choice(["4", "51", "6011"]) + digits(15)
        number = next(body[:15] + last for last in "0123456789" if identifiers.luhn(body[:15] + last))
        separator = rng.choice(["", " ", "-"])
        return separator.join(number[start : start + 4] for start in range(0, 16, 4))
    if kind == "iban":
        body = digits(18)
        check = 98 - int(body + "131400") % 97
        whole = f"DE{check:02d}{body}"
        return rng.choice([whole, " ".join(whole[start : start + 4] for start in range(0, 22, 4))])
    number = digits(8)
    return rng.choice(
        [
            f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[int(number) % 23]}",
            f"{rng.randint(100, 665)}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}",
        ]
    )


@pytest.mark.parametrize("kind", KINDS)
def test_of_what_is_planted_at_least_98_of_100_are_found(kind: PrivateKind) -> None:
    rng = random.Random(11)
    planted = [made(kind, rng) for _ in range(300)]
    texts = [
        f"On page {index} somebody wrote {each}{rng.choice(['.', ',', ' and', ''])} in the year 1984."
        for index, each in enumerate(planted)
    ]
    new, _counts = scrubbed(texts)
    found = sum(each not in text and "[" in text for each, text in zip(planted, new, strict=True))
    assert found >= 0.98 * len(planted), [each for each, text in zip(planted, new, strict=True) if each in text]


@given(texts=st.lists(st.text(alphabet="a1 2.@-+é:4", max_size=60), max_size=8))
def test_neighbours_do_not_matter_and_what_is_left_is_untouched(texts: list[str]) -> None:
    new, counts = scrubbed(texts)
    assert new == [scrubbed([text])[0][0] for text in texts]
    for text, after, row in zip(texts, new, counts, strict=True):
        assert (text == after) == (sum(row.values()) == 0)


def test_kinds_can_be_chosen_and_are_counted_by_document() -> None:
    text = "a@example.com and b@example.com from 203.0.113.7"
    assert scrubbed([text, "nothing"], "email") == (
        ["[EMAIL] and [EMAIL] from 203.0.113.7", "nothing"],
        [{"email": 2}, {"email": 0}],
    )
    assert scrubbed([text], "ip")[1] == [{"ip": 1}]


def test_of_two_kinds_that_overlap_the_better_checked_wins() -> None:
    assert scrubbed(["4111111111111111@example.com", "GB29 NWBK 6016 1331 9268 19"])[0] == ["[EMAIL]", "[IBAN]"]
