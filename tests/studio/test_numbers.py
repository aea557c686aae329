"""Numbers that nobody can have meant, in addresses, forms and bodies, are a plain no and never break a page."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from studio.test_api_roles import token
from studio.visitors import Visitor
from trivium.human.store.database import Database

Visit = Callable[[str | None], Visitor]
NUMBERS = ("9" * 30, "1" * 5_000, "²", "٣", "-1", "1e9", "0x10", "nan", "")
ADDRESSES = (
    "/p/everyday-help/pool?page={}", "/p/everyday-help/log?before={}", "/p/everyday-help/guideline?version={}",
    "/p/everyday-help/members?page={}", "/p/everyday-help/quality?page={}", "/p/plain-words/requirement?version={}",
    "/p/everyday-help/batches/{}", "/p/everyday-help/batches/{}/generation", "/p/everyday-help/batches/1?after={}",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_with_a_strange_number_shows_a_page_or_says_that_there_is_none(visit: Visit, address: str) -> None:
    lark = visit("lark-01")
    for number in NUMBERS:
        assert lark.get(address.format(number)).status_code in (200, 404), number[:40]


def test_the_progress_of_replies_that_no_model_makes_is_no_page(visit: Visit) -> None:
    assert visit("lark-01").get("/p/everyday-help/batches/1/generation").status_code == 404


def test_a_requirement_with_a_strange_target_says_which_line(visit: Visit) -> None:
    lark = visit("lark-01")
    for number in ("²", "9" * 30, "0"):
        answer = lark.post("/p/plain-words/requirement", {"body": f"task_type=extraction {number}"})
        assert answer.status_code == 422
        assert "line 1" in answer.text


def test_an_order_with_strange_numbers_is_refused_and_nothing_is_kept(visit: Visit) -> None:
    heron = visit("heron-12")
    page = str(heron.get("/p/everyday-help/rank").url.path)
    for number in ("nan", "inf", "1e400", "x"):
        assert heron.post(page, {"rank-A": number}, page=page).status_code == 422, number
    assert heron.post(page, {"active_seconds": "9" * 40}, page=page).status_code == 422


@pytest.mark.parametrize("seconds", ["NaN", "Infinity", "-1e999", "1e308"])
def test_a_draft_with_strange_seconds_is_kept_as_if_none_had_passed_or_the_most(visit: Visit, seconds: str) -> None:
    heron = visit("heron-12")
    page = str(heron.get("/p/everyday-help/rank").url.path)
    headers = {"x-csrf-token": heron.token(page), "content-type": "application/json", "accept": "application/json"}
    sent = heron.client.post(f"{page}/draft", content=f'{{"content": {{}}, "rev": 0, "seconds": {seconds}}}', headers=headers)
    assert sent.json() == {"rev": 1}


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("GET", "/projects/everyday-help/events?before=" + "9" * 30, None),
        ("POST", f"/projects/everyday-help/batches/{'9' * 30}/start", None),
        ("POST", "/projects/everyday-help/batches", '{"generation": {"model": "m", "temperatures": [NaN]}}'),
        ("POST", "/projects/door-watch/guard-decisions",
         '[{"messages": [{"role": "user", "content": "x"}], "reply": "", "guard": "g", "blocked": true, "category": "c", "score": NaN}]'),
        ("POST", "/projects/everyday-help/prompts", '[{"messages": [{"role": "assistant", "content": "x"}], "source": "s"}]'),
        ("POST", "/projects/everyday-help/prompts",
         json.dumps([{"messages": [{"role": "user", "content": f"{n}"}], "source": "s"} for n in range(5_001)])),
    ],
)  # fmt: skip
def test_a_program_that_sends_what_cannot_be_is_told_so(
    client: TestClient, house: Database, method: str, address: str, body: str | None
) -> None:
    client.headers.update({**token(house, "lark-01"), "content-type": "application/json"})
    answer = client.request(method, "/api/v1" + address, content=body)
    assert answer.status_code in (413, 422), answer.text[:300]


def test_a_temperature_that_is_no_number_is_refused_before_a_model_is_asked(visit: Visit) -> None:
    lark = visit("lark-01")
    prompts = [{"instruction": f"Name {n} blue things", "input": "", "output": "y"} for n in range(3)]
    sent = {"csrf": lark.token("/p/everyday-help/pool"), "format": "alpaca", "origin": "dataset", "source": "s"}
    lines = "\n".join(map(json.dumps, prompts)).encode()
    lark.client.post("/p/everyday-help/pool/import", data=sent, files={"file": ("a.jsonl", lines)})
    for temperature in ("nan", "inf", "-1"):
        answer = lark.post("/p/everyday-help/batches", {"size": "2", "model": "m", "temperature": temperature})
        assert answer.status_code == 422, temperature
        assert "wanted a temperature from 0" in answer.text
