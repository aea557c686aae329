"""`trivium studio --demo` as a visitor has it: the command itself, a real Chromium, and every person's pages."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from studio.browsers import PATIENCE_SECONDS, Chromium
from trivium.studio.demo_people import DEMO_PEOPLE
from trivium.studio.problems import TITLES

Opened = tuple[subprocess.Popen[bytes], str, Path]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Run the command in an empty folder; yield it, its address, and the folder of its folders."""
    tmp_path = tmp_path_factory.mktemp("demo")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "tmp").mkdir()
    (tmp_path / "here").mkdir()
    source = Path(__file__).resolve().parents[2] / "src"
    known = {**os.environ, "TMPDIR": str(tmp_path / "tmp"), "PYTHONPATH": str(source)}
    command = [sys.executable, "-m", "trivium", "studio", "--demo", "--port", str(port)]
    with subprocess.Popen(command, cwd=tmp_path / "here", env=known, stderr=subprocess.PIPE) as process:
        for _ in range(PATIENCE_SECONDS * 10):
            with socket.socket() as door:
                if door.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None
            time.sleep(0.1)
        yield process, f"http://localhost:{port}", tmp_path
        process.kill()


def begin(window: Chromium, name: str) -> str:
    """Come in and press Enter, as home says; return where one stands then."""
    window.come_in(name)
    assert window.text("main .btn.primary").startswith("Begin")
    window.press(Keys.ENTER)
    window.until(lambda: window.path.count("/") == 4)
    return window.path


def score(window: Chromium) -> None:
    """Set every score by the keys of its radios, one after the other."""
    for box in window.all('.likert input[value="3"]'):
        window.driver.execute_script("arguments[0].focus()", box)
        box.send_keys(Keys.SPACE)


def finish(window: Chromium, said: str) -> None:
    """Send by Ctrl+Enter and go on where it says so."""
    before = window.path
    window.press(Keys.CONTROL + Keys.ENTER)
    window.until(lambda: window.path != before)
    assert said in window.text("main"), window.text("main")


def test_a_visitor_does_one_of_everything_by_keys(chromium: Chromium, opened: Opened) -> None:
    _, chromium.at, folder = opened
    window = chromium
    window.size(1280)

    begin(window, "tern-04")
    assert window.driver.switch_to.active_element.get_attribute("id") == "prompt"
    window.press("Name two birds that swim well, please.", Keys.TAB, "Penguins and ducks.")
    assert window.driver.switch_to.active_element.get_attribute("id") == "reply"
    for _ in range(9):
        window.press(Keys.TAB)
        if window.driver.switch_to.active_element.get_attribute("id") == "domain":
            break
    window.press("geo")
    assert window.one("#domain").get_attribute("value") == "geography"
    finish(window, "Sent to review.")

    begin(window, "dunlin-30")
    assert "Returned to you" in window.text("main")
    window.one("#reply").send_keys(" Ask somebody if you are not sure.")
    finish(window, "Sent to review.")

    begin(window, "owl-31")
    window.press("r")
    assert window.one(".reasons").is_displayed()
    window.press("a")
    assert not window.one(".reasons").is_displayed()
    finish(window, "Sent: Accepted.")

    first = begin(window, "heron-12")
    window.press("1", Keys.ARROW_RIGHT, "2", Keys.ARROW_RIGHT, "3", Keys.ARROW_RIGHT, "3", "z", "4")
    assert [row.text.replace("\n", " ") for row in window.all("#order > li.group")] == ["1 A", "2 B", "3 C", "4 D"]
    score(window)
    window.driver.switch_to.new_window("tab")
    window.open(first)
    screens = window.driver.window_handles
    window.press("4")
    window.driver.switch_to.window(screens[0])
    finish(window, "Sent.")
    window.driver.switch_to.window(screens[1])
    window.press(Keys.ARROW_RIGHT, "1")
    window.until(lambda: window.one("#ended").is_displayed())
    assert window.text("#ended") == "This work is submitted already. Open the next one"
    window.one("#ended a").send_keys(Keys.ENTER)
    window.until(lambda: not (window.one("#ranking").get_attribute("action") or "").endswith(first))
    window.driver.close()
    window.driver.switch_to.window(screens[0])
    window.press("1", Keys.ARROW_RIGHT, "1", Keys.ARROW_RIGHT, "3", Keys.ARROW_RIGHT, "4")
    score(window)
    (file,) = folder.glob("tmp/trivium-studio-*/demo.db")
    with sqlite3.connect(file, timeout=30) as database:
        database.execute("UPDATE assignment SET lease_until = '2020-01-01 00:00:00.000000' WHERE state = 'leased'")
    database.close()
    finish(window, "Sent.")

    begin(window, "gull-20")
    window.press("c")
    finish(window, "Sent")

    begin(window, "lark-01")
    window.one("#note").send_keys("None is better than the others.")
    window.one("[name=decision]").send_keys(Keys.SPACE)
    finish(window, "Decided.")
    window.open("/p/everyday-help/deliveries")
    assert window.one("#milestone").get_attribute("value") == "m2"
    window.one("#milestone").send_keys(Keys.ENTER)
    window.until(lambda: window.path.endswith("/m2"))
    assert "m2 is sealed." in window.text("main")

    window.come_in("stork-09")
    window.open("/p/everyday-help/deliveries/m2")
    assert "Since m1" in window.text("main")
    window.one("#sign").send_keys("stork-09")
    window.one('button[value="accept"]').send_keys(Keys.ENTER)
    window.until(lambda: "Accepted." in window.text("main"))
    window.open("/profile")
    window.one("#locale").send_keys("Deu")
    window.one('form[action="/profile/habits"] .btn').send_keys(Keys.ENTER)
    window.until(lambda: window.one("html").get_attribute("lang") == "de")
    window.one(".other").send_keys(Keys.ENTER)
    window.until(lambda: window.path == "/sign-in")


def test_every_person_of_the_demo_can_be_clicked_through_and_nothing_stays_behind(
    chromium: Chromium, opened: Opened
) -> None:
    process, chromium.at, folder = opened
    chromium.size(1280)
    chromium.complaints()
    chromium.requests()
    wrong, num_pages = [], 0

    def look(where: str) -> None:
        nonlocal num_pages
        num_pages += 1
        heads = [one.text for one in chromium.all("h1")]
        if len(heads) != 1 or heads[0] in TITLES.values() or not chromium.text("main").strip():
            wrong.append(f"{where}: {heads}")

    for name, *_ in DEMO_PEOPLE:
        chromium.come_in(name)
        look(name)
        projects = len(chromium.all("main table a"))
        for number in range(projects):
            chromium.open("/")
            chromium.all("main table a")[number].click()
            chromium.until(lambda: chromium.path != "/")
            look(f"{name}, {chromium.path}")
            for address in [one.get_attribute("href") for one in chromium.all(".top nav a")]:
                chromium.driver.get(str(address))
                look(f"{name}, {chromium.path}")
        chromium.open("/")
        begin = chromium.all("main .btn.primary")
        if begin and begin[0].text.startswith("Begin"):
            begin[0].send_keys(Keys.ENTER)
            chromium.until(lambda: chromium.path != "/")
            look(f"{name}, begins")
            assert len(chromium.path.split("/")) == 5, "one holds something"
    wrong += chromium.complaints()
    assert not wrong, "\n".join(wrong)
    assert num_pages > 60
    assert chromium.requests() <= {chromium.at.removeprefix("http://")}
    chromium.driver.get("about:blank")
    process.send_signal(signal.SIGINT)
    process.wait(PATIENCE_SECONDS)
    said = process.stderr.read().decode() if process.stderr else ""
    assert "Traceback" not in said
    assert chromium.at in said
    assert list((folder / "here").iterdir()) == []
    assert [one.name for one in (folder / "tmp").iterdir() if one.name.startswith("trivium-studio")] == []
