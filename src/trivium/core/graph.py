"""Stages joined by name to a graph, and a graph to a plan: what each stage will make, or which artifact it made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from trivium.core.artifact import Artifact
from trivium.core.errors import RecipeError
from trivium.core.recipe import nearest
from trivium.core.stage import Identity, Input, Stage
from trivium.core.store import Store

Given = str | Artifact | Sequence[str | Artifact] | None
"""What an input is given: the name of a node above, an artifact made elsewhere, several of these, or nothing."""


@dataclass(frozen=True)
class Node:
    """One box of the road: a stage, under a name, with its inputs, its config and its seed."""

    name: str
    stage: Stage[Any]
    config: BaseModel
    inputs: Mapping[str, Given]
    seed: int
    publish: tuple[str, ...] = ()
    """Files of the artifact that are copied into the run's folder for people to open."""

    def parents(self) -> list[str]:
        """Return the names of the nodes that this one takes something from."""
        return [given for value in self.inputs.values() for given in _several(value) if isinstance(given, str)]


class Graph:
    """Nodes in the order they run: each names only nodes above it."""

    def __init__(self, name: str, nodes: Sequence[Node]) -> None:
        """Check that names are unique and every input is of the kind that its stage declares."""
        self.name = name
        self.nodes = tuple(nodes)
        above: dict[str, Node] = {}
        for node in self.nodes:
            assert node.name not in above, f"two nodes are called {node.name}"
            assert set(node.inputs) <= set(node.stage.inputs), (
                f"{node.name}: {set(node.inputs)} not in {node.stage.inputs}"
            )
            for parameter, declared in node.stage.inputs.items():
                _check(node, parameter, declared, above)
            above[node.name] = node

    def node(self, name: str) -> Node:
        """Return the node of that name; raise naming the nearest."""
        names = [node.name for node in self.nodes]
        if name not in names:
            raise RecipeError(f"no stage `{name}`{nearest(name, names)}", do=f"stages: {', '.join(names)}")
        return self.nodes[names.index(name)]

    def until(self, name: str | None) -> Graph:
        """Return the graph of that node and everything it hangs on; the whole graph for None."""
        if name is None:
            return self
        wanted = {self.node(name).name}
        for node in reversed(self.nodes):
            if node.name in wanted:
                wanted.update(node.parents())
        return Graph(self.name, [node for node in self.nodes if node.name in wanted])


@dataclass(frozen=True)
class Step:
    """One node of a plan: the identity of what it makes, its inputs' ids, and the artifact where it is made."""

    node: Node
    identity: Identity
    inputs: dict[str, str | list[str] | None]
    artifact: Artifact | None

    @property
    def id(self) -> str:
        """The id of what this step makes or made."""
        return self.identity.id

    @property
    def source_changed(self) -> bool:
        """Whether the stage's code changed since the artifact was made, though its version did not."""
        return self.artifact is not None and self.artifact.manifest.source_hash != self.node.stage.source_hash


def plan(graph: Graph, store: Store) -> list[Step]:
    """Return every node with the id of what it makes; ids follow from settings alone, so nothing needs to run."""
    ids: dict[str, str] = {}
    steps = []
    for node in graph.nodes:
        inputs = {parameter: _ids(node.inputs.get(parameter), ids) for parameter in node.stage.inputs}
        identity = node.stage.identity(node.config, node.seed, inputs)
        ids[node.name] = identity.id
        steps.append(Step(node, identity, inputs, store.find(identity.id)))
    return steps


def _check(node: Node, parameter: str, declared: Input, above: Mapping[str, Node]) -> None:
    given = node.inputs.get(parameter)
    assert given is not None or declared.optional, f"{node.name}: {parameter} is not given"
    assert given is None or isinstance(given, str | Artifact) != declared.many, (
        f"{node.name}: {parameter}: one or many?"
    )
    for one in _several(given):
        if isinstance(one, str):
            assert one in above, f"{node.name}: {parameter} names `{one}`, which does not stand above it"
        kind = above[one].stage.output if isinstance(one, str) else type(one)
        assert issubclass(kind, declared.kind), (
            f"{node.name}: {parameter} wants {declared.kind.kind}, given {kind.kind}"
        )


def _several(given: Given) -> Sequence[str | Artifact]:
    if given is None:
        return ()
    return (given,) if isinstance(given, str | Artifact) else given


def _ids(given: Given, ids: Mapping[str, str]) -> str | list[str] | None:
    found = [ids[one] if isinstance(one, str) else one.id for one in _several(given)]
    if given is None:
        return None
    return found[0] if isinstance(given, str | Artifact) else found
