"""Templates and programs to the sentences they show: what a catalogue of the interface must hold."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import resources
from typing import get_args

from jinja2 import nodes

from trivium.human import privacy
from trivium.human.desk import generation
from trivium.human.desk.actor import Scope
from trivium.human.rubrics import Axis
from trivium.human.states import GuidelineState, SpecState
from trivium.human.store.people import Party, Role
from trivium.human.store.projects import PromptOrigin
from trivium.studio import broken, csrf, demo_people, navigation, problems, vocabulary
from trivium.studio.pages import batches, coverage, deliveries, judge, profile, projects, quality, working
from trivium.studio.pages import review as pages_review
from trivium.studio.render import environment

STUDIO, HUMAN = resources.files("trivium.studio"), resources.files("trivium.human")
SAYING = {"_", "say"}
CHECKS = ("content", "personal data", "consent", "splits", "gold", "licences", "coverage", "contested", "agreement")
REASONING = {"_contest", "_rank_problems", "_mark_problems", "problems", "_cells_are_apart"}
"""Functions whose every sentence is a reason."""
TELLING_ROOMS = (
    "human/desk", "human/states.py", "human/rubrics.py", "human/coverage.py", "human/agreement.py", "human/ranking.py",
    "human/quality", "human/delivery/checks.py", "studio/pages", "studio/cells.py", "studio/replies.py", "studio/demo_people.py", "studio/csrf.py", "studio/here.py",
    "studio/hooks.py", "studio/uploads.py", "studio/app.py", "studio/routes.py",
)  # fmt: skip


def of_templates() -> set[str]:
    """Return every sentence that a template says."""
    made = environment()
    found: set[str] = set()
    for name in made.list_templates():
        assert made.loader is not None
        source = made.loader.get_source(made, name)[0]
        for call in made.parse(source).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "_":
                found.update(_constants(call.args[0]))
    return found


def _constants(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Const):
        yield str(node.value)
    elif isinstance(node, nodes.CondExpr):
        yield from _constants(node.expr1)
        if node.expr2 is not None:
            yield from _constants(node.expr2)


def of_pages() -> set[str]:
    """Return every sentence that a page's program says."""
    found: set[str] = set()
    for file in [*(STUDIO / "pages").iterdir(), *STUDIO.iterdir()]:
        if not file.name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SAYING:
                found.update(one for part in node.args[:1] for one in _sayings(part))
    return found


def _sayings(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _sayings(node.body)
        yield from _sayings(node.orelse)


def of_tables() -> set[str]:
    """Return what stands in tables of words, and goes through the catalogue by the value that is looked up."""
    found: set[str] = set()
    for words in (vocabulary.TASK_TYPES, vocabulary.PROMPT_TYPES, vocabulary.PROMPT_LENGTHS, vocabulary.RESPONSE_TYPES,
                  vocabulary.PROMPT_KEYS, vocabulary.RESPONSE_KEYS, vocabulary.TASK_HINTS, vocabulary.DIMENSIONS, vocabulary.REASONS,
                  batches.STATES, quality.SCALES, pages_review.DID, pages_review.VERDICTS, deliveries.NOUNS,
                  deliveries.TITLES, deliveries.ORDERS, deliveries.SHEET, coverage.LENGTHS, problems.TITLES):  # fmt: skip
        found.update(words.values())
    for pairs in (quality.TABS, profile.DEMOGRAPHICS, *working.SKIP_REASONS.values()):
        found.update(text for _, text in pairs)
    for rows in (projects.KINDS, judge.VERDICTS, demo_people.DEMO_PEOPLE):
        found.update(word for row in rows for word in row[1:] if len(word) > 1)
    for words in (Party, Role, PromptOrigin, SpecState, GuidelineState, Scope):
        found.update(get_args(words))
    for mark, hint in vocabulary.MARKS.values():
        found |= {mark, hint, f"with {mark}", f"without {mark}"}
    found.update(entry[0] for entry in (*navigation._WORK, *navigation._PLAN))
    found.update(domain.capitalize() for domain in vocabulary.DOMAINS)
    found |= {*privacy.WORDS.values(), *(kind for kind, _ in privacy._FINDERS)}
    found.update(vocabulary.NAMES[kind] for kind in get_args(Axis.model_fields["kind"].annotation))
    for words in (vocabulary.TASK_TYPES, vocabulary.PROMPT_TYPES, vocabulary.PROMPT_LENGTHS, vocabulary.RESPONSE_TYPES):
        found.update(key.replace("_", " ") for key in words)  # as the checks of a milestone name them
    found.update(("nobody", "everybody always", "Waiting", "User", "Assistant", "System", "Home", profile.CONSENT_TEXT, "all made", "being made", "cannot go on", "stopped", generation.STOPPED, "let it go on, or name another model"))
    found.update(CHECKS)
    found |= {csrf.UNKEPT, broken.FULL, broken.CLOSED, broken.BUSY, broken.GONE, broken.BROKEN, broken.AGAIN}
    return found


def _files(room: str) -> Iterator[tuple[str, str]]:
    place = resources.files("trivium").joinpath(*room.split("/"))
    files = [place] if room.endswith(".py") else list(place.iterdir())
    for file in files:
        if file.name.endswith(".py"):
            yield file.name, file.read_text(encoding="utf-8")


def told() -> set[str]:
    """Return what the rooms below the pages tell: refusals, reasons, checks. What stands in braces becomes {1}, {2} …"""
    found: set[str] = set()
    for room in TELLING_ROOMS:
        for _, text in _files(room):
            for node in ast.walk(ast.parse(text)):
                for part in _telling(node):
                    found.update(_patterns(part))
    return {one for one in found if " " in one and re.search(r"[a-z]{3}", one.replace("{", ""))}


def _telling(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.FunctionDef) and node.name in REASONING:
        inside = [one for line in node.body[1:] for one in ast.walk(line)]
        parts = {id(part) for one in inside if isinstance(one, ast.JoinedStr) for part in one.values}
        yield from (one for one in inside if isinstance(one, ast.JoinedStr | ast.Constant) and id(one) not in parts)
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        name = node.exc.func.attr if isinstance(node.exc.func, ast.Attribute) else getattr(node.exc.func, "id", "")
        if name not in ("AssertionError", "ValueError", "TypeError", "HTTPException"):
            yield from node.exc.args
            yield from (one.value for one in node.exc.keywords if one.arg == "do")
    if isinstance(node, ast.keyword) and node.arg in ("undefined", "text", "reason", "contested"):
        yield node.value
    if isinstance(node, ast.Assign) and _on(node.targets[0], ("wrong", "fields"), ast.Subscript):
        yield node.value
    if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("reason", "text", "what", "NO_ORDER"):
        yield node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join":
        yield from (one for part in node.args if isinstance(part, ast.List) for one in part.elts)
    if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "parts":
        yield from (one for one in ast.walk(node.value) if isinstance(one, ast.JoinedStr))
    if isinstance(node, ast.AugAssign) and getattr(node.target, "id", "") == "parts":
        yield from (one for one in ast.walk(node.value) if isinstance(one, ast.JoinedStr))
    if isinstance(node, ast.Call) and _on(node.func, ("found", "wrong", "missing", "reasons"), ast.Attribute):
        yield from node.args


def _on(node: ast.AST, names: tuple[str, ...], kind: type[ast.Subscript] | type[ast.Attribute]) -> bool:
    """Say whether a node is an item or attribute of something with one of the names."""
    return isinstance(node, kind) and getattr(node.value, "id", "") in names


def _patterns(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield pattern(node)
    elif isinstance(node, ast.IfExp):
        yield from _patterns(node.body)
        yield from _patterns(node.orelse)
    elif isinstance(node, ast.BoolOp | ast.Dict):
        for one in node.values:
            yield from _patterns(one)
    elif isinstance(node, ast.DictComp):
        yield from _patterns(node.value)


def pattern(node: ast.JoinedStr) -> str:
    """Return an f-string with its values numbered."""
    parts, number = [], 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        else:
            number += 1
            parts.append(f"{{{number}}}")
    return "".join(parts)


def everything() -> set[str]:
    """Return all of it."""
    return of_templates() | of_pages() | of_tables() | told()
