"""Every word of the interface passes through the catalogues: shown by a language in which each sentence wears brackets."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Mapping

import pytest
from sqlalchemy import update

from studio.reading import read, untranslated
from studio.visitors import Visitor
from trivium.human.store.database import Database
from trivium.human.store.people import Person
from trivium.studio import locales
from trivium.studio.demo_people import DEMO_PEOPLE

PSEUDO = "qps"
NAMES = re.compile(
    r"\b(?:[a-z]+-\d\d|Trivium|Studio|English|InstructGPT|Bradley–Terry|Plackett–Luce|Kendall W|Markdown|CSV|SHA-256|UTC"
    r"|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|slots|time|kB|MB|GB|Ctrl|Alt|Esc|arXiv:[\d.]+)\b"
)
UNIQUE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d+\b")
PAGES_OF_A_KIND = 1


def bracketed(sentence: str) -> str:
    """Put each piece of a sentence in brackets; what is filled in stays outside.

    >>> bracketed("{n} of them")
    '{n}⟦ of them⟧'
    """
    parts = []
    for text, name, _, _ in string.Formatter().parse(sentence):
        parts.append((f"⟦{text}⟧" if text.strip() else text) + (f"{{{name}}}" if name is not None else ""))
    return "".join(parts)


@pytest.fixture
def pseudo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Add a language that holds the keys of the German catalogue, each in brackets."""
    known = locales.sentences("de")
    catalogue: Mapping[str, locales.Sentence] = {key: bracketed(key) for key in known}
    real_names, real_sentences = locales.names, locales.sentences
    monkeypatch.setattr(locales, "names", lambda: {**real_names(), PSEUDO: "⟦Pseudo⟧"})
    monkeypatch.setattr(locales, "sentences", lambda code: catalogue if code == PSEUDO else real_sentences(code))
    monkeypatch.setattr("babel.Locale.parse", classmethod(lambda cls, code: cls("en")))
    yield
    locales._patterns.cache_clear()


def spoken_by(house: Database) -> None:
    with house.write() as db:
        db.execute(update(Person).values(locale=PSEUDO))


def walk(visitor: Visitor) -> Iterator[tuple[str, str]]:
    """Yield (address, page) of all that a person reaches by links, a few of each kind."""
    waiting, seen, kinds = ["/", "/profile", "/no-such-page"], set(), {}
    while waiting:
        path = waiting.pop(0)
        kind = UNIQUE.sub("·", path)
        if path in seen or kinds.get(kind, 0) >= PAGES_OF_A_KIND or not path.startswith("/"):
            continue
        seen.add(path)
        kinds[kind] = kinds.get(kind, 0) + 1
        answer = visitor.get(path)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        yield path, answer.text
        waiting += [link.partition("#")[0] for link in read(answer.text).links]


def test_no_page_holds_a_word_that_did_not_pass_the_catalogues(
    visit: Callable[[str | None], Visitor], house: Database, pseudo: None
) -> None:
    spoken_by(house)
    left: dict[str, str] = {}
    paths: set[str] = set()
    stranger = visit(None)
    pages = [("/sign-in", stranger.get("/sign-in", headers={"accept-language": PSEUDO}).text)]
    for person in DEMO_PEOPLE:
        pages += walk(visit(person.pseudonym))
    for path, html in pages:
        paths.add(UNIQUE.sub("·", path))
        for text in untranslated(read(html).texts, NAMES):
            left.setdefault(text, path)
    assert len(paths) > 60, sorted(paths)
    assert not left, "\n".join(f"{path}: {text}" for text, path in left.items())
