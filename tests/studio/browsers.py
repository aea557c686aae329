"""A real Chromium, headless, at a Studio that listens on this machine; it tells of every request it made."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from trivium.human.store.database import Database
from trivium.studio.app import create_app
from trivium.studio.settings import StudioSettings

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--lang=en", "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
)  # fmt: skip
PATIENCE_SECONDS = 60
"""A busy machine is slow; a page that is broken stays broken."""
AXE = Path(__file__).parent / "vendor" / "axe-4.14.1.min.js"
SHOTS = os.environ.get("TRIVIUM_SHOTS", "")
"""A folder that screenshots are kept in; without it they are made and dropped."""

SMALL = """
return [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')].filter((one) => {
  if (!one.getClientRects().length || one.closest('.words, .guide, p, dialog, .vh') || one.matches('.skip')) return false;
  const face = one.matches('.key input, .need input') ? one.parentElement : one.matches('.tick input') ? one.closest('.tick') : one;
  const at = face.getBoundingClientRect();
  return at.width < 23.9 || at.height < 23.9;
}).map((one) => one.outerHTML.slice(0, 100));"""
"""What can be pressed and is smaller than 24 × 24 px (WCAG 2.5.8), links within a sentence aside."""


def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise RuntimeError("no Chromium was found: run scripts/system_packages.sh browser")


@contextmanager
def listening(database: Database, **settings: Any) -> Iterator[str]:
    """Serve a Studio over the database on a free port; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = create_app(StudioSettings(database.url, **{"demo": True, **settings}), database)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=20)


class Chromium:
    """One window. `at` is the Studio it looks at."""

    def __init__(self) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = chromium()
        for flag in FLAGS:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.driver.set_page_load_timeout(PATIENCE_SECONDS)
        self.at = ""
        self.size(1280)

    def close(self) -> None:
        self.driver.quit()

    def size(self, width: int, height: int = 900, dark: bool = False, still: bool = False) -> None:
        """Set the window's size and theme; `still`: colours change at once, as who wants no motion has it."""
        theme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
                 {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"}]  # fmt: skip
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": theme})
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def open(self, path: str) -> None:
        self.driver.get(self.at + path)

    @property
    def path(self) -> str:
        return urlsplit(self.driver.current_url).path

    def come_in(self, name: str) -> None:
        self.driver.delete_all_cookies()
        self.open("/sign-in")
        self.driver.execute_script("localStorage.clear()")
        self.one(f'form[action="/demo/{name}"] button').click()
        self.until(lambda: self.path == "/")

    def come_in_beside(self, name: str) -> None:
        """Come in again without touching what the browser keeps."""
        self.driver.delete_all_cookies()
        self.open("/sign-in")
        self.one(f'form[action="/demo/{name}"] button').click()
        self.until(lambda: self.path == "/")

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return self.one(selector).text

    def until(self, holds: Any) -> None:
        """Wait until it holds; a page that goes while it is looked at does not hold yet."""
        gone = (StaleElementReferenceException,)
        wait = WebDriverWait(self.driver, PATIENCE_SECONDS, poll_frequency=0.05, ignored_exceptions=gone)
        wait.until(lambda _: holds())

    def press(self, *keys: str) -> None:
        """Send keys to whatever has the focus."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def finish(self) -> None:
        """Press Ctrl+Enter and wait until another page is there."""
        before = self.driver.current_url
        old = self.one("html")
        self.press(Keys.CONTROL + Keys.ENTER)
        self.until(lambda: self.driver.current_url != before or old != self.one("html"))

    def write(self, selector: str, text: str) -> None:
        field = self.one(selector)
        field.clear()
        field.send_keys(text)

    def offline(self, gone: bool) -> None:
        self.driver.execute_cdp_cmd("Network.enable", {})
        conditions = {"offline": gone, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.driver.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)

    def requests(self) -> set[str]:
        """Return the hosts of all requests since the last time one asked."""
        hosts = set()
        for row in self.driver.get_log("performance"):
            message = json.loads(row["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                parts = urlsplit(message["params"]["request"]["url"])
                if parts.scheme in ("http", "https", "ws", "wss"):
                    hosts.add(parts.netloc)
        return hosts

    def complaints(self) -> list[str]:
        """Return what the console said was wrong: refused scripts and styles, errors."""
        return [row["message"] for row in self.driver.get_log("browser") if row["level"] in ("SEVERE", "WARNING")]

    def violations(self) -> list[str]:
        """Return what axe-core finds against WCAG 2.2 AA on this page, in the light and in the dark."""
        found = self._violations()
        self.size(1280, dark=True, still=True)
        found += [f"dark: {one}" for one in self._violations()]
        self.size(1280)
        return found

    def _violations(self) -> list[str]:
        self.driver.execute_script(AXE.read_text(encoding="utf-8"))
        found = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']}).then((r) => done(r.violations.map("
            "(v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' ' + n.failureSummary).join(' | '))));"
        )
        return [str(one) for one in found]

    def small(self) -> list[str]:
        """Return what is too small to be pressed."""
        return [f"small: {one}" for one in self.driver.execute_script(SMALL)]

    def shot(self, name: str, width: int = 1280, dark: bool = False) -> int:
        """Take a picture of the whole page and return its width in pixels, which is more than asked where it overflows."""
        self.size(width, 900, dark, still=True)
        height = self.driver.execute_script("return document.documentElement.scrollHeight")
        self.size(width, max(int(height), 600), dark, still=True)
        wide = self.driver.execute_script("return document.documentElement.scrollWidth")
        data = self.driver.get_screenshot_as_png()
        assert data.startswith(b"\x89PNG")
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            (Path(SHOTS) / f"{name}.png").write_bytes(data)
        self.size(1280)
        return int(wide)
