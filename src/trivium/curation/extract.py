"""An HTML page to its main text: fast (resiliparse and a link-density clean-up), precise (trafilatura), or all visible
text.
"""

from __future__ import annotations

import re
from typing import Literal

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import bytes_to_str, detect_encoding, map_encoding_to_html5
from resiliparse.parse.html import HTMLTree

from trivium.core.errors import MissingExtraError

Extraction = Literal["fast", "precise", "none"]

MIN_LIST_LINKS = 3
"""A list or paragraph with fewer links is left alone."""
MAX_LINK_SHARE = 0.6
"""Of a list's or paragraph's characters: where more are links, it leads elsewhere and says nothing itself."""


def main_text(page: bytes | str, method: Extraction = "fast", charset: str | None = None) -> str:
    """Return the text of a page; `charset` is what the server said, else the page and its bytes say it.

    An empty text where there is none, or where the page is nested beyond all sense. MissingExtraError where trafilatura
    is wanted and not installed.

    >>> main_text("<html><body><nav><a href='/'>Home</a></nav><main><p>One sentence.</p></main></body></html>")
    'One sentence.'
    """
    text = page if isinstance(page, str) else decoded(page, charset)
    if _is_too_deep(text):
        return ""
    if method == "precise":
        return _precise(text)
    if method == "none":
        return _tidy(extract_plain_text(HTMLTree.parse(text), main_content=False))
    tree = HTMLTree.parse(without_link_lists(text))
    return _tidy(extract_plain_text(tree, main_content=True, comments=False, post_meta=False, alt_texts=False))


def decoded(page: bytes, charset: str | None = None) -> str:
    """Return the text of a page's bytes; what the encoding cannot hold is read as UTF-8, else as Windows-1252."""
    found = map_encoding_to_html5(charset) if charset else detect_encoding(page, from_html_meta=True)
    return bytes_to_str(page, found or "utf-8", errors="replace")


def _precise(text: str) -> str:
    try:
        import trafilatura
    except ImportError as error:
        raise MissingExtraError(
            'wanted trafilatura for extract = "precise", found it missing',
            where="extract",
            do="pip install 'trivium[precise]', or set extract = \"fast\"",
        ) from error
    return trafilatura.extract(text, include_comments=False) or ""


def _is_too_deep(page: str) -> bool:
    """Return whether elements lie in each other more than a thousand deep: the parser's time grows with the square."""
    if page.count("<") <= _MAX_NESTING:
        return False
    depth = 0
    for match in _NESTING.finditer(page):
        depth = max(depth - 1, 0) if match[1] else depth + 1
        if depth > _MAX_NESTING:
            return True
    return False


def without_link_lists(page: str) -> str:
    """Return the page without the lists, tables and paragraphs that are mostly links.

    It reads tags, not the parsed tree: asking the tree for its links costs ten times what extraction does.

    >>> page = "<ul><li><a>One</a><li><a>Two</a><li><a>Three</a></ul><p>See <a>this</a>, that and those.</p>"
    >>> without_link_lists(page)
    '<p>See <a>this</a>, that and those.</p>'
    """
    if any(page.count(opens) > page.count(closes) + _MAX_OPEN for opens, closes in (("<!--", "-->"), ("<s", "</s"))):
        return page  # each that never closes would be sought to the end of the page
    open_blocks: list[tuple[str, int, list[tuple[int, int]]]] = []
    link_start: int | None = None
    cuts: list[tuple[int, int]] = []
    for match in _TAGS.finditer(page):
        name = match["name"]
        if name is None:
            continue
        name, closes = name.lower(), bool(match["slash"])
        if name == "a":
            if not closes:
                link_start = match.end()
            elif link_start is not None:
                for _name, _start, links in open_blocks:
                    links.append((link_start, match.start()))
                link_start = None
        elif not closes:
            if name == "p" and open_blocks and open_blocks[-1][0] == "p":
                open_blocks.pop()  # a paragraph ends where the next begins
            if len(open_blocks) < _MAX_DEPTH:
                open_blocks.append((name, match.start(), []))
        elif any(name == each for each, _start, _links in open_blocks):
            while open_blocks:
                each, start, links = open_blocks.pop()
                if each == name:
                    if len(links) >= MIN_LIST_LINKS and _mostly(page, start, match.end(), links):
                        while cuts and cuts[-1][0] > start:  # it held a smaller one
                            cuts.pop()
                        cuts.append((start, match.end()))
                    break
    if not cuts:
        return page
    starts, stops = zip(*cuts, strict=True)
    return "".join(page[low:high] for low, high in zip((0, *stops), (*starts, len(page)), strict=True))


def _mostly(page: str, start: int, stop: int, links: list[tuple[int, int]]) -> bool:
    """Return whether most of what can be read between the places is links."""
    size = _num_chars(page[start:stop])
    return sum(_num_chars(page[low:high]) for low, high in links) > MAX_LINK_SHARE * max(size, 1)


def _num_chars(markup: str) -> int:
    """Count the characters between tags, blanks left aside."""
    return len("".join(_MARKUP.sub(" ", markup).split()))


def _tidy(text: str) -> str:
    """Join blanks, and leave out lines that say who owns the page."""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    kept = [line for line in lines if not _OWNER.search(line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


_TAGS = re.compile(
    r"<!--.*?-->|<(?:script|style)\b.*?</(?:script|style)>|<(?P<slash>/?)(?P<name>ul|ol|dl|p|table|a)\b[^>]{0,2000}>",
    re.IGNORECASE | re.DOTALL,
)
_MARKUP = re.compile(r"<!--.*?-->|<(?:script|style)\b.*?</(?:script|style)>|<[^>]{0,2000}>", re.IGNORECASE | re.DOTALL)
_NESTING = re.compile(
    r"<(/?)(?!p\b|li\b|t[rdh]\b|d[td]\b|option\b|br\b|hr\b|img\b|input\b|meta\b|link\b|wbr\b|source\b)[a-z]",
    re.IGNORECASE,
)
"""Tags that open or close an element, but for those that need no closing."""
_MAX_NESTING = 1000
_MAX_DEPTH = 32
_MAX_OPEN = 64
_OWNER = re.compile(
    r"^(?:©|\(c\) (?:19|20)\d\d|copyright (?:©|\(c\)|(?:19|20)\d\d))|licen[sc]ed under (?:a |the )?creative commons",
    re.IGNORECASE,
)
