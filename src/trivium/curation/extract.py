"""An HTML page to its main text: fast (resiliparse and a link-density clean-up), precise (trafilatura), or all visible
text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    num_tags = page.count("<")
    if num_tags <= _MAX_NESTING or num_tags - page.count("</") <= _MAX_NESTING:
        return False
    depth = 0
    for closes in _NESTING.findall(page):
        depth = max(depth - 1, 0) if closes else depth + 1
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
    if page.count("</a") + page.count("</A") < MIN_LIST_LINKS or _never_closes(page):
        return page
    links: list[tuple[int, int]] = []
    cuts: list[tuple[int, int]] = []
    for start, stop, first in _blocks(page, links):
        if len(links) - first >= MIN_LIST_LINKS and _mostly(page[start:stop], page, links[first:]):
            while cuts and cuts[-1][0] > start:  # it held a smaller one
                cuts.pop()
            cuts.append((start, stop))
    if not cuts:
        return page
    starts, stops = zip(*cuts, strict=True)
    return "".join(page[low:high] for low, high in zip((0, *stops), (*starts, len(page)), strict=True))


def _blocks(page: str, links: list[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Yield where each list, table and paragraph starts and stops as it ends, and which of `links`, filled on the way,
    is the first in it.

    A whole link, and a whole paragraph that holds no tag, are one match each: most of a page's tags are theirs.
    """
    open_blocks: list[tuple[str, int, int]] = []
    link_start: int | None = None
    for match in _TAGS.finditer(page):
        kind = match.lastgroup
        if kind == "link":
            links.append(match.span("link"))
            link_start = None
        elif kind == "paragraph":
            if open_blocks and open_blocks[-1][0] == "p":
                open_blocks.pop()
        elif kind == "name":
            name, closes = match["name"].lower(), bool(match["slash"])
            if name == "a":
                if not closes:
                    link_start = match.end()
                elif link_start is not None:
                    links.append((link_start, match.start()))
                    link_start = None
            elif not closes:
                if name == "p" and open_blocks and open_blocks[-1][0] == "p":
                    open_blocks.pop()  # a paragraph ends where the next begins
                if len(open_blocks) < _MAX_DEPTH:
                    open_blocks.append((name, match.start(), len(links)))
            elif any(name == each for each, _start, _first in open_blocks):
                while (block := open_blocks.pop())[0] != name:
                    pass
                yield block[1], match.end(), block[2]


def _never_closes(page: str) -> bool:
    """Return whether many comments or scripts have no end: each would be sought to the end of the page."""
    return any(
        (num_open := page.count(opens)) > _MAX_OPEN and num_open > page.count(closes) + _MAX_OPEN
        for opens, closes in (("<!--", "-->"), ("<s", "</s"))
    )


def _mostly(block: str, page: str, links: list[tuple[int, int]]) -> bool:
    """Return whether most of what can be read in the block is links."""
    size = sum(_num_chars(page[low:high]) for low, high in links)
    return size > MAX_LINK_SHARE * max(_num_chars(block), 1)


def _num_chars(markup: str) -> int:
    """Count the characters between tags, blanks left aside."""
    return len("".join((_MARKUP.sub(" ", markup) if "<" in markup else markup).split()))


def _tidy(text: str) -> str:
    """Join blanks, and leave out lines that say who owns the page."""
    lines = [" ".join(line.split()) for line in text.split("\n")]
    lowered = text.lower()
    if any(sign in lowered for sign in _OWNER_SIGNS):
        lines = [line for line in lines if not _OWNER.search(line)]
    tidy = "\n".join(lines)
    return (re.sub(r"\n{3,}", "\n\n", tidy) if "\n\n\n" in tidy else tidy).strip()


_TAGS = re.compile(
    r"<(?:a\b[^>]{0,2000}>(?P<link>[^<]*)</a>|(?P<paragraph>p\b[^>]{0,2000}>[^<]*</p>)"
    r"|!--.*?-->|(?:script|style)\b.*?</(?:script|style)>"
    r"|(?P<slash>/?)(?P<name>ul|ol|dl|p|table|a)\b[^>]{0,2000}>)",
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
_OWNER_SIGNS = ("©", "(c) ", "copyright", "creative commons")
"""A text without any has no such line: to look for them in the whole text costs a sixth of asking each line."""
