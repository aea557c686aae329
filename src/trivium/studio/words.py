"""One reader's language to what pages say: sentences, counts, shares, dates, durations, sizes, measures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from babel.dates import format_date
from markupsafe import Markup

from trivium.records import Measure
from trivium.studio import locales
from trivium.studio.vocabulary import NAMES

NOTHING = "–"


@dataclass(frozen=True)
class Words:
    """The words of a language."""

    locale: str

    def say(self, sentence: str, **values: object) -> str:
        """Return a sentence of the interface."""
        return locales.say(self.locale, sentence, **values)

    def forms(self, sentence: str) -> str:
        """Return the plural forms of a sentence as JSON, for a script that counts."""
        return json.dumps(locales.forms(self.locale, sentence), ensure_ascii=False)

    def told(self, text: str) -> str:
        """Return what a room below the pages told: a refusal, a reason, a check."""
        return locales.told(self.locale, text)

    def named(self, key: object) -> str:
        """Return a key of the vocabulary as people read it: `open_qa` → Open question answering."""
        text = str(key)
        return self.say(NAMES.get(text, text.replace("_", " ").capitalize()))

    def number(self, value: float | None, digits: int = 0) -> str:
        """Return a number.

        >>> Words("en").number(1204), Words("de").number(0.5, 2)
        ('1,204', '0,50')
        """
        form = f"#,##0.{'0' * digits}" if digits else "#,##0"
        return NOTHING if value is None else locales.decimal(self.locale, value, form)

    def percent(self, value: float | None, digits: int = 1) -> str:
        """Return a share in per cent.

        >>> Words("en").percent(0.741)
        '74.1 %'
        """
        return NOTHING if value is None else f"{self.number(value * 100, digits)} %"

    def measured(self, measure: Measure) -> str:
        """Return an interval and n in words, or why there is none."""
        if measure.value is None:
            return self.say("undefined: {why}", why=self.told(measure.undefined or "no data"))
        if measure.low is None or measure.high is None:
            return self.say("n {count}", count=measure.n)
        low, high = self.number(measure.low * 100, 1), self.number(measure.high * 100, 1)
        return self.say("95 % interval {low} to {high} %, n {count}", low=low, high=high, count=measure.n)

    def day(self, moment: datetime | str | None) -> str:
        """Return a date as `19 Nov`, with the year where it is not this one."""
        if moment is None:
            return NOTHING
        at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        form = "d MMM" if at.year == datetime.now(UTC).year else "d MMM y"
        return _date(self.locale, at.date(), form)

    def clock(self, moment: datetime | None) -> str:
        """Return a time of day as `14:02` in UTC, marked so that the page's script turns it into the reader's own."""
        if moment is None:
            return NOTHING
        return Markup('<time datetime="{}">{}</time>').format(moment.astimezone(UTC).isoformat(), f"{moment:%H:%M}")

    def duration(self, seconds: float | None) -> str:
        """Return a duration as `1 min 48 s`.

        >>> Words("en").duration(108), Words("en").duration(9)
        ('1 min 48 s', '9 s')
        """
        if seconds is None:
            return NOTHING
        minutes, rest = divmod(int(seconds), 60)
        if not minutes:
            return self.say("{s} s", s=rest)
        return self.say("{m} min {s} s", m=minutes, s=f"{rest:02d}")

    def size(self, num_bytes: float) -> str:
        """Return a size as `2.9 MB`.

        >>> Words("en").size(2_900_000)
        '2.9 MB'
        """
        for unit in ("B", "kB", "MB", "GB"):
            if num_bytes < 1000 or unit == "GB":
                return f"{self.number(num_bytes, 0 if unit in ('B', 'kB') else 1)} {unit}"
            num_bytes /= 1000
        raise AssertionError("the loop ends at GB")


@lru_cache(maxsize=256)
def words_of(locale: str) -> Words:
    """Return the words of a language."""
    return Words(locale)


@lru_cache(maxsize=1_024)
def _date(locale: str, day: date, form: str) -> str:
    return str(format_date(day, form, locale=locale))
