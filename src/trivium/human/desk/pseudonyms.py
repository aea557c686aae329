"""A new person to a pseudonym that says nothing about them: a bird and two digits."""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from trivium.human.store.people import Person

BIRDS = (
    "avocet", "bittern", "bunting", "coot", "crane", "curlew", "dipper", "dotterel", "dunlin", "eider", "finch",
    "fulmar", "gannet", "godwit", "grebe", "gull", "heron", "hoopoe", "ibis", "jackdaw", "jay", "kestrel", "kite",
    "knot", "lapwing", "lark", "linnet", "martin", "merlin", "nightjar", "nuthatch", "oriole", "osprey", "ouzel",
    "owl", "petrel", "pipit", "plover", "puffin", "quail", "rail", "raven", "redstart", "robin", "rook", "ruff",
    "sandpiper", "serin", "shrike", "siskin", "skua", "snipe", "starling", "stilt", "stork", "swallow", "swan",
    "swift", "teal", "tern", "thrush", "treecreeper", "turnstone", "wagtail", "warbler", "wheatear", "whinchat",
    "wigeon", "wren", "wryneck", "yellowhammer",
)  # fmt: skip


def new_pseudonym(db: Session) -> str:
    """Return a pseudonym that nobody has; drawn at random, so that it does not tell who came when."""
    for digits in (2, 2, 2, 2, 3, 3, 4, 6, 9):
        name = f"{secrets.choice(BIRDS)}-{secrets.randbelow(10**digits):0{digits}d}"
        if db.scalar(select(Person.id).where(Person.pseudonym == name)) is None:
            return name
    raise AssertionError("nine draws from a growing range found no free pseudonym")
