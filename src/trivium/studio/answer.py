"""A template and its facts to an answer that is rendered once the transaction is over: no lock waits for a template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.responses import HTMLResponse, Response

from trivium.studio.render import render


class Unrendered(HTMLResponse):
    """A page whose text is not made yet; status, headers and cookies can be set."""

    def __init__(self, template: str, facts: Mapping[str, Any], status: int) -> None:
        """Keep what the page is made of."""
        super().__init__(status_code=status)
        self.template, self.facts = template, facts

    def finish(self) -> None:
        """Make the text."""
        self.body = render(self.template, self.facts).encode()
        self.headers["content-length"] = str(len(self.body))


def rendered(answer: Response) -> Response:
    """Return the answer, with its text made. Called after the transaction: what a page shows was all asked before."""
    if isinstance(answer, Unrendered):
        answer.finish()
    return answer
