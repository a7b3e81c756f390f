"""Who imports whom in ``datacode``, read off the source of every module."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
Graph = Mapping[str, set[str]]


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a module imports; modules are named without ``datacode.``."""

    importer: str
    imported: str
    line: int
    function: int | None
    """The line at which the function begins that it stands in and is run with."""


@cache
def sources() -> dict[str, str]:
    """The text of every module, by its name below ``datacode``; the root is ``""``."""
    found = {}
    for path in sorted((ROOT / "datacode").rglob("*.py")):
        parts = path.relative_to(ROOT / "datacode").with_suffix("").parts
        found[".".join(p for p in parts if p != "__init__")] = path.read_text("utf-8")
    return found


@cache
def trees() -> dict[str, ast.Module]:
    """The syntax tree of every module."""
    return {name: ast.parse(text) for name, text in sources().items()}


@cache
def imports(module: str) -> tuple[Import, ...]:
    """What a module imports, anywhere in it and for type checking too; other packages by name."""
    return tuple(_imports(module))


def _imports(module: str) -> Iterator[Import]:
    functions: dict[ast.AST, int] = {}
    for node in ast.walk(trees()[module]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for within in ast.walk(node):
                functions.setdefault(within, node.lineno)
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{module} imports by a relative name"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in dict.fromkeys(map(_module_of, names)):
            yield Import(module, name, node.lineno, functions.get(node))


def _module_of(name: str) -> str:
    """``values.types`` for ``datacode.values.types.Value``, ``twisted`` for another package's."""
    if name != "datacode" and not name.startswith("datacode."):
        return name.partition(".")[0]
    name = name[len("datacode.") :]
    while name not in sources():
        name = name.rpartition(".")[0]
    return name


def module_graph() -> Graph:
    """For each module those that it imports.

    The root only names what users of the package import from it, and imports that when it is
    asked for: its imports do not count.
    """
    known = sources()
    return {
        name: {i.imported for i in imports(name) if i.imported in known} - {name} if name else set()
        for name in known
    }


def grouped(graph: Graph, nodes: Iterable[str]) -> Graph:
    """The graph of these packages; a module belongs to the innermost of them that it is in."""
    known = set(nodes)
    found: dict[str, set[str]] = {node: set() for node in known}
    for importer, imported in graph.items():
        home = node_of(importer, known)
        found[home] |= {node_of(each, known) for each in imported} - {home}
    return found


def node_of(module: str, nodes: set[str]) -> str:
    """The innermost of these packages that a module is in; ``KeyError`` if there is none."""
    name = module
    while name not in nodes:
        if not name:
            raise KeyError(module)
        name = name.rpartition(".")[0]
    return name


def circles(graph: Graph) -> list[list[str]]:
    """The nodes that reach each other (strongly connected, two or more), each circle once."""
    reached = {node: _reachable(graph, node) for node in graph}
    found = {
        frozenset({other for other in reached[node] if node in reached[other]}) for node in graph
    }
    return sorted(sorted(circle) for circle in found if len(circle) > 1)


def _reachable(graph: Graph, start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - seen
        seen |= new
        waiting += new
    return seen
