"""What the grammar cannot say: where ``return``, ``break``, ``next`` and ``=`` make sense.

Source: language reference, 6.1, 6.5 to 6.7 and the messages marked † in 9.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from datacode.errors import DataCodeError, Kind
from datacode.i18n.message import Message, parameters
from datacode.language.syntax import nodes
from datacode.language.syntax.grammar import InvalidAssignment

_Names = tuple[str, ...]


def check(program: nodes.Program) -> None:
    """Raise the first error in the text, and set ``depth`` of every ``next``."""
    visits = [iter(_visits(program.body, (), False))]
    while visits:
        inner = next(visits[-1], None)
        if inner is None:
            visits.pop()
        else:
            visits.append(inner)


_Visit = Iterator["_Visit"]


def _visits(
    statements: Sequence[nodes.Statement | InvalidAssignment],
    loops: tuple[_Names, ...],
    in_function: bool,
) -> _Visit:
    """Check the statements; hand out the visits of blocks, to be finished before going on.

    So blocks may nest as deep as the grammar allows without recursion here.
    """
    for statement in statements:
        match statement:
            case nodes.If(branches=branches, otherwise=otherwise):
                for branch in branches:
                    yield _visits(branch.body, loops, in_function)
                yield _visits(otherwise or (), loops, in_function)
            case nodes.For(variables=variables, body=body, closing=closing):
                yield _visits(body, (*loops, variables), in_function)
                if closing is not None and not _closes(closing.names, variables):
                    raise _mismatched(closing, variables)
            case nodes.Try(body=body, handler=handler, final=final):
                yield _visits(body, loops, in_function)
                yield _visits(handler or (), loops, in_function)
                yield _visits(final or (), loops, in_function)
            case nodes.Function(body=body):
                yield _visits(body, (), True)
            case nodes.Next():
                _find_loop(statement, loops)
            case nodes.Break() if not loops:
                raise _error(
                    "break_outside_loop", "break statement must be inside a loop", statement
                )
            case nodes.Return() if not in_function:
                raise _error(
                    "return_outside_function",
                    "return statement must be inside a function",
                    statement,
                )
            case InvalidAssignment():
                raise _error("invalid_assignment", "Invalid assignment", statement)


def _closes(names: _Names, variables: _Names) -> bool:
    """Whether ``next`` with these names belongs to the loop: the first variable, or all of them."""
    return names == variables[:1] or names == variables


def _find_loop(statement: nodes.Next, loops: tuple[_Names, ...]) -> None:
    """Find the loop that the statement means."""
    if not loops:
        raise _error("unexpected_next", "Unexpected next statement outside of for loop", statement)
    for depth, variables in enumerate(reversed(loops)):
        if _closes(statement.names, variables):
            # The tree is frozen for those who get it; it has not been handed out yet.
            object.__setattr__(statement, "depth", depth)
            return
    raise _mismatched(statement, loops[-1])


def _mismatched(statement: nodes.Next, variables: _Names) -> DataCodeError:
    return _error(
        "mismatched_next",
        "Mismatched next: expected 'next {expected}' but found 'next {found}'",
        statement,
        expected=variables[0],
        found=", ".join(statement.names),
    )


def _error(code: str, template: str, node: nodes.Node, **params: object) -> DataCodeError:
    message = Message(code, template, parameters(params))
    return DataCodeError(Kind.SYNTAX, message, line=node.line, column=node.column)
