"""Turns a `ReportData` into the report: one HTML file, no script, no request, the same bytes for the same data."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from trivium.evaluation.report import batches, curves, dumbbells, ranking, replies, road, whiskers, words
from trivium.evaluation.report.data import MODELS, ReportData, ScoreRow
from trivium.evaluation.report.headline import headline, row_id

_STYLES = ("page.css", "figures.css", "words.css", "narrow.css")
# Controls and lone surrogates are not characters of HTML; a model may still emit them, so each is shown as a sign.
_UNPRINTABLE = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"}
_UNPRINTABLE |= {127: "\u2421"} | dict.fromkeys([*range(0x80, 0xA0), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd")


def printable(page: str) -> str:
    """Replace what is no character of HTML by a sign."""
    return page.translate(_UNPRINTABLE)


@cache
def styles(*more: str) -> Markup:
    """Read the style sheets of a page (those of all pages, and more), without their comments and indentation."""
    looks, own = files("trivium") / "looks", files("trivium.evaluation.report") / "styles"
    sheets = [looks / "tokens.css", looks / "ground.css", *(own / name for name in (*_STYLES, *more))]
    text = "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return Markup(re.sub(r"\n\s*", "\n", text).strip())


@cache
def environment() -> Environment:
    """Make the one environment: everything is escaped, and a name that is not there is an error."""
    made = Environment(
        loader=PackageLoader("trivium.evaluation.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        decimal=words.decimal,
        seconds=words.seconds,
        counted=words.counted,
        capital=words.capital,
        stage=road.stage_title,
        bytes=words.size_bytes,
    )
    made.globals.update(
        models=MODELS, words=words, whiskers=whiskers, dumbbells=dumbbells, curves=curves, batches=batches,
        ranking=ranking, replies=replies, road=road, row_id=row_id,
    )  # fmt: skip
    return made


def score_groups(rows: tuple[ScoreRow, ...]) -> list[tuple[str, list[ScoreRow]]]:
    """Group neighbouring rows of the scorecard under their heads."""
    return [(name, list(members)) for name, members in groupby(rows, key=lambda row: row.group)]


def render(data: ReportData) -> str:
    """Return the report as one HTML document. It depends on the data alone."""
    page = (
        environment()
        .get_template("report.html.j2")
        .render(
            data=data,
            run=data.run,
            head=headline(data),
            styles=styles(),
            map=road.lay_out(data),
            groups=score_groups(data.scorecard),
            changed=dumbbells.changes(data.scorecard),
            tasks=dumbbells.task_rows(data.tasks),
            shown_curves=[curve for curve in data.curves if curves.drawable(curve)],
        )
    )
    return printable(page)
