"""Texts that attack, in every field that a person or a program can fill: wherever they come out they are text.

Every page that each person can reach is read as a browser reads it: no script, no handler, no picture, no address but our
own and plain links, whatever was written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from studio.test_api_roles import token
from studio.visitors import Visitor
from trivium.human.desk import generation
from trivium.human.store.database import Database
from trivium.human.store.work import Batch

Visit = Callable[[str | None], Visitor]
MARK = "pwned"
ATTACK = (
    '"><img src=x onerror=pwned()><svg/onload=pwned()><script>pwned()</script></textarea></title></style><!-- '
    "' onfocus=pwned() autofocus x=' [a](javascript:pwned()) [b](JaVaScRiPt:pwned()) [c](data:text/html,<script>pwned()</script>) "
    "![d](https://evil.example/pwned.png) <javascript:pwned()> [e]: javascript:pwned() &lt;script&gt;pwned()&lt;/script&gt; "
    "{{ 7 * 7 }} ${7*7} \u202epwned\u202c <a href=//evil.example hx-get=/pwned hx-on:load=pwned() style=x:expression(pwned())>"
)
SHORT = '"><img/src=x/onerror=pwned()>'
"""Without spaces, for lists that are split at them."""
PEOPLE = ("lark-01", "tern-04", "owl-31", "stork-09", "heron-12", "gull-20")


class Page(HTMLParser):
    """What a browser would make of a page, as far as it could do harm."""

    OWN = re.compile(r"^(?:/|\?|#|$)|^https?://localhost/")
    OUT = re.compile(r"^(?:https?://|mailto:)")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("img", "iframe", "object", "embed", "base", "style", "audio", "video") or (
            tag == "script" and not given.get("src", "").startswith("/static/")
        ):
            self.faults.append(f"<{tag}>")
        for name, value in given.items():
            if name.startswith(("on", "hx-on")) or name in ("style", "srcdoc"):
                self.faults.append(f"{tag} {name}={value[:40]}")
            leads = name in ("href", "src", "action", "formaction", "hx-get", "hx-post")
            out = tag == "a" and name == "href" and self.OUT.match(value) and "noopener" in given.get("rel", "")
            if leads and not out and not self.OWN.match(value):
                self.faults.append(f"{tag} {name}={value[:60]}")
        if tag == "a" and given.get("href", "").startswith("/"):
            self.links.append(given["href"].partition("#")[0])


def plant(visit: Visit, client: TestClient, house: Database) -> None:
    """Fill whatever can be filled with the attack."""
    lark = visit("lark-01")
    settings = {"title": f"T {ATTACK}", "purpose": ATTACK, "overlap": "5", "lease_minutes": "30", "internal_share": "0.5",
                "client_share": "0.5", "method": "mean_rank", "status": "active"}  # fmt: skip
    for slug in ("plain-words", "everyday-help", "door-watch"):
        assert lark.post(f"/p/{slug}/settings", settings).status_code == 303
        after = re.search(r'name="after" value="(\d+)"', lark.get(f"/p/{slug}/guideline/edit").text)
        assert after is not None
        sent = {"markdown": f"# {ATTACK}\n\n{ATTACK}\n\n1. {ATTACK}\n\n| a |\n|--|\n| {ATTACK} |\n\n```{ATTACK}\n{ATTACK}\n```\n",
                "changelog": ATTACK, "rubric": "order" if slug == "everyday-help" else "", "after": after[1], "do": "publish"}  # fmt: skip
        assert lark.post(f"/p/{slug}/guideline", sent).status_code == 303
        item = re.search(rf"/p/{slug}/items/\w+", lark.get(f"/p/{slug}/batches/1").text)
        assert item is not None
        assert lark.post(f"{item[0]}/comments", {"body": ATTACK}).status_code == 303
        hook = lark.post(f"/p/{slug}/webhooks", {"url": f"https://example.org/{SHORT}?{ATTACK}"})
        assert hook.status_code in (200, 303, 422)
    requirement = f"task_type=extraction domain={SHORT} language={SHORT} 3\nalso domain={SHORT} 3\n"
    assert lark.post("/p/plain-words/requirement", {"body": requirement, "do": "freeze"}).status_code == 303
    upload(lark)
    programs(client, house)
    model_that_fails(house)
    profile = {
        "languages": f"en {ATTACK[:14]}, {ATTACK[:14]} x",
        "expertise": ATTACK,
        "age": ATTACK,
        "region": ATTACK,
        "consent": "1",
    }
    for name in PEOPLE:
        one = visit(name)
        assert one.post("/profile", profile).status_code == 303
        assert one.post("/profile/tokens", {"label": ATTACK, "scopes": "read"}).status_code == 200
    work(visit)


def upload(lark: Visitor) -> None:
    """Bring in prompts and replies, under a name and a source that attack too."""
    row = {"prompt": [{"role": "user", "content": ATTACK}], "chosen": [{"role": "assistant", "content": ATTACK}],
           "rejected": [{"role": "assistant", "content": f"{ATTACK} no"}]}  # fmt: skip
    lines = "\n".join([json.dumps(row), ATTACK, json.dumps({ATTACK: ATTACK})]).encode()
    for slug in ("plain-words", "everyday-help"):
        page = f"/p/{slug}/pool"
        sent = {"csrf": lark.token(page), "format": "trl-preference", "origin": "dataset", "source": ATTACK, "licence": ATTACK,
                "language": SHORT, "as": "batch"}  # fmt: skip
        known = re.search(r'value="(trl[^"]*pref[^"]*)"', lark.get(page).text)
        sent["format"] = known[1] if known else ""
        answer = lark.client.post(f"{page}/import", data=sent, files={"file": (f"{ATTACK}.jsonl", lines)})
        assert answer.status_code == 200, answer.text[:500]
        assert Page(answer.text).faults == []


def programs(client: TestClient, house: Database) -> None:
    """Queue decisions of a guard whose words attack."""
    rows = [{"messages": [{"role": "user", "content": f"{n} {ATTACK}"}], "reply": ATTACK, "guard": ATTACK, "blocked": bool(n % 2),
             "category": ATTACK, "consent": "terms", "source": ATTACK} for n in range(2)]  # fmt: skip
    answer = client.post("/api/v1/projects/door-watch/guard-decisions", json=rows, headers=token(house, "lark-01"))
    assert answer.status_code == 201, answer.text


def model_that_fails(house: Database) -> None:
    """Let a batch wait for a model whose name attacks and which cannot reply."""
    with house.write() as db:
        batch = db.scalars(select(Batch).order_by(Batch.created_at.desc()).limit(1)).one()
        batch.generation = {"model_ref": ATTACK, "num_replies": 2, "temperatures": [1.0], "top_k": 0, "top_p": 1.0, "seed": 0,
                            "max_new_tokens": 8}  # fmt: skip
        generation.fail(db, batch.id, f"nothing is called {ATTACK}", ATTACK)


def work(visit: Visit) -> None:
    """Write, rank, review and skip with notes that attack; leave drafts that do."""
    for name, place in (("heron-12", "everyday-help/rank"), ("tern-04", "plain-words/write"), ("owl-31", "plain-words/review"),
                        ("gull-20", "door-watch/judge"), ("finch-07", "everyday-help/rank")):  # fmt: skip
        one = visit(name)
        page = one.get(f"/p/{place}")
        if "/guideline" in page.url.path:
            read = re.search(r'action="([^"]+/read)"', page.text)
            assert read is not None
            one.post(
                read[1], {"read": "1", "next": f"/p/{place}"}, page=page.url.path + "?" + str(page.url.query, "ascii")
            )
            page = one.get(f"/p/{place}")
        assert Page(page.text).faults == [], place
        hold = page.url.path
        draft = {"content": {"note": ATTACK, "prompt": ATTACK, "reply": ATTACK, "domain": ATTACK, "language": ATTACK}, "rev": 0,
                 "seconds": 1}  # fmt: skip
        one.client.post(f"{hold}/draft", json=draft, headers={"x-csrf-token": one.token("/profile")})
        assert Page(one.get(hold).text).faults == [], hold
        if name == "finch-07":
            one.post(f"{hold}/skip", {"reason": "other", "words": ATTACK}, page=hold)
            continue
        form: dict[str, str] = {}
        for field, value in re.findall(r'type="radio" name="([^"]+)" value="([^"]+)"', page.text):
            form.setdefault(field, value)
        form |= {"note": ATTACK, "prompt": f"{name} {ATTACK}", "reply": ATTACK, "task_type": "extraction", "domain": ATTACK,
                 "language": ATTACK, "verdict": "reject" if "review" in place else "confirmed", "reason": "not_true",
                 "anchor": ATTACK, "prompt_type": "instructive", "response_type": "descriptive"}  # fmt: skip
        answer = one.post(hold, form, page=hold)
        assert Page(answer.text).faults == [], place


def test_texts_that_attack_are_text_on_every_page_that_somebody_can_reach(
    visit: Visit, client: TestClient, house: Database
) -> None:
    plant(visit, client, house)
    for name in PEOPLE:
        one, waiting, seen, shown = visit(name), ["/"], set(), 0
        while waiting:
            path = waiting.pop(0)
            kind = re.sub(r"[0-9a-f]{32}", "ID", path)
            if kind in seen or len(seen) > 150:
                continue
            seen.add(kind)
            answer = one.get(path)
            assert answer.status_code < 500, path
            if "html" not in answer.headers["content-type"]:
                continue
            page = Page(answer.text)
            assert page.faults == [], (name, path)
            shown += MARK in answer.text
            waiting += [link for link in page.links if not link.startswith("/static/")]
        assert shown > 5, f"the attack came out nowhere for {name}, so this proves nothing"


@pytest.mark.parametrize(
    "text",
    ["<script src=/p/x>", "<p onclick=x>", "<img src=x>", '<a href="javascript:x">', '<a href="https://evil.example">', '<p style="x">'],
)  # fmt: skip
def test_a_page_that_did_not_hold_would_be_found(text: str) -> None:
    assert Page(text).faults


def test_a_file_that_is_downloaded_is_never_shown_as_a_page(visit: Visit) -> None:
    lark = visit("lark-01")
    base = "/p/plain-words/deliveries/m1"
    links = re.findall(rf'href="({base}/(?:files|download|export)[^"]*)"', lark.get(base).text)
    files = [link for link in links if "/files/" in link or link.endswith("/download")]
    assert len(files) > 3
    for link in [*files, f"{base}/export/alpaca", "/profile/export", "/p/plain-words/coverage.csv"]:
        headers = lark.get(link).headers
        assert headers["content-disposition"].startswith("attachment"), link
        assert "html" not in headers["content-type"], link
        assert headers["x-content-type-options"] == "nosniff"
