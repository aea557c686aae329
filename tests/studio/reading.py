"""A page's HTML to what its reader is told, apart from what people wrote: texts and the attributes that are read out."""

from __future__ import annotations

import re
from html.parser import HTMLParser

SHOWN = ("title", "aria-label", "placeholder", "alt")
SILENT = frozenset({"script", "style", "code", "kbd", "bdi", "time", "textarea", "symbol"})
"""Elements whose text is no sentence of the interface: programs, keys, foreign names, what was typed."""
VOID = frozenset({"input", "meta", "link", "br", "hr", "img", "path", "rect", "circle", "use"})


class Reader(HTMLParser):
    """Gathers texts; what stands in an element with `dir=auto` is a person's own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.links: list[str] = []
        self._silent: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        own = known.get("dir") == "auto" or tag in SILENT
        for name, value in attrs:
            spoken = name in SHOWN or (name.startswith("data-") and " " in (value or "") and name != "data-where")
            data = name.startswith("data-") and (value or "").startswith(("{", "["))
            if value and spoken and not data and not own and not _own_attribute(known, name):
                self.texts.append(value)
        if tag == "a" and known.get("href"):
            self.links.append(str(known["href"]))
        if tag not in VOID:
            self._silent.append((tag, own))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        before = len(self._silent)
        self.handle_starttag(tag, attrs)
        del self._silent[before:]

    def handle_endtag(self, tag: str) -> None:
        while self._silent:
            name, _ = self._silent.pop()
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(own for _, own in self._silent):
            self.texts.append(data.strip())


def _own_attribute(known: dict[str, str | None], name: str) -> bool:
    """Say whether an attribute repeats what a person wrote, or is no sentence: a checksum, a list of states."""
    return "sha" in (known.get("class") or "") or name == "data-when"


def read(html: str) -> Reader:
    """Return what a page says, and where its links lead."""
    reader = Reader()
    reader.feed(html)
    return reader


def untranslated(texts: list[str], names: re.Pattern[str]) -> list[str]:
    """Return the texts that hold a word outside ⟦…⟧ which is no name."""
    return [text for text in texts if re.search(r"[^\W\d_]{2,}", names.sub("", re.sub(r"⟦[^⟦⟧]*⟧", " ", text)))]
