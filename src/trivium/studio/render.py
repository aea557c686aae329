"""Turns a page's facts into HTML: one Jinja environment, its filters, and the frame that every page stands in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

import jinja2
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from trivium.records import Measure
from trivium.studio import charts, locales
from trivium.studio.markdown import markdown
from trivium.studio.words import Words, words_of

LOOKS = ("tokens.css", "ground.css")
"""The sheets that the Studio shares with the report."""
WORDED = ("number", "percent", "measured", "day", "clock", "duration", "size", "named", "forms")
"""What a template may ask of the page's language as a filter."""


@lru_cache
def asset(name: str) -> str:
    """Return the address of a file of `static/`, with its content's hash, so that a browser may keep it for ever."""
    folder = resources.files("trivium") / "looks" if name in LOOKS else resources.files("trivium.studio") / "static"
    data = (folder / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(data).hexdigest()[:12]}"


@lru_cache
def assets() -> str:
    """Return the addresses of all scripts and sheets: another text for another version of the Studio."""
    folder = resources.files("trivium.studio") / "static"
    own = sorted(file.name for file in folder.iterdir() if file.name.endswith((".js", ".css")))
    return " ".join(map(asset, (*LOOKS, *own)))


def icon(name: str) -> Markup:
    """Return one of the icons of the page's sheet; it never stands without a word beside it."""
    return Markup('<svg class="i" aria-hidden="true"><use href="#i-{}"/></svg>').format(name)


def chunks(text: str, length: int = 16) -> str:
    """Return a checksum in groups that wrap and can be compared by eye."""
    return " ".join(text[start : start + length] for start in range(0, len(text), length))


def _words(context: Context) -> Words:
    return words_of(str(context.get("locale", locales.ENGLISH)))


@pass_context
def _say(context: Context, sentence: str, **values: object) -> str:
    return _words(context).say(sentence, **values)


@pass_context
def _told(context: Context, text: str) -> str:
    return _words(context).told(text)


@pass_context
def _interval(context: Context, measure: Measure, *how: Any) -> Markup:
    return charts.interval(_words(context), measure, *how)


def _filter(name: str) -> Callable[..., str]:
    """Return a filter that asks the words of the page's language."""

    @pass_context
    def asked(context: Context, value: Any, *how: Any) -> str:
        text: str = getattr(_words(context), name)(value, *how)
        return text

    return asked


@lru_cache
def environment() -> jinja2.Environment:
    """Return the one environment: everything is escaped, an undefined name is an error."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("trivium.studio", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(_=_say, told=_told, icon=icon, asset=asset, interval=_interval)
    made.filters.update(markdown=markdown, chunks=chunks)
    made.filters.update({name: _filter(name) for name in WORDED})
    return made


def compiled() -> None:
    """Compile every template, so that nobody waits for it."""
    made = environment()
    for name in made.list_templates():
        made.get_template(name)


def part(template: str, locale: str, **facts: Any) -> Markup:
    """Return a part of a page that another template takes in as it is."""
    return Markup(render(template, {"locale": locale, **facts}))


def render(template: str, facts: Mapping[str, Any]) -> str:
    """Return a page, or a part of one."""
    return environment().get_template(template).render(facts)
