"""Turns shapes into the markup of one inline SVG, with its values as title for those who do not see it."""

from __future__ import annotations

from hashlib import sha256

from markupsafe import Markup, escape

Number = int | float


def _plain(value: str | Number) -> str:
    """Write a coordinate with at most one decimal, and text as it is."""
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


def element(name: str, text: str | None = None, /, **attributes: str | Number) -> Markup:
    """Return one SVG element; `class_` is class, underscores are hyphens, text and values are escaped.

    >>> element("text", "a < b", x=1.25, text_anchor="end")
    Markup('<text x="1.2" text-anchor="end">a &lt; b</text>')
    """
    pairs = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"' for key, value in attributes.items()
    )
    return Markup(f"<{name}{pairs}/>" if text is None else f"<{name}{pairs}>{escape(text)}</{name}>")


class Drawing:
    """One SVG in the making. It scales with its column (`fixed` keeps the size), and its title carries the values."""

    def __init__(self, width: Number, height: Number, css: str, title: str, *, fixed: bool = False) -> None:
        """Begin an empty drawing; the title is what a screen reader says."""
        self.width, self.height, self.css, self.title, self.fixed = width, height, css, title, fixed
        self.parts: list[Markup] = []

    def add(self, name: str, text: str | None = None, /, **attributes: str | Number) -> None:
        """Draw one element over what is there."""
        self.parts.append(element(name, text, **attributes))

    def line(self, css: str, x1: Number, y1: Number, x2: Number, y2: Number) -> None:
        """Draw a straight line."""
        self.add("path", class_=css, d=f"M{_plain(x1)} {_plain(y1)}L{_plain(x2)} {_plain(y2)}")

    def label(self, css: str, x: Number, y: Number, text: str, anchor: str = "start") -> None:
        """Write text; `anchor` is start, middle or end."""
        self.add("text", text, class_=css, x=x, y=y, text_anchor=anchor)

    def mark(self, model: str, x: Number, y: Number) -> None:
        """Draw the sign of a model: base a square, sft a triangle, policy a circle."""
        css = f"s-{model} fillme"
        if model == "base":
            self.add("rect", class_=css, x=x - 5, y=y - 5, width=10, height=10)
        elif model == "sft":
            self.add("path", class_=css, d=f"M{_plain(x)} {_plain(y - 7.5)}l7.5 13h-15Z")
        else:
            self.add("circle", class_=css, cx=x, cy=y, r=6)

    def markup(self) -> Markup:
        """Return the finished SVG."""
        body = Markup("").join(self.parts)
        # The id must differ between drawings and be the same on every rendering.
        name = "t" + sha256(f"{self.width}{self.css}{self.title}{body}".encode("utf-8", "replace")).hexdigest()[:10]
        size = f' width="{_plain(self.width)}" height="{_plain(self.height)}"' if self.fixed else ""
        head = Markup('<svg class="{}"{} viewBox="0 0 {} {}" role="img" aria-labelledby="{}"><title id="{}">{}</title>')
        return head.format(self.css, Markup(size), _plain(self.width), _plain(self.height), name, name, self.title) + (
            body + Markup("</svg>")
        )
