"""What somebody with bad intentions tries: each is refused, and nothing is changed."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from studio.visitors import Visitor
from trivium.human.desk import people
from trivium.human.store.database import Database
from trivium.human.store.journal import Event
from trivium.human.store.people import Person, SignIn
from trivium.studio import pages_index
from trivium.studio.csrf import SESSION_COOKIE
from trivium.studio.pages.door import inside
from trivium.studio.routes import PAGES

Visit = Callable[[str | None], Visitor]
pages_index.load()
POSTS = [page for page in PAGES if page.method == "POST"]


def filled(path: str) -> str:
    return re.sub(r"\{slug\}", "plain-words", re.sub(r"\{(?!slug)\w+\}", "1", path))


def num_events(database: Database) -> int:
    with database.read() as db:
        return db.scalar(select(func.count()).select_from(Event)) or 0


@pytest.mark.parametrize("path", sorted(page.path for page in POSTS))
def test_a_form_without_its_token_changes_nothing(visit: Visit, house: Database, path: str) -> None:
    lark = visit("lark-01")
    before = num_events(house)
    for form in ({}, {"csrf": "0" * 64}, {"csrf": "é"}):
        assert lark.client.post(filled(path), data=form, follow_redirects=False).status_code == 403
    assert num_events(house) == before


def test_a_form_from_another_site_is_refused_even_with_the_token(visit: Visit) -> None:
    lark = visit("lark-01")
    form = {"csrf": lark.token("/profile"), "locale": "en"}
    for headers in (
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        assert lark.client.post("/profile/habits", data=form, headers=headers).status_code == 403


def test_a_token_of_another_session_is_refused(visit: Visit) -> None:
    stolen = visit("tern-04").token("/profile")
    lark = visit("lark-01")
    assert lark.client.post("/profile/habits", data={"csrf": stolen, "locale": "en"}).status_code == 403


def test_coming_in_gives_a_session_that_nobody_knew_before(visit: Visit, client: TestClient) -> None:
    planted = "planted-by-an-attacker-0123456789abcdef"
    client.cookies.set(SESSION_COOKIE, planted)
    visitor = visit(None)
    answer = visitor.post("/demo/lark-01", page="/sign-in")
    assert answer.status_code == 303
    given = answer.cookies[SESSION_COOKIE]
    assert given != planted
    client.cookies.clear()
    client.cookies.set(SESSION_COOKIE, planted)
    assert client.get("/", follow_redirects=False).headers["location"].startswith("/sign-in")


def test_a_session_s_cookie_is_out_of_reach_of_scripts_and_other_sites(visit: Visit) -> None:
    answer = visit(None).post("/demo/lark-01", page="/sign-in")
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(SESSION_COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_going_out_ends_the_session_on_the_server_too(visit: Visit, house: Database) -> None:
    lark = visit("lark-01")
    secret = lark.client.cookies[SESSION_COOKIE]
    assert lark.post("/sign-out").status_code == 303
    lark.client.cookies.set(SESSION_COOKIE, secret)
    assert lark.get("/", follow_redirects=False).status_code == 303
    with house.read() as db:
        assert people.visit(db, secret) is None
        assert db.scalar(select(func.count()).select_from(SignIn).where(SignIn.id == secret)) == 0


def test_guessing_gets_slow_and_wrong_e_mails_look_like_wrong_passwords(visit: Visit, house: Database) -> None:
    house.run(lambda db: people.register(db, "known@example.org", "a long enough password"))
    guest = visit(None)
    texts = set()
    for email in ("known@example.org", "unknown@example.org"):
        answer = guest.post("/sign-in", {"email": email, "password": "wrong password"}, page="/sign-in")
        assert answer.status_code == 401
        texts.add(re.sub(r"(known|unknown)@example.org|[0-9a-f]{64}", "", answer.text))
    assert len(texts) == 1
    for _ in range(8):
        answer = guest.post("/sign-in", {"email": "known@example.org", "password": "wrong"}, page="/sign-in")
    assert answer.status_code == 429


def test_who_knocks_keeps_nobody_from_writing_while_the_password_is_looked_at(
    visit: Visit, house: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.run(lambda db: people.register(db, "known@example.org", "a long enough password"))
    fits, free = people.password_fits, []

    def looked(stored: str | None, password: str) -> bool:
        assert house._writers is not None
        free.append(house._writers._here.acquire(blocking=False))
        house._writers._here.release()
        return fits(stored, password)

    monkeypatch.setattr(people, "password_fits", looked)
    guest = visit(None)
    for password, status in (("wrong password", 401), ("a long enough password", 303)):
        answer = guest.post("/sign-in", {"email": "known@example.org", "password": password}, page="/sign-in")
        assert answer.status_code == status
    assert free == [True, True]


def test_nobody_is_sent_elsewhere_by_a_link_to_the_door() -> None:
    for address in (
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x",
    ):
        assert inside(address) == "/"
    assert inside("/p/plain-words/write") == "/p/plain-words/write"


SCRIPTS = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "'; DROP TABLE person; --")


@pytest.mark.parametrize("attack", SCRIPTS)
def test_a_text_that_attacks_is_shown_as_text_wherever_it_comes_out(visit: Visit, attack: str) -> None:
    lark = visit("lark-01")
    lark.post("/p/plain-words/settings", {"title": f"Plain {attack}", "purpose": attack, "overlap": "5",
              "lease_minutes": "30", "internal_share": "0.5", "client_share": "0.5", "method": "mean_rank",
              "status": "active"}, page="/p/plain-words/members")  # fmt: skip
    after = re.search(r'name="after" value="(\d+)"', lark.get("/p/plain-words/guideline/edit").text)
    assert after is not None
    lark.post("/p/plain-words/guideline", {"markdown": f"# Title {attack}\n\n{attack}", "changelog": attack, "rubric": "",
              "after": after.group(1), "do": "publish"}, page="/p/plain-words/guideline/edit")  # fmt: skip
    item = re.search(r"/p/plain-words/items/\w+", lark.get("/p/plain-words/batches/1").text)
    assert item is not None
    lark.post(f"{item.group()}/comments", {"body": attack}, page=item.group())
    for path in ("/", "/p/plain-words/guideline", "/p/plain-words/members", item.group(), "/p/plain-words/coverage",
                 "/p/plain-words/pool?text=" + attack.replace("&", "%26"), "/p/plain-words/log"):  # fmt: skip
        answer = lark.get(path)
        assert answer.status_code == 200, path
        assert "<script>alert" not in answer.text, path
        assert "<img src=x" not in answer.text, path
        assert "Plain 49" not in answer.text


def test_a_search_is_a_search_and_never_a_command(visit: Visit) -> None:
    lark = visit("lark-01")
    everything = lark.get("/p/everyday-help/pool").text.count("words-line")
    assert everything > 0
    for text in ("' OR '1'='1", "%", "_", "\\", "'; DROP TABLE prompt; --"):
        answer = lark.get("/p/everyday-help/pool", params={"text": text})
        assert answer.status_code == 200
        assert answer.text.count("words-line") < everything
    assert lark.get("/p/everyday-help/pool").text.count("words-line") == everything


def test_nobody_opens_another_person_s_work_by_its_address(visit: Visit) -> None:
    heron = visit("heron-12")
    mine = str(heron.get("/p/everyday-help/rank").url.path)
    finch = visit("finch-07")
    for path in (mine, mine.replace("/rank/", "/write/"), mine.replace("/rank/", "/review/")):
        assert finch.get(path).status_code in (403, 404), path
    for action in ("", "/draft", "/skip"):
        assert finch.post(mine + action, {"reason": "other"}).status_code in (403, 404)


def test_a_stranger_does_not_learn_which_projects_there_are(visit: Visit, house: Database) -> None:
    gull = visit("gull-20")
    there, nowhere = gull.get("/p/plain-words/coverage"), gull.get("/p/no-such-project/coverage")
    assert there.status_code == nowhere.status_code == 404
    assert "Plain words" not in there.text


def upload(lark: Visitor, name: str, data: bytes, **form: str) -> tuple[int, str]:
    page = "/p/plain-words/pool"
    sent = {"csrf": lark.token(page), "format": "", "origin": "dataset", "source": "s", **form}
    answer = lark.client.post(
        f"{page}/import", data=sent, files={"file": (name, io.BytesIO(data))}, follow_redirects=False
    )
    return answer.status_code, answer.text


def test_an_upload_that_is_too_large_or_unpacks_without_end_is_refused(house: Database, tmp_path) -> None:
    from trivium.studio.app import create_app
    from trivium.studio.settings import StudioSettings

    settings = StudioSettings(house.url, demo=True, upload_bytes=1_000_000, unpacked_bytes=2_000_000)
    lark = Visitor(TestClient(create_app(settings, house), base_url="http://localhost"), "lark-01")
    page = "/p/plain-words/pool"
    answer = lark.client.post(
        f"{page}/import", data={"csrf": lark.token(page)}, files={"file": ("a.jsonl", b"x" * 2_000_000)}
    )
    assert answer.status_code == 413
    bomb = gzip.compress(b'{"prompt": "' + b"a" * 50_000_000 + b'"}\n')
    assert len(bomb) < 1_000_000
    status, text = upload(lark, "bomb.jsonl.gz", bomb, format="trivium")
    assert status == 422, text[:300]


def test_an_upload_s_name_is_never_a_path(visit: Visit) -> None:
    lark = visit("lark-01")
    for name in ("../../etc/passwd", "..\\..\\windows", "noending", "a.jsonl/../../x"):
        assert upload(lark, name, b"{}")[0] == 422


def test_bad_lines_are_listed_by_number_and_the_rest_is_taken_in(visit: Visit) -> None:
    lark = visit("lark-01")
    rows = (
        b'{"instruction": "Name a red fruit for me", "input": "", "output": "A cherry"}\nnot json\n{"instruction": 5}\n'
    )
    status, text = upload(lark, "mine.jsonl", rows, format="alpaca")
    assert status == 200, text[:500]
    assert "1 prompt is new" in text
    assert "2 lines were left out" in text
    assert '<td class="n">2</td>' in text


def test_an_erased_person_cannot_come_in_and_leaves_no_name(visit: Visit, house: Database) -> None:
    tern = visit("tern-04")
    assert tern.post("/profile/erase", {"sign": "somebody"}).status_code == 422
    assert tern.post("/profile/erase", {"sign": "tern-04"}).status_code == 303
    assert tern.get("/", follow_redirects=False).status_code == 303
    with house.read() as db:
        row = db.scalar(select(Person).where(Person.pseudonym == "tern-04"))
        assert row is not None
        assert (row.status, row.email, row.name, row.password_hash) == ("erased", None, None, None)


def test_the_open_door_of_the_demo_is_shut_in_a_real_house(house: Database) -> None:
    from trivium.studio.app import create_app
    from trivium.studio.settings import StudioSettings

    client = TestClient(create_app(StudioSettings(house.url), house), base_url="http://localhost")
    guest = Visitor(client)
    assert "/demo/" not in client.get("/sign-in").text
    assert guest.post("/demo/lark-01", page="/sign-in").status_code == 404


UNKEPT = ("a\x00b", "half \ud800 a pair", {"deep": ["\x00"]}, {"\udfff": 1})


@pytest.mark.parametrize("content", UNKEPT)
def test_a_text_that_a_database_cannot_keep_is_refused_at_the_door(
    visit: Visit, client: TestClient, house: Database, content: object
) -> None:
    heron = visit("heron-12")
    mine = str(heron.get("/p/everyday-help/rank").url.path)
    body = json.dumps({"content": {"note": content}, "rev": 0, "seconds": 1})
    headers = {"x-csrf-token": heron.token(mine), "content-type": "application/json", "accept": "application/json"}
    assert heron.client.post(f"{mine}/draft", content=body, headers=headers).status_code == 422
    if isinstance(content, str) and "\x00" in content:
        assert heron.post(f"{mine}/skip", {"reason": "other", "words": content}, page=mine).status_code == 422
    assert heron.get(mine).status_code == 200
    from studio.test_api_roles import token

    sent = client.put(
        f"/api/v1/work/{mine.rsplit('/', 1)[-1]}/draft", content=body.replace(', "seconds": 1', ""),
        headers={**token(house, "heron-12"), "content-type": "application/json"},
    )  # fmt: skip
    assert sent.status_code == 422


@pytest.mark.parametrize("address", ["/p/plain%00words/write", "/p/plain-words/pool?text=%00", "/%00"])
def test_an_address_with_a_nul_is_no_address(visit: Visit, address: str) -> None:
    assert visit("lark-01").get(address).status_code == 400


def test_json_that_is_nested_without_end_is_no_json(visit: Visit, client: TestClient, house: Database) -> None:
    heron = visit("heron-12")
    mine = str(heron.get("/p/everyday-help/rank").url.path)
    headers = {"x-csrf-token": heron.token(mine), "content-type": "application/json", "accept": "application/json"}
    endless = "[" * 90_000
    assert heron.client.post(f"{mine}/draft", content=endless, headers=headers).status_code == 422
    heron.client.cookies.set("studio_said", "%5B" * 1_200)
    assert heron.get("/").status_code == 200
    from studio.test_api_roles import token

    answer = client.post("/api/v1/projects/everyday-help/lease", content=endless,
                         headers={**token(house, "heron-12"), "content-type": "application/json"})  # fmt: skip
    assert answer.status_code in (400, 422)
