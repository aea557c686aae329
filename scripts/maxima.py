"""The source tree to a verdict on its maxima: what is too long or takes too much, unless a decision allows it.

A file has at most 400 lines, a function 60, and a function takes at most 6 parameters (`self` and `cls` not counted).
An exception is a line `maxima: path[:function] reason` in docs/decisions/maxima.md; one that is no longer needed is an
error too.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_PARAMETERS = 6
DECISIONS = Path("docs/decisions/maxima.md")
EXCEPTION = re.compile(r"^\W*maxima: (?P<place>[^\s:`]+(?::[^\s`]+)?)`? +(?P<reason>\S.*)$")


@dataclass(frozen=True)
class Excess:
    """One thing over its maximum: its place (`path` or `path:function`) and what was found."""

    place: str
    line: int
    found: str


def excesses(path: Path, name: str) -> Iterator[Excess]:
    """Yield what is over a maximum in a file; functions are named as in the source, `Class.method` inside a class."""
    text = path.read_text(encoding="utf-8")
    num_lines = len(text.splitlines())
    if num_lines > MAX_FILE_LINES:
        yield Excess(name, 1, f"{num_lines} lines in the file, at most {MAX_FILE_LINES}")
    for label, node in _functions(ast.parse(text), ""):
        place = f"{name}:{label}"
        num_lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if num_lines > MAX_FUNCTION_LINES:
            yield Excess(place, node.lineno, f"{num_lines} lines in the function, at most {MAX_FUNCTION_LINES}")
        num_parameters = _num_parameters(node)
        if num_parameters > MAX_PARAMETERS:
            yield Excess(place, node.lineno, f"{num_parameters} parameters, at most {MAX_PARAMETERS}")


Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield prefix + child.name, child
            yield from _functions(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
        else:
            yield from _functions(child, prefix)


def _num_parameters(node: Function) -> int:
    given = node.args
    names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    if names[:1] in (["self"], ["cls"]):
        names = names[1:]
    return len(names) + (given.vararg is not None) + (given.kwarg is not None)


def allowed(text: str) -> dict[str, str]:
    """Return place → reason of the exceptions that a page of decisions grants.

    >>> allowed("maxima: src/a.py:run its steps are one list")
    {'src/a.py:run': 'its steps are one list'}
    """
    found = (EXCEPTION.match(line) for line in text.splitlines())
    return {one["place"]: one["reason"] for one in found if one}


def main() -> int:
    """Print every excess that nothing allows, and every exception that nothing needs."""
    root = Path(__file__).parents[1]
    paths = sorted((root / "src").rglob("*.py"))
    found = [one for path in paths for one in excesses(path, str(path.relative_to(root)))]
    page = root / DECISIONS
    exceptions = allowed(page.read_text(encoding="utf-8")) if page.exists() else {}
    wrong = [f"{one.place} (line {one.line}): {one.found}" for one in found if one.place not in exceptions]
    places = {one.place for one in found}
    wrong += [f"{DECISIONS}: nothing needs the exception for {place}" for place in exceptions if place not in places]
    for line in wrong:
        print(line)
    print(f"maxima: {len(wrong)} over, {len(places & set(exceptions))} allowed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
