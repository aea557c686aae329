from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from studio.visitors import Visitor
from trivium.studio.guard import CONTENT_POLICY

Visit = Callable[[str | None], Visitor]


def test_every_answer_carries_the_strict_policy(client: TestClient) -> None:
    for path in ("/sign-in", "/static/tokens.css", "/nowhere", "/api/v1/me"):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == CONTENT_POLICY, path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    assert "unsafe" not in CONTENT_POLICY
    assert CONTENT_POLICY.startswith("default-src 'self'")


def test_pages_are_not_kept_by_caches_and_assets_are(client: TestClient) -> None:
    assert client.get("/sign-in").headers["cache-control"] == "no-store"
    assert "immutable" in client.get("/static/tokens.css?v=1").headers["cache-control"]


def test_a_name_that_is_not_ours_is_refused(client: TestClient) -> None:
    assert client.get("/sign-in", headers={"host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(
    "host",
    ["localhost:80@evil.example", "localhost:evil", "localhost:", "localhost:80/x", "localhost:80#x", "localhost, evil.example",
     "[::1]evil:80", "localhost\t", ""],
)  # fmt: skip
def test_a_host_that_would_lead_elsewhere_in_a_link_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/sign-in", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost", "LocalHost:8800", "127.0.0.1:1", "[::1]", "[::1]:8800"])
def test_our_own_names_are_answered_with_and_without_a_port(client: TestClient, host: str) -> None:
    assert client.get("/sign-in", headers={"host": host}).status_code == 200


def test_an_invitation_s_link_leads_to_the_studio_whatever_the_request_says_of_hosts(visit: Visit) -> None:
    lark = visit("lark-01")
    lark.client.headers.update({"x-forwarded-host": "evil.example", "forwarded": "host=evil.example", "x-host": "evil.example"})
    page = "/p/plain-words/members"
    answer = lark.post(page, {"party": "partner", "role": "writer"}, page=page)
    assert "http://localhost/join/" in answer.text
    assert "evil.example" not in answer.text


def test_a_body_over_the_limit_is_refused_by_its_length_and_while_it_is_read(visit: Visit) -> None:
    lark = visit("lark-01")
    assert lark.client.post("/profile", content=b"x" * 300_000).status_code == 413

    def parts():  # without a length: only reading can tell
        for _ in range(40):
            yield b"x" * 10_000

    answer = lark.client.post(
        "/profile", content=parts(), headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 413


def test_no_template_has_a_style_attribute_an_inline_script_or_a_handler() -> None:
    import re
    from importlib import resources

    for file in (resources.files("trivium.studio") / "templates").iterdir():
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=", text), file.name
        assert not re.search(r"<script(?![^>]*\ssrc=)", text), file.name
        assert not re.search(r"\son(?:click|load|error|change|submit)=", text), file.name
        assert not re.search(r"""(?:src|href)=["']https?:""", text), file.name
