from __future__ import annotations

from collections.abc import Callable

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
