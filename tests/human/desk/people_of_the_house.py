"""A small house for tests: people of every party and role, and projects ready for work."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from trivium.human.coverage import DIMENSIONS
from trivium.human.desk import guidelines, projects, specs
from trivium.human.desk.actor import Actor
from trivium.human.desk.settings import ProjectSettings
from trivium.human.desk.writing import Written
from trivium.human.rubrics import RUBRICS
from trivium.human.store.people import Person
from trivium.human.store.projects import Project

CAST = {
    "lead": ("internal", "lead"), "partner_lead": ("partner", "lead"), "client_lead": ("client", "lead"),
    "writer1": ("partner", "writer"), "writer2": ("partner", "writer"), "writer3": ("partner", "writer"),
    "checker": ("partner", "reviewer"), "checker2": ("partner", "reviewer"), "client": ("client", "reviewer"),
    "viewer": ("client", "viewer"),
    **{f"labeller{n}": ("internal", "labeller") for n in range(1, 8)},
}  # fmt: skip
MARKS = {"prompt_type": "instructive", "response_type": "descriptive", "domain": "history", "language": "en"}


class House:
    """Who is who in one project."""

    def __init__(self, project: Project, actors: dict[str, Actor]) -> None:
        self.project, self.id, self.actors = project, project.id, actors

    def __getattr__(self, name: str) -> Actor:
        try:
            return self.actors[name]
        except KeyError:
            raise AttributeError(name) from None


def person(db: Session, name: str, *, keeper: bool = False) -> Actor:
    """Make a person without a password: hashing takes its time, and few tests sign in."""
    row = Person(email=f"{name}@example.org", pseudonym=f"{name}-00", keeper=keeper)
    db.add(row)
    db.flush()
    return Actor(row.id, row.pseudonym, keeper)


def house(
    db: Session, kind: Any, *, settings: ProjectSettings | None = None, slug: str = "plain-words", prefix: str = ""
) -> House:
    """Open a project with a published guideline that everybody read and, for demonstrations, a frozen requirement.
    Everybody is new, and their names begin with `prefix`.
    """
    actors = {"lead": person(db, f"{prefix}lead", keeper=True)}
    project = projects.create(db, actors["lead"], slug, "Plain words", kind, settings or ProjectSettings())
    for name, (party, role) in CAST.items():
        if name != "lead":
            actors[name] = person(db, prefix + name)
            projects.add_member(db, actors["lead"].person_id, project.id, actors[name].person_id, party=party, role=role)  # type: ignore[arg-type]
    rubric = RUBRICS["general"].model_dump(mode="json") if kind == "comparison" else {}
    drafted = guidelines.draft(db, actors["lead"], project.id, "# Be kind\n\nAnd true.", rubric=rubric)
    guidelines.publish(db, actors["lead"], project.id, drafted.id)
    for actor in actors.values():
        guidelines.acknowledge(db, actor, project.id, drafted.id)
    if kind == "demonstration":
        spec = specs.draft(db, actors["lead"], project.id, requirement())
        specs.freeze(db, actors["lead"], project.id, spec.id)
    return House(project, actors)


def requirement(target: int = 4) -> dict[str, Any]:
    """Return a requirement of two cells."""
    cells = [{"where": {"task_type": name, "prompt_length": "short"}, "target": target}
             for name in ("generation", "open_qa")]  # fmt: skip
    dimensions = {**{name: list(values) for name, values in DIMENSIONS.items()}, "domain": ["history"],
                  "language": ["en"]}  # fmt: skip
    return {"dimensions": dimensions, "cells": cells}


def written(number: int, task_type: str, *, reply: str | None = None) -> Written:
    """Return a pair that fits a cell of `requirement`."""
    return Written(
        prompt=f"Question {number}: who built wall number {number}?", reply=reply or f"People built wall {number}.",
        attrs={**MARKS, "task_type": task_type}, seconds=30.0,
    )  # fmt: skip
