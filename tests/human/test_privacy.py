"""Holds the finder of personal data to valid and broken examples of each kind, and to innocent look-alikes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.human.privacy import masked, passages


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("Write to ada.long+x@mail.example.org now.", "e-mail", "ada.long+x@mail.example.org"),
        ("Card 4111 1111 1111 1111, please", "card", "4111 1111 1111 1111"),
        ("IBAN: GB82 WEST 1234 5698 7654 32.", "iban", "GB82 WEST 1234 5698 7654 32"),
        ("de89370400440532013000 or DE89370400440532013000", "iban", "DE89370400440532013000"),
        ("My number is 219-09-9999", "national number", "219-09-9999"),
        ("from 8.8.8.8 today", "ip address", "8.8.8.8"),
        ("at 2001:4860:4860::8888 too", "ip address", "2001:4860:4860::8888"),
        ("Call +49 30 1234567 or so", "telephone", "+49 30 1234567"),
        ("Call 0044 20 7946 0958!", "telephone", "0044 20 7946 0958"),
        ("(030) 1234-5678", "telephone", "(030) 1234-5678"),
        ("555-123-4567", "telephone", "555-123-4567"),
        ("see https://www.linkedin.com/in/ada-long ok", "profile", "https://www.linkedin.com/in/ada-long"),
        ("Hello, my name is Ada Long and I", "name", "Ada Long"),
        ("Guten Tag, mein Name ist Änne Groß.", "name", "Änne Groß"),
    ],
)
def test_each_kind_is_found_where_it_stands(text: str, kind: str, found: str) -> None:
    assert [(one.kind, one.text) for one in passages(text)] == [(kind, found)]
    [one] = passages(text)
    assert text[one.start : one.end] == found


@pytest.mark.parametrize(
    "text",
    [
        "Card 4111 1111 1111 1112",  # the check digit is wrong
        "GB82 WEST 1234 5698 7654 33",
        "000-12-3456",
        "192.168.0.1 and 127.0.0.1 and 999.1.1.1",
        "version 1.2.3.4.5",
        "on 2026-11-25 at 12:30:45, or 25.11.2026",
        "3.14159265358979 and 1,234,567 and 10-20",
        "pages 100-2000 of 123456",
        "an @ sign, and user@host",
        "2 + 2 = 4, 100 200 300",
        "0 1 1 2 3 5 8 13 21 34 55 89",
    ],
)
def test_what_only_looks_like_it_is_let_pass(text: str) -> None:
    assert passages(text) == []


def test_masking_names_the_kind_and_leaves_the_rest() -> None:
    text = "I am at ada@example.org or +49 30 1234567; my name is Ada."
    assert masked(text) == "I am at [e-mail] or [telephone]; my name is [name]."
    assert passages(masked(text)) == []
    assert masked(text, passages(text)[:1]) == "I am at [e-mail] or +49 30 1234567; my name is Ada."


@given(st.text(max_size=80))
def test_any_text_can_be_looked_through_and_passages_do_not_overlap(text: str) -> None:
    found = passages(text)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
    assert all(text[one.start : one.end] == one.text for one in found)
