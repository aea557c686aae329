"""Turns a request into where its page stands: the transaction, who visits, their form, and how the answer is made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from trivium.human.desk import projects
from trivium.human.desk.actor import Ability, Actor, Standing
from trivium.human.desk.errors import Invalid, NotAllowed
from trivium.human.desk.people import Signed, Visit
from trivium.studio import csrf, locales
from trivium.studio.answer import Unrendered
from trivium.studio.navigation import entries
from trivium.studio.numbers import whole
from trivium.studio.settings import StudioSettings
from trivium.studio.words import Words, words_of

SAID_COOKIE = "studio_said"


class Given(Mapping[str, Any]):
    """What was sent in, or what a page starts with; a name that is not there is None, so templates need no guard."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        """Keep the values."""
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        """Return the value or None."""
        return self._values.get(name)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names that are there."""
        return iter(self._values)

    def __len__(self) -> int:
        """Count the names that are there."""
        return len(self._values)


ROWS_A_LEAF = 50


class Leaf(NamedTuple):
    """The rows of a long list that one page shows, and where the rows before and after them are."""

    rows: Sequence[Any]
    num_rows: int
    before: str
    after: str


@dataclass
class Here:
    """One request inside one transaction."""

    request: Request
    db: Session
    settings: StudioSettings
    visit: Visit | None
    form: FormData = field(default_factory=FormData)
    body: dict[str, Any] = field(default_factory=dict)
    """What a script of ours sent as JSON."""
    standing: Standing | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    """Why what was sent is not taken; the page is shown again with it."""
    _mine: list[Standing] | None = None

    @property
    def actor(self) -> Actor:
        """Who acts; pages that anybody may open never ask."""
        if self.visit is None:
            raise NotAllowed("sign in first")
        return self.visit.actor

    @property
    def wants_json(self) -> bool:
        """Whether a script asked, which goes on by itself."""
        return "application/json" in self.request.headers.get("accept", "")

    @property
    def desk(self) -> str:
        """Return what the page that sends says to stand at (`working.desk_of`); empty where it goes on by itself."""
        return self.request.headers.get("x-desk", "")

    @property
    def locale(self) -> str:
        """The visitor's language, or the browser's."""
        if self.visit is not None and self.visit.locale in locales.names():
            return self.visit.locale
        return locales.choose(self.request.headers.get("accept-language", ""))

    @property
    def words(self) -> Words:
        """The words of the visitor's language."""
        return words_of(self.locale)

    def say(self, sentence: str, **values: object) -> str:
        """Return a sentence in the visitor's language."""
        return self.words.say(sentence, **values)

    def mine(self) -> list[Standing]:
        """Return the visitor's projects, asked for once."""
        if self._mine is None:
            self._mine = projects.mine(self.db, self.actor) if self.visit else []
        return self._mine

    def project(self, slug: str, ability: Ability = "see") -> Standing:
        """Return the visitor's standing in a project where they have that ability, and stand there from now on."""
        standing = projects.by_slug(self.db, self.actor, slug)
        if not standing.can(ability):
            raise NotAllowed(f"a {standing.role} of the {standing.party} party may not do that here")
        self.standing = standing
        return standing

    def field(self, name: str, default: str = "") -> str:
        """Return a text field of the form, without the spaces around it."""
        value = self.form.get(name)
        return value.strip() if isinstance(value, str) else default

    def number(self, name: str, default: int = 0) -> int:
        """Return a whole number of the form."""
        text = self.field(name)
        if not text:
            return default
        number = whole(text.removeprefix("-"))
        if number is None:
            raise Invalid({name: f"wanted a whole number, found {text[:40]!r}"})
        return -number if text.startswith("-") else number

    def many(self, name: str) -> list[str]:
        """Return every value of a field that may come more than once."""
        return [value for value in self.form.getlist(name) if isinstance(value, str)]

    def leaf(self, rows: Sequence[Any]) -> Leaf:
        """Return the part of a list that `?page=` asks for; links keep what else the address says."""
        asked = dict(self.request.query_params)
        page = whole(asked.pop("page", None)) or 0

        def at(number: int) -> str:
            return "?" + urlencode({**asked, "page": number})

        start, end = page * ROWS_A_LEAF, (page + 1) * ROWS_A_LEAF
        before, after = at(page - 1) if page else "", at(page + 1) if end < len(rows) else ""
        return Leaf(rows[start:end], len(rows), before, after)

    def upload(self, name: str) -> UploadFile | None:
        """Return a file of the form, or None where none was chosen."""
        value = self.form.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None

    def given(self, **start: Any) -> Given:
        """Return what was sent in where the page is shown again, else what it starts with."""
        if not self.form:
            return Given(start)
        sent: dict[str, Any] = {}
        for name in self.form:
            values = self.many(name)
            sent[name] = values if len(values) > 1 or name == "reason" else (values[0] if values else None)
        return Given(sent)

    def page(self, template: str, status: int = 200, **facts: Any) -> Response:
        """Return a page in its frame."""
        status = 422 if status == 200 and (self.errors or self.refused) else status
        answer = Unrendered(template, {**self._common(), **self._frame(), **facts}, status)
        if SAID_COOKIE in self.request.cookies:
            answer.delete_cookie(SAID_COOKIE)
        self._remember_visit(answer)
        return answer

    def parts(self, template: str, address: str, said: str, **facts: Any) -> Response:
        """Return the parts of a page that stands open already and only goes on; the whole of it is at the address."""
        facts["flashes"] = [{"is": "ok", "text": said}]
        answer = Unrendered(template, {**self._common(), **facts}, 200)
        answer.headers["Content-Location"] = address
        return answer

    def to(self, address: str, said: str = "", is_: str = "ok") -> Response:
        """Send on to another page, which says what was done."""
        answer: Response
        answer = JSONResponse({"next": address}) if self.wants_json else RedirectResponse(address, 303)
        if said:
            self._cookie(answer, SAID_COOKIE, quote(json.dumps({"is": is_, "text": said})), 60)
        return answer

    def begin(self, signed: Signed, address: str, said: str = "") -> Response:
        """Send on with the cookie of a session that has just begun."""
        answer = self.to(address, said)
        self._cookie(answer, csrf.SESSION_COOKIE, signed.secret, 14 * 24 * 3600)
        answer.delete_cookie(csrf.VISIT_COOKIE)
        return answer

    def _cookie(self, answer: Response, name: str, value: str, seconds: int) -> None:
        secure = self.settings.secure or self.request.url.scheme == "https"
        answer.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure, path="/")

    def _remember_visit(self, answer: Response) -> None:
        fresh = self.request.scope.get("studio_visit")
        if fresh is not None:
            self._cookie(answer, csrf.VISIT_COOKIE, fresh, 24 * 3600)

    def _common(self) -> dict[str, Any]:
        """Return what a page and a part of one need alike."""
        standing = self.standing
        return {
            "locale": self.locale,
            "csrf": csrf.token_of(csrf.secret_of(self.request)),
            "project": standing.project if standing else None,
            "base": f"/p/{standing.project.slug}" if standing else "",
            "here": self.request.url.path,
            "errors": self.errors,
            "refused": self.refused,
            "can_manage": standing is not None and standing.can("manage"),
        }

    def _frame(self) -> dict[str, Any]:
        """Return what stands around a page."""
        return {
            "direction": locales.direction(self.locale),
            "theme": self.request.cookies.get("studio_theme") if self._theme_known() else None,
            "single_keys": "on" if self.visit is None or self.visit.single_keys else "off",
            "person": self.visit.actor if self.visit else None,
            "is_demo": self.settings.demo,
            "nav": entries(self.request.url.path, self.standing, self.mine()) if self.visit else [],
            "flashes": self._flashes(),
        }

    def _theme_known(self) -> bool:
        return self.request.cookies.get("studio_theme") in ("light", "dark")

    def _flashes(self) -> list[dict[str, str]]:
        from urllib.parse import unquote

        kept = self.request.cookies.get(SAID_COOKIE)
        try:
            said = json.loads(unquote(kept)) if kept else None
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict) or said.get("is") not in ("ok", "warn", "bad"):
            return []
        return [{"is": str(said["is"]), "text": str(said.get("text", ""))[:500]}]
