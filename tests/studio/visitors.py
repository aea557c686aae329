"""A test client that comes in as one of the demo's people, and sends forms as their pages would."""

from __future__ import annotations

import re
from typing import Any

import httpx
from starlette.testclient import TestClient

TOKEN = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


class Visitor:
    """One browser without scripts."""

    def __init__(self, client: TestClient, name: str | None = None) -> None:
        self.client = client
        self.name = name
        if name is not None:
            self.come_in(name)

    def come_in(self, name: str) -> None:
        """Come in by the demo's open door."""
        self.client.cookies.clear()
        answer = self.post(f"/demo/{name}", page="/sign-in")
        assert answer.status_code == 303, answer.text[:400]
        self.name = name

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.client.get(path, **more)

    def token(self, page: str) -> str:
        found = TOKEN.search(self.client.get(page).text)
        assert found is not None, f"{page} has no form"
        return found.group(1)

    def post(
        self, path: str, form: dict[str, Any] | None = None, page: str = "/profile", **more: Any
    ) -> httpx.Response:
        """Send a form with the token that `page` carries."""
        sent = {"csrf": self.token(page), **(form or {})}
        return self.client.post(path, data=sent, follow_redirects=False, **more)
