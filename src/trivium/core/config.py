"""What a recipe's section becomes: a frozen config, and the two marks its fields may wear."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


class Config(BaseModel):
    """Base of every stage's config: frozen, an unknown key is an error, NaN is no number."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True)
class NotIdentity:
    """Marks a field that says how or where, never what: `Annotated[Path, NotIdentity()]` stays out of the id."""


@dataclass(frozen=True)
class FromEnvironment:
    """Marks a field that the named environment variable fills where the recipe is silent."""

    variable: str
