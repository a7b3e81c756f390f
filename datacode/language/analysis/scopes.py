"""Which names a function or a chunk of top-level code mentions, and in which ways.

Where a variable lives is decided by the compiler, statement by statement (language reference, 8.2);
what it must know beforehand of code that it is not just compiling is collected here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any

from datacode.language.analysis.builtin_info import Builtins
from datacode.language.syntax import nodes


@dataclass(frozen=True, slots=True)
class Names:
    """The names in some statements.

    ``read`` are variables whose value is used; ``assigned`` those of plain assignments and of
    element assignments; ``changed`` those whose array or object is changed in place, ``deep``
    those changed below the first level; ``bound`` are loop and catch variables. A name is in
    ``calls`` when something of that name is called.
    """

    read: frozenset[str]
    assigned: frozenset[str]
    made_global: frozenset[str]
    made_local: frozenset[str]
    changed: frozenset[str]
    deep: frozenset[str]
    bound: frozenset[str]
    calls: frozenset[str]

    @property
    def variables(self) -> frozenset[str]:
        """Every name of a variable."""
        return self.read | self.assigned | self.made_global | self.made_local | self.bound


def names_of(statements: Iterable[nodes.Statement], builtins: Builtins) -> Names:
    """The names in these statements, without those in functions that they define."""
    found = {each.name: set[str]() for each in fields(Names)}
    for node in walk(statements):
        match node:
            case nodes.Name(name=name):
                found["read"].add(name)
            case nodes.Call(name=name):
                found["calls"].add(name)
            case nodes.Assign(name=name, scope=scope):
                found["assigned" if scope is None else f"made_{scope}"].add(name)
                if grows(node, builtins):
                    found["changed"].add(name)
            case nodes.AssignElement(name=name, path=path):
                for role in ("read", "assigned", "changed"):
                    found[role].add(name)
                if len(path) > 1:
                    found["deep"].add(name)
            case nodes.For(variables=variables):
                found["bound"].update(variables)
            case nodes.Try(variable=str() as variable):
                found["bound"].add(variable)
            case _:
                pass
    return Names(**{role: frozenset(names) for role, names in found.items()})


def grows(node: nodes.Assign, builtins: Builtins) -> bool:
    """Is it ``x = push(x, …)`` or the like?"""
    match node.value:
        case nodes.Call(name=function, positional=(nodes.Name(name=node.name), _)):
            return function in builtins and builtins[function].intrinsic in ("append", "extend")
    return False


def read_in(parts: Iterable[TreeNode]) -> frozenset[str]:
    """The variables that are read, or assigned into, in any of the parts."""
    return frozenset(
        node.name for node in walk(parts) if isinstance(node, nodes.Name | nodes.AssignElement)
    )


TreeNode = nodes.Statement | nodes.Expr | nodes.Spread | nodes.NamedArgument


def walk(parts: Iterable[TreeNode]) -> Iterator[TreeNode]:
    """Every statement and expression in ``parts``, in no particular order.

    Keeps its own stack, so that no tree is too deep for it.
    """
    waiting = list(parts)
    while waiting:
        node = waiting.pop()
        yield node
        inner = _CHILDREN.get(node.__class__)
        if inner is not None:
            waiting.extend(inner(node))


def children(node: TreeNode) -> Sequence[TreeNode]:
    """The statements and expressions directly inside a node; a function's body is not."""
    found = _CHILDREN.get(node.__class__)
    return () if found is None else found(node)


def _of_block_statement(node: Any) -> Sequence[TreeNode]:
    return [*own_expressions(node), *chain.from_iterable(blocks_of(node))]


def _of_assignment_into(node: nodes.AssignElement) -> Sequence[TreeNode]:
    return [node.value, *(step for step in node.path if not isinstance(step, str))]


_CHILDREN: dict[type, Callable[[Any], Sequence[TreeNode]]] = {
    nodes.Binary: lambda node: (node.left, node.right),
    nodes.Logical: lambda node: (node.left, node.right),
    nodes.Call: lambda node: node.arguments,
    nodes.Assign: lambda node: (node.value,),
    nodes.Throw: lambda node: (node.value,),
    nodes.ExpressionStatement: lambda node: (node.value,),
    nodes.Spread: lambda node: (node.value,),
    nodes.NamedArgument: lambda node: (node.value,),
    nodes.Index: lambda node: (node.base, node.index),
    nodes.Member: lambda node: (node.base,),
    nodes.Unary: lambda node: (node.operand,),
    nodes.Array: lambda node: node.elements,
    nodes.RowTest: lambda node: node.operands,
    nodes.Choice: lambda node: [*chain.from_iterable(node.branches), node.otherwise],
    nodes.Object: lambda node: [value for _, value in node.pairs],
    nodes.AssignElement: _of_assignment_into,
    nodes.Return: lambda node: () if node.value is None else (node.value,),
    nodes.If: _of_block_statement,
    nodes.For: _of_block_statement,
    nodes.Try: _of_block_statement,
}
"""What is directly inside the nodes of a class; of all others nothing is."""


def own_expressions(statement: nodes.Statement) -> Sequence[TreeNode]:
    """The expressions directly inside a statement, but for those in its blocks."""
    match statement:
        case nodes.If(branches=branches):
            return [branch.condition for branch in branches]
        case nodes.For(iterable=iterable):
            return [iterable]
        case nodes.Try():
            return ()
        case _:
            return children(statement)


def blocks_of(statement: nodes.Statement) -> Sequence[Sequence[nodes.Statement]]:
    """The blocks directly inside a statement; a function's body is none of these."""
    match statement:
        case nodes.If(branches=branches, otherwise=otherwise):
            return [*(branch.body for branch in branches), otherwise or ()]
        case nodes.For(body=body):
            return [body]
        case nodes.Try(body=body, handler=handler, final=final):
            return [body, handler or (), final or ()]
        case _:
            return ()


class BlockNames:
    """The variables that blocks set and read; what has been found out is kept by the node."""

    def __init__(self) -> None:
        self._assigned: dict[int, frozenset[str]] = {}
        self._read: dict[int, frozenset[str]] = {}

    def assigned_in(self, statements: Sequence[nodes.Statement]) -> frozenset[str]:
        """The variables that statements may set, but for loop and catch variables among them."""
        names: set[str] = set()
        for statement in statements:
            names |= self.assigned_by(statement)
        return frozenset(names)

    def assigned_by(self, node: nodes.Statement) -> frozenset[str]:
        """The same for one statement."""
        match node:
            case nodes.Assign(name=name) | nodes.AssignElement(name=name):
                return frozenset((name,))
            case nodes.For() | nodes.Try() | nodes.If():
                known = self._assigned.get(id(node))
                if known is None:
                    inner = [self.assigned_in(block) for block in blocks_of(node)]
                    known = self._assigned[id(node)] = frozenset[str]().union(*inner)
                return known
            case _:
                return frozenset()

    def read_outside(self, node: nodes.Statement) -> frozenset[str]:
        """The names that a statement reads, except where they mean variables of its loops."""
        known = self._read.get(id(node))
        if known is None:
            known = self._read[id(node)] = self._find_read(node)
        return known

    def _find_read(self, node: nodes.Statement) -> frozenset[str]:
        # Lists: Python limits how deeply C code and the Python code that it calls may nest.
        if isinstance(node, nodes.For):
            inner = frozenset[str]().union(*[self.read_outside(each) for each in node.body])
            return inner.difference(node.variables) | read_in([node.iterable])
        if isinstance(node, nodes.If):
            bodies = [each for block in blocks_of(node) for each in block]
            inner = frozenset[str]().union(*[self.read_outside(each) for each in bodies])
            return inner | read_in([branch.condition for branch in node.branches])
        return read_in([node])
