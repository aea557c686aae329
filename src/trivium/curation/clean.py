"""A batch of texts to the same texts repaired: broken encodings, Unicode forms, blanks, boilerplate lines.

Each repair looks at the bytes first and touches only the documents that hold what it repairs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import ftfy
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from trivium.curation.blocks import as_bytes
from trivium.curation.unwrap import MAX_WIDTH, MIN_BREAKS, unwrap

I64 = NDArray[np.int64]
Flags = NDArray[np.bool_]
Bytes = NDArray[np.uint8]


class CleanSettings(BaseModel):
    """What is repaired; each can be turned off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoding: bool = True
    """ftfy's repair of wrong decoding (`cafÃ©`), only where a text holds what wrong decoding leaves behind."""
    unicode: bool = True
    """NFC."""
    blanks: bool = True
    """Unicode blanks to plain ones, runs to one (indentation stays), at most one blank line, no control characters."""
    unwrap: bool = True
    """Paragraphs that were broken to a fixed width become one line each, as in the rest; verse, code, lists stay."""
    boilerplate: bool = True
    """Lines of page furniture go: cookie and `javascript` notices, policy links (C4, Raffel et al. 2020), share
    buttons.
    """


def clean(texts: pa.LargeStringArray, settings: CleanSettings) -> tuple[pa.LargeStringArray, pa.RecordBatch]:
    """Return the new texts and int32 counts a document: `encoding`, `unicode`, `blanks`, `unwrapped` (1 where changed,
    else 0) and `boilerplate_lines`.

    >>> new, counts = clean(pa.array(["cafÃ©  two\\u00a0 \\n\\n\\n\\nend"], pa.large_string()), CleanSettings())
    >>> new[0].as_py(), counts.to_pylist()[0]["encoding"]
    ('café two\\n\\nend', 1)
    """
    counts: dict[str, pa.Array] = {}
    none = pa.array(np.zeros(len(texts), np.int32))
    steps: tuple[tuple[str, bool, Callable[[pa.LargeStringArray], pa.LargeStringArray]], ...] = (
        ("encoding", settings.encoding, _mend_encoding),
        ("unicode", settings.unicode, _compose),
        ("blanks", settings.blanks, _plain_blanks),
        ("unwrapped", settings.unwrap, _unwrapped),
    )
    for name, wanted, step in steps:
        new = step(texts) if wanted else texts
        counts[name] = none if new is texts else pc.cast(pc.not_equal(new, texts), pa.int32())
        texts = new
    counts["boilerplate_lines"] = none
    if settings.boilerplate:
        texts, counts["boilerplate_lines"] = _without_furniture(texts)
    return texts, pa.RecordBatch.from_pydict(counts)


def _changed(
    texts: pa.LargeStringArray, flags: Flags, change: Callable[[pa.LargeStringArray], pa.LargeStringArray]
) -> pa.LargeStringArray:
    """Return the texts with the flagged ones changed; the very same array where none is flagged."""
    if not flags.any():
        return texts
    new = change(texts.filter(pa.array(flags)))
    if flags.all():
        return new
    order = np.arange(len(texts))
    order[flags] = len(texts) + np.arange(int(flags.sum()))
    return pa.concat_arrays([texts, new]).take(pa.array(order))


def _one_by_one(change: Callable[[str], str]) -> Callable[[pa.LargeStringArray], pa.LargeStringArray]:
    return lambda some: pa.array([change(text) for text in some.to_pylist()], pa.large_string())


def _documents(places: I64, offsets: I64) -> Flags:
    """Return which documents have one of the places."""
    flags = np.zeros(len(offsets) - 1, np.bool_)
    if len(places):
        flags[np.searchsorted(offsets, places, side="right") - 1] = True
    return flags


def _mend_encoding(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Let ftfy look at documents with a letter of U+00C2 to U+00F4 before a sign that wrong decoding makes of a
    continuation byte, or with a C1 control character.
    """
    data, offsets = as_bytes(texts)
    leads = np.flatnonzero(data[:-2] == 0xC3)
    leads = leads[(data[leads + 1] >= 0x82) & (data[leads + 1] <= 0xB4) & _AFTER_LEAD[data[leads + 2]]]
    controls = np.flatnonzero(data[:-1] == 0xC2)
    controls = controls[data[controls + 1] < 0xA0]
    places = np.concatenate([leads, controls])
    return _changed(texts, _documents(places, offsets), _one_by_one(ftfy.fix_encoding)) if len(places) else texts


def _compose(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    data, offsets = as_bytes(texts)
    wide = np.flatnonzero(data >= 0xCC)  # below U+0300 all is in NFC
    if not len(wide):
        return texts
    flags = _documents(wide, offsets)
    wrong = [not unicodedata.is_normalized("NFC", text) for text in texts.filter(pa.array(flags)).to_pylist()]
    flags[flags] = wrong
    # Python's own: pyarrow 25's utf8_normalize gives NFD where NFC is asked
    return _changed(texts, flags, _one_by_one(lambda text: unicodedata.normalize("NFC", text)))


def _plain_blanks(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Look for signs of blanks that are not plain: odd bytes, two blanks or three line ends in a row, a blank at an
    edge.
    """
    data, offsets = as_bytes(texts)
    if not len(data):
        return texts
    kinds = _BLANK_KINDS[data]
    odd = np.flatnonzero(kinds == 3)
    odd = odd[_is_odd(data, odd)]
    pairs = np.flatnonzero((kinds[:-1] == 1) & (kinds[1:] != 0))  # a blank, then a blank or a line end
    ends = np.flatnonzero(kinds == 2)
    threes = ends[:-2][(ends[2:] - ends[:-2]) == 2] if len(ends) > 2 else ends[:0]
    strange = _documents(odd, offsets)
    flags = _documents(np.concatenate([pairs, threes]), offsets)
    filled = np.flatnonzero(np.diff(offsets))
    last = kinds[offsets[filled + 1] - 1]
    flags[filled] |= (kinds[offsets[filled]] == 2) | (last == 1) | (last == 2)
    texts = _changed(texts, strange, _one_by_one(plain))
    return _changed(texts, flags & ~strange, _one_by_one(single))


def _is_odd(data: Bytes, places: I64) -> Flags:
    """Return which places begin an odd blank or control character; of some three-byte leads all of a plane's corner."""
    last = len(data) - 1
    first, second, third = (data[np.minimum(places + step, last)] for step in range(3))
    odd: Flags = (
        (first < 0x80)
        | (first == 0xC2) & ((second <= 0xA0) | (second == 0xAD))
        | (first == 0xE1) & (second == 0x9A) & (third == 0x80)
        | (first == 0xE2) & (second == 0x80) & ((third <= 0x8B) | (third >= 0xA8) & (third <= 0xAF))
        | (first == 0xE2) & (second == 0x81) & ((third == 0x9F) | (third == 0xA0))
        | (first == 0xE3) & (second == 0x80) & (third == 0x80)
        | (first == 0xEF) & (second >= 0xBB)
    )
    return odd


def plain(text: str) -> str:
    """Return one text with plain blanks.

    >>> plain("a\\u00a0b \\r\\n\\tc  d\\u200b")
    'a b\\n\\tc d'
    """
    text = _LINE_ENDS.sub("\n", text)
    text = _WIDE_BLANKS.sub(" ", text)
    return single(_UNSEEN.sub("", text))


def single(text: str) -> str:
    """Return one text that has no odd blanks with one blank for many (indentation stays), none at its edges."""
    if " \n" in text or "\t\n" in text:
        text = _BEFORE_END.sub("\n", text)
    if "  " in text or "\t" in text:
        text = _INNER_RUNS.sub(" ", text)
    while "\n\n\n\n\n" in text:
        text = text.replace("\n\n\n\n\n", "\n\n")
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.strip("\n").rstrip()


def _unwrapped(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Look at texts whose lines are short on the whole."""
    data, offsets = as_bytes(texts)
    num_ends = np.diff(np.searchsorted(np.flatnonzero(data == 10), offsets))
    flags = (num_ends >= MIN_BREAKS) & (np.diff(offsets) < MAX_WIDTH * (num_ends + 1))
    return _changed(texts, flags, _one_by_one(unwrap))


def _without_furniture(texts: pa.LargeStringArray) -> tuple[pa.LargeStringArray, pa.Array]:
    flags = pc.match_substring_regex(texts, _HINT, ignore_case=True).to_numpy(zero_copy_only=False)
    counts = np.zeros(len(texts), np.int32)
    if not flags.any():
        return texts, pa.array(counts)
    removed: list[int] = []

    def strip(text: str) -> str:
        lines = text.split("\n")
        kept = [line for line in lines if not _is_furniture(line)]
        removed.append(len(lines) - len(kept))
        return _MANY_ENDS.sub("\n\n", "\n".join(kept)).strip("\n") if removed[-1] else text

    new = _changed(texts, flags, _one_by_one(strip))
    counts[flags] = removed
    return (new if any(removed) else texts), pa.array(counts)


def _is_furniture(line: str) -> bool:
    return len(line) <= MAX_FURNITURE_CHARS and bool(_IN_LINE.search(line) or _WHOLE_LINE.fullmatch(line))


MAX_FURNITURE_CHARS = 300
"""A longer line is a paragraph that speaks of such things."""

_POLICIES = (
    r"terms of (?:use|service)|privacy policy|cookie policy|(?:uses?|use of|accept(?: all)?) cookies|"
    r"all rights reserved"
)
_SCRIPTS = (
    r"(?:enable|enabled|requires?|turn on|activate|without|supports?|disabled) (?:your )?javascript|"
    r"javascript (?:is|must|to be|should be|has been|seems)"
)
_BUTTONS = (
    r"skip to (?:main )?(?:content|navigation)|leave a (?:reply|comment)|share (?:this|on)\b.{0,40}|tweet|read more|"
    r"click here|(?:sign up|subscribe)(?: (?:for|to) (?:our|the) .{0,40})?|back to top|(?:log|sign) ?in|"
    r"click to (?:share|print|email)\b.{0,60}|print this (?:page|article)|e-?mail this.{0,30}|"
    r"follow us(?: on .{0,30})?|related (?:posts|articles)|advertisement"
)
_IN_LINE = re.compile(rf"{_POLICIES}|{_SCRIPTS}", re.IGNORECASE)
_WHOLE_LINE = re.compile(rf"\W*(?:{_BUTTONS})\W*", re.IGNORECASE)
_HINT = (
    r"terms of |privacy policy|cookie|all rights reserved|javascript|skip to |leave a |share |tweet|read more|click |"
    r"sign ?up|subscribe|back to top|log ?in|sign ?in|print this|mail this|follow us|related |advertisement"
)

_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029\x0b\x0c\x85]")
_WIDE_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\ufffe]")
_BEFORE_END = re.compile("[ \t]+\n")
_INNER_RUNS = re.compile(r"(?<=\S)(?: [ \t]+|\t[ \t]+)")
_MANY_ENDS = re.compile("\n{3,}")


def _blank_kinds() -> Bytes:
    """Return for each byte: 1 blank, 2 line end, 3 possibly (the first byte of) an odd blank or control, else 0."""
    table = np.zeros(256, np.uint8)
    table[:0x20] = 3
    table[0x7F] = 3
    table[[0x20, 0x09]] = 1
    table[0x0A] = 2
    table[[0xC2, 0xE1, 0xE2, 0xE3, 0xEF]] = 3
    return table


_BLANK_KINDS = _blank_kinds()
_AFTER_LEAD = np.zeros(256, np.bool_)
_AFTER_LEAD[[0xC2, 0xC5, 0xC6, 0xCB, 0xE2]] = True
