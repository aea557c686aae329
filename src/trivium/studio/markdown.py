"""Turns markdown that a person or a model wrote into HTML that can do no harm: no scripts, no styles, no requests.

Two walls: the parser is told to escape raw HTML, and what it makes is cleaned against a short list of tags. Pictures
are left out even where markdown asks for one: they would be a request to another host, made by whoever reads.
"""

from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markupsafe import Markup

TAGS = frozenset(
    [
        "p",
        "br",
        "hr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "strong",
        "em",
        "s",
        "del",
        "code",
        "pre",
        "blockquote",
        "ul",
        "ol",
        "li",
        "a",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    ]
)
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
MAX_CHARACTERS = 200_000  # longer texts are shown as they are: a parser's worst case must not hold a page

_WIDE = (
    ("<pre>", '<pre tabindex="0">'),
    ("<table>", '<div class="scroll" tabindex="0"><table>'),
    ("</table>", "</table></div>"),
)
"""What may be wider than its place and is scrolled, by keys too. Only the parser's tags look so: text is escaped."""

_parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])


def _lowered(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"


_parser.core.ruler.push("lower_headings", _lowered)


@lru_cache(maxsize=4_096)
def markdown(text: str) -> Markup:
    """Return the text as safe HTML; headings go two levels down, because the page has its own first two.

    >>> str(markdown("a *b* <script>alert(1)</script>"))
    '<p>a <em>b</em> &lt;script&gt;alert(1)&lt;/script&gt;</p>\\n'
    """
    if len(text) > MAX_CHARACTERS:
        return Markup('<pre tabindex="0">{}</pre>').format(text)
    made = _parser.render(text)
    clean = nh3.clean(
        made,
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer nofollow",
    )
    for plain, reached in _WIDE:
        clean = clean.replace(plain, reached)
    return Markup(clean)
