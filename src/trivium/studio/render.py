"""Turns a page's facts into HTML: one Jinja environment, its filters, and the frame that every page stands in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
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


@lru_cache
def asset(name: str) -> str:
    """Return the address of a file of `static/`, with its content's hash, so that a browser may keep it for ever."""
    data = (resources.files("trivium.studio") / "static" / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(data).hexdigest()[:12]}"


def icon(name: str) -> Markup:
    """Return one of the icons of the page's sheet; it never stands without a word beside it."""
    return Markup('<svg class="i" aria-hidden="true"><use href="#i-{}"/></svg>').format(name)


def number(value: float | None) -> str:
    """Return a count as people write it.

    >>> number(1204)
    '1,204'
    """
    return "–" if value is None else f"{value:,.0f}"


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share in per cent.

    >>> percent(0.741)
    '74.1 %'
    """
    return "–" if value is None else f"{value * 100:.{digits}f} %"


def measured(measure: Measure) -> str:
    """Return an interval and n in words, or why there is none."""
    if measure.value is None:
        return f"undefined: {measure.undefined or 'no data'}"
    if measure.low is None or measure.high is None:
        return f"n {measure.n:,}"
    return f"95 % {measure.low * 100:.1f} to {measure.high * 100:.1f}, n {measure.n:,}"


def day(moment: datetime | str | None) -> str:
    """Return a date as `19 Nov`, with the year where it is not this one."""
    if moment is None:
        return "–"
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{at.day} {at:%b}" if at.year == datetime.now(UTC).year else f"{at.day} {at:%b %Y}"


def clock(moment: datetime | None) -> str:
    """Return a time of day as `14:02`, in UTC; the page's script turns it into the reader's own time."""
    return "–" if moment is None else f"{moment:%H:%M}"


def duration(seconds: float | None) -> str:
    """Return a duration as `1 min 48`.

    >>> duration(108)
    '1 min 48'
    """
    return "–" if seconds is None else f"{int(seconds) // 60} min {int(seconds) % 60:02d}"


def size(num_bytes: float) -> str:
    """Return a size as `2.9 MB`.

    >>> size(2_900_000)
    '2.9 MB'
    """
    for unit in ("B", "kB", "MB", "GB"):
        if num_bytes < 1000 or unit == "GB":
            return f"{num_bytes:.0f} {unit}" if unit in ("B", "kB") else f"{num_bytes:.1f} {unit}"
        num_bytes /= 1000
    raise AssertionError("the loop ends at GB")


def chunks(text: str, length: int = 16) -> str:
    """Return a checksum in groups that wrap and can be compared by eye."""
    return " ".join(text[start : start + length] for start in range(0, len(text), length))


@pass_context
def _say(context: Context, sentence: str, **values: object) -> str:
    return locales.say(str(context.get("locale", locales.ENGLISH)), sentence, **values)


def _named(key: object) -> str:
    """Return a key of the vocabulary as people read it: `open_qa` → Open question answering."""
    from trivium.studio.vocabulary import NAMES

    text = str(key)
    return NAMES.get(text, text.replace("_", " ").capitalize())


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
    made.globals.update(_=_say, icon=icon, asset=asset, interval=charts.interval)
    made.filters.update(
        markdown=markdown,
        number=number,
        percent=percent,
        measured=measured,
        day=day,
        clock=clock,
        duration=duration,
        size=size,
        chunks=chunks,
        named=_named,
        twice=lambda key: (key, key),
    )
    return made


def render(template: str, frame: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """Return a page: the frame's facts (person, navigation, token, language), then its own."""
    return environment().get_template(template).render({**frame, **facts})


def errors_by_field(errors: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the first message of each field."""
    found: dict[str, str] = {}
    for name, message in errors:
        found.setdefault(name, message)
    return found
