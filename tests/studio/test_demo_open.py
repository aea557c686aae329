"""`trivium studio --demo` as a visitor has it: the command itself, a real Chromium, and every person's pages."""

from __future__ import annotations

import os
import signal
import socket
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


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run the command in an empty folder; yield it and its address."""
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
        yield process, f"http://localhost:{port}"
        process.kill()


def test_every_person_of_the_demo_can_be_clicked_through_and_nothing_stays_behind(
    chromium: Chromium, opened: tuple[subprocess.Popen[bytes], str], tmp_path: Path
) -> None:
    process, chromium.at = opened
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
    assert list((tmp_path / "here").iterdir()) == []
    assert [one.name for one in (tmp_path / "tmp").iterdir() if one.name.startswith("trivium-studio")] == []
