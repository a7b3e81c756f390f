"""Which loops over tables could be one expression, and which.

A loop that picks rows by conditions and adds up, counts, looks for the greatest or least value,
collects values or adds by a key does what functions of the library do for all rows at once:
``sum(table_query(t, "city == 'Rome'")["price"])``. Sums agree but for the last digits, all else
is equal, as long as no cell makes the loop fail, and a table without rows has no greatest value.

What is a table is known from what makes it in the text, and from the variables of the session.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from datacode.i18n.message import Message
from datacode.language.analysis.builtin_info import Builtins
from datacode.language.analysis.infer import constant_position
from datacode.language.analysis.scopes import walk
from datacode.language.analysis.type_sets import ANY, BOOL, NULL, NUMBER, STRING, only
from datacode.language.syntax import nodes
from datacode.language.tools.condition_text import NotWritable, column_text, condition_text

MAX_RESULTS = 4
"""Loops that compute more are not said to be one expression."""

MAX_STATEMENTS = 40
"""Statements of a loop that is looked at."""

_KNOWN = Message(
    "loop_as_expression", "The same without a loop, for all rows at once: {expression}"
)
_UNKNOWN = Message(
    "loop_as_expression_of_columns",
    "The same without a loop, for all rows at once: {expression}; {columns} stand for the names of "
    "the columns",
)

_SAME_COLUMNS = frozenset(
    (
        *("table_filter", "table_where", "table_query", "table_sort", "table_head", "table_tail"),
        *("table_between", "table_in", "table_is_null", "table_not_null", "table_sample"),
    )
)
"""Functions whose result has the columns of their first argument."""

Columns: TypeAlias = "Sequence[str] | None"
"""The names of a table's columns; None where they are not known."""

Tables: TypeAlias = "Mapping[str, Columns]"


def loop_advice(
    program: nodes.Program, tables: Tables, builtins: Builtins
) -> Iterator[tuple[nodes.For, Message]]:
    """The loops, each with what to say of it.

    ``tables`` are the variables of the session that hold tables.
    """
    names = _Names(program, tables, builtins)
    if not names.loops:
        return
    for block in names.blocks:
        for index, statement in enumerate(block):
            if isinstance(statement, nodes.For):
                try:
                    message = _Loop(statement, block[:index], names).message()
                except NotWritable:
                    continue
                yield statement, message


class _Names:
    """What the names of a program stand for, as far as the text tells."""

    def __init__(self, program: nodes.Program, tables: Tables, builtins: Builtins) -> None:
        self.builtins = builtins
        self.loops = False
        self.blocks: list[tuple[nodes.Statement, ...]] = [program.body]
        self.reads: dict[str, int] = {}
        self._tables = tables
        self._assigned: dict[str, list[nodes.Expr]] = {}
        self._bound: set[str] = set()
        self.functions: set[str] = set()
        waiting: list[nodes.Statement] = list(program.body)
        while waiting:
            node = waiting.pop()
            if isinstance(node, nodes.Function):
                self.functions.add(node.name)
                self._bound.update(node.parameters)
                self.blocks.append(node.body)
                waiting += node.body
                continue
            for part in walk([node]):
                self._note(part)

    def _note(self, part: object) -> None:
        match part:
            case nodes.Name(name=name):
                self.reads[name] = self.reads.get(name, 0) + 1
            case nodes.Assign(name=name, value=value):
                self._assigned.setdefault(name, []).append(value)
            case nodes.AssignElement(name=name):
                self._bound.add(name)
            case nodes.For(variables=variables, body=body):
                self.loops = True
                self._bound.update(variables)
                self.blocks.append(body)
            case nodes.If(branches=branches, otherwise=otherwise):
                self.blocks += [each.body for each in branches]
                self.blocks.append(otherwise or ())
            case nodes.Try(variable=name, body=body, handler=handler, final=final):
                self._bound.update(() if name is None else (name,))
                self.blocks += [body, handler or (), final or ()]

    def number_at_start(self, name: str) -> nodes.Expr | None:
        """A number, if the variable is set to numbers and otherwise only adds to itself."""
        if name in self._bound:
            return None
        numbers = 0
        for value in self._assigned.get(name, ()):
            if _number_of(value) is not None:
                numbers += 1
            elif not (
                isinstance(value, nodes.Binary)
                and (_is_name(value.left, name) or _is_name(value.right, name))
            ):
                return None
        return nodes.Number(0, 0, math.nan) if numbers else None

    def is_table(self, name: str, seen: frozenset[str] = frozenset()) -> bool:
        """Is the variable always a table?"""
        if name in self._bound or name in seen:
            return False
        values = self._assigned.get(name)
        if values is None:
            return name in self._tables
        inner = seen | {name}
        return all(self._makes_table(each, inner) for each in values)

    def _makes_table(self, value: nodes.Expr, seen: frozenset[str]) -> bool:
        match value:
            case nodes.Name(name=name):
                return self.is_table(name, seen)
            case nodes.Call(name=name):
                info = self.builtins.get(name)
                return info is not None and info.makes_table and name not in self.functions
            case nodes.Index(base=nodes.Name(name=name), index=nodes.String(value=text)):
                columns = self.columns_of(name, seen)
                return columns is not None and text not in columns and self.is_table(name, seen)
        return False

    def columns_of(self, name: str, seen: frozenset[str] = frozenset()) -> Columns:
        """The names of the columns of a table."""
        if name in self._bound or name in seen:
            return None
        values = self._assigned.get(name)
        if values is None:
            return self._tables.get(name)
        found = [self._columns(each, seen | {name}) for each in values]
        return found[0] if all(each == found[0] for each in found) else None

    def _columns(self, value: nodes.Expr, seen: frozenset[str]) -> Columns:
        match value:
            case nodes.Name(name=name):
                return self.columns_of(name, seen)
            case nodes.Call(name="table", arguments=(_, headers)):
                if isinstance(headers, nodes.NamedArgument):
                    headers = headers.value
                if not isinstance(headers, nodes.Array):
                    return None
                texts = [each.value for each in headers.elements if isinstance(each, nodes.String)]
                return tuple(texts) if len(texts) == len(headers.elements) else None
            case nodes.Call(name=name, arguments=(nodes.Name(name=table), *_)):
                return self.columns_of(table, seen) if name in _SAME_COLUMNS else None
            case nodes.Index(base=nodes.Name(name=name), index=nodes.String(value=text)):
                columns = self.columns_of(name, seen)
                return columns if columns is not None and text not in columns else None
        return None


@dataclass(frozen=True, slots=True)
class _Result:
    """What a loop makes of the rows for which conditions hold.

    ``kind`` is ``+``, ``-``, ``max``, ``min``, ``push`` or ``key``.
    """

    kind: str
    name: str
    conditions: tuple[nodes.Expr, ...]
    value: nodes.Expr
    key: nodes.Expr | None = None


@dataclass(slots=True)
class _Body:
    """The body of a loop, as far as it has been read."""

    results: list[_Result] = field(default_factory=list)
    temporaries: dict[str, nodes.Expr] = field(default_factory=dict)
    statements: int = 0


class _Loop:
    """One loop over a table."""

    def __init__(self, loop: nodes.For, before: Sequence[nodes.Statement], names: _Names) -> None:
        self._loop = loop
        self._before = before
        self._names = names
        self._stand_ins: list[str] = []
        self._table, self._elements = self._visited()
        self._columns = names.columns_of(self._table)
        if not names.is_table(self._table):
            raise NotWritable
        self._body = _Body()
        self._assigned = {
            part.name
            for part in walk(loop.body)
            if isinstance(part, nodes.Assign | nodes.AssignElement)
        }

    def _visited(self) -> tuple[str, str | None]:
        """The table, and the column of it that the loop goes over, if that is no row."""
        match self._loop.iterable:
            case nodes.Name(name=name):
                return name, None
            case nodes.Index(base=nodes.Name(name=name), index=nodes.String(value=column)):
                pass
            case nodes.Member(base=nodes.Name(name=name), name=column, called=False):
                pass
            case _:
                raise NotWritable
        columns = self._names.columns_of(name)
        if len(self._loop.variables) != 1 or columns is None or column not in columns:
            raise NotWritable
        return name, column

    def message(self) -> Message:
        """What to say. Raises ``NotWritable`` where the loop does something else."""
        self._block(self._loop.body, ())
        results = self._body.results
        if not 0 < len(results) <= MAX_RESULTS:
            raise NotWritable
        self._look_at_names()
        texts = [self._expression(each) for each in results]
        expression = "; ".join(dict.fromkeys(texts))
        if not self._stand_ins:
            return _KNOWN.filled(expression=expression)
        columns = ", ".join(dict.fromkeys(self._stand_ins))
        return _UNKNOWN.filled(expression=expression, columns=columns)

    def _look_at_names(self) -> None:
        """Variables that each row sets are read by nobody else; each result is made once."""
        inside: dict[str, int] = {}
        for part in walk(self._loop.body):
            if isinstance(part, nodes.Name):
                inside[part.name] = inside.get(part.name, 0) + 1
        for name in self._body.temporaries:
            if self._names.reads.get(name, 0) != inside.get(name, 0):
                raise NotWritable
        made = [each.name for each in self._body.results]
        if len(set(made)) < len(made) or not set(made).isdisjoint(self._body.temporaries):
            raise NotWritable

    # Statements -------------------------------------------------------------------

    def _block(self, body: Sequence[nodes.Statement], conditions: tuple[nodes.Expr, ...]) -> None:
        skipped: nodes.If | None = None
        for node in body:
            self._body.statements += 1
            if self._body.statements > MAX_STATEMENTS:
                raise NotWritable
            match node:
                case nodes.AssignElement():
                    self._by_key(node, conditions, skipped)
                    skipped = None
                    continue
                case nodes.If() if _starts_key(node):
                    skipped = node
                    continue
            if skipped is not None:
                raise NotWritable
            match node:
                case nodes.If():
                    conditions = self._if(node, conditions)
                case nodes.Assign(scope=None):
                    self._assign(node, conditions)
                case _:
                    raise NotWritable
        if skipped is not None:
            raise NotWritable

    def _if(self, node: nodes.If, conditions: tuple[nodes.Expr, ...]) -> tuple[nodes.Expr, ...]:
        """Reads an ``if``; gives the conditions for what follows it."""
        best = _extreme(node)
        if best is not None:
            kind, name, value = best
            self._look_at(value)
            self._body.results.append(_Result(kind, name, conditions, value))
            return conditions
        known = dict(self._body.temporaries)
        others: tuple[nodes.Expr, ...] = ()
        following = conditions
        for branch in node.branches:
            self._look_at(branch.condition)
            holds = (*others, branch.condition)
            others = (*others, _not(branch.condition))
            if len(branch.body) == 1 and isinstance(branch.body[0], nodes.Next):
                if branch.body[0].depth or following != conditions or len(node.branches) > 1:
                    raise NotWritable
                following = (*conditions, _not(branch.condition))
                continue
            self._block(branch.body, (*conditions, *holds))
        self._block(node.otherwise or (), (*conditions, *others))
        if self._body.temporaries != known:
            raise NotWritable
        return following

    def _assign(self, node: nodes.Assign, conditions: tuple[nodes.Expr, ...]) -> None:
        name, value = node.name, node.value
        if name in self._loop.variables:
            raise NotWritable
        match value:
            case nodes.Call(name="push", arguments=(nodes.Name(name=array), item)):
                if array != name or isinstance(item, nodes.Spread | nodes.NamedArgument):
                    raise NotWritable
                result = _Result("push", name, conditions, item)
            case nodes.Binary(operator="+" | "-" as kind, left=nodes.Name(name=other), right=term):
                if other != name:
                    self._temporary(name, value)
                    return
                result = _Result(kind, name, conditions, term)
            case nodes.Binary(operator="+", left=term, right=nodes.Name(name=other)) if (
                other == name
            ):
                result = _Result("+", name, conditions, term)
            case _:
                self._temporary(name, value)
                return
        self._look_at(result.value)
        self._body.results.append(result)

    def _temporary(self, name: str, value: nodes.Expr) -> None:
        if name in self._body.temporaries:
            raise NotWritable
        self._look_at(value)
        self._body.temporaries[name] = value

    def _look_at(self, value: nodes.Expr) -> None:
        """Of the variables that the loop assigns, an expression reads those that are set."""
        for part in walk([value]):
            match part:
                case nodes.Name(name=name) if name in self._assigned:
                    if name not in self._body.temporaries:
                        raise NotWritable

    def _by_key(
        self, node: nodes.AssignElement, conditions: tuple[nodes.Expr, ...], start: nodes.If | None
    ) -> None:
        """``by[key] = by[key] + value``, perhaps behind ``if not has_key(by, key)``."""
        match node:
            case nodes.AssignElement(
                name=name,
                path=(key,),
                value=nodes.Binary(
                    operator="+",
                    left=nodes.Index(base=nodes.Name(name=other), index=same),
                    right=value,
                ),
            ) if other == name and not isinstance(key, str):
                keys = [same, *_started(start, name)]
                if not all(_is_same(key, each) for each in keys):
                    raise NotWritable
                self._look_at(key)
                self._look_at(value)
                self._body.results.append(_Result("key", name, conditions, value, key))
            case _:
                raise NotWritable

    # Expressions ------------------------------------------------------------------

    def _expression(self, result: _Result) -> str:
        """A statement that makes the result, or the expression that gives it."""
        rows = self._rows(result.conditions)
        name, value = result.name, result.value
        if result.key is not None:
            key = self._column_of(result.key)
            if key is None:
                raise NotWritable
            if _number_of(value) == 1:
                made = f'"{key}", "count"'
            else:
                rows, column = self._with_column(rows, value)
                made = f'"{column}", "sum"'
            return f'table_group({rows}, "{key}", {{{name}: [{made}]}})'
        start = self._start_of(name)
        if result.kind == "push":
            if not isinstance(start, nodes.Array) or start.elements:
                raise NotWritable
            return f"{name} = extend({self._column(rows, value)}, [])"
        first = _number_of(start)
        if result.kind in ("max", "min"):
            if result.conditions:
                raise NotWritable  # of no rows there is no greatest value
            found = f"{result.kind}({self._column(rows, value)})"
            if isinstance(start, nodes.Null):
                return f"{name} = {found}"
            if first is None:
                raise NotWritable
            return f"{name} = {result.kind}({name}, {found})"
        if first is None:
            raise NotWritable
        constant = _number_of(value)
        if constant is None:
            found = f"sum({self._column(rows, value)})"
        else:
            times = "" if constant == 1 else f"{condition_text(value, lambda _: None)} * "
            found = f"{times}len({rows})"
        if result.kind == "+" and first == 0:
            return f"{name} = {found}"
        return f"{name} = {name} {result.kind} {found}"

    def _start_of(self, name: str) -> nodes.Expr | None:
        """What the variable was set to before the loop, in the same block."""
        for statement in reversed(self._before):
            if isinstance(statement, nodes.Assign):
                if statement.name == name:
                    return statement.value
            elif any(
                isinstance(part, nodes.Assign) and part.name == name for part in walk([statement])
            ):
                break
        return self._names.number_at_start(name)

    def _rows(self, conditions: Sequence[nodes.Expr]) -> str:
        """The rows of the table for which the conditions hold."""
        if not conditions:
            return self._table
        if not all(map(self._is_bool, conditions)):
            raise NotWritable  # other values, too, are true in an ``if``
        whole = conditions[0]
        for each in conditions[1:]:
            whole = nodes.Logical(each.line, each.column, "and", whole, each)
        return f'table_query({self._table}, "{condition_text(whole, self._leaf)}")'

    def _column(self, rows: str, value: nodes.Expr) -> str:
        """The values that an expression has for rows."""
        rows, column = self._with_column(rows, value)
        return f'{rows}["{column}"]'

    def _with_column(self, rows: str, value: nodes.Expr) -> tuple[str, str]:
        """Rows with a column of the values that an expression has for them, and its name."""
        column = self._column_of(value)
        if column is not None:
            return rows, column
        text = condition_text(value, self._leaf)
        taken = self._columns or ()
        column = next(each for each in _new_names() if each not in taken)
        return f'table_add_column({rows}, "{column}", expression="{text}")', column

    def _column_of(self, node: nodes.Expr) -> str | None:
        """The name of the column, if the expression is a cell."""
        while isinstance(node, nodes.Name) and node.name in self._body.temporaries:
            node = self._body.temporaries[node.name]
        variables = self._loop.variables
        match node:
            case nodes.Name(name=name) if name in variables:
                if self._elements is not None:
                    return self._elements
                if len(variables) == 1:
                    raise NotWritable
                return self._name_of(variables.index(name), name)
            case nodes.Index(base=nodes.Name(name=name), index=index) if (
                name,
            ) == variables and self._elements is None:
                position = constant_position(index)
                if position is None:
                    raise NotWritable
                return self._name_of(position, f"c{position}")
        return None

    def _name_of(self, position: int, stand_in: str) -> str:
        if self._columns is not None:
            if not -len(self._columns) <= position < len(self._columns):
                raise NotWritable
            found = self._columns[position]
            column_text(found)
            return found
        if position < 0:
            raise NotWritable
        self._stand_ins.append(stand_in)
        return stand_in

    def _leaf(self, node: nodes.Expr) -> nodes.Expr | str | None:
        """Cells by the names of their columns, temporaries by their values."""
        column = self._column_of(node)
        if column is not None:
            return column_text(column)
        match node:
            case nodes.Name(name=name):
                if name in self._body.temporaries:
                    return self._body.temporaries[name]
                if name in (*self._made(), *(self._columns or ())):
                    raise NotWritable
                return name
            case nodes.Call(name=name):
                info = self._names.builtins.get(name)
                if info is None or name in self._names.functions or not info.pure:
                    raise NotWritable
                result = info.result_type([NUMBER] * len(node.arguments))
                if not only(result, NUMBER | STRING | BOOL | NULL):
                    raise NotWritable
        return None

    def _is_bool(self, node: nodes.Expr) -> bool:
        """Has the expression the value true or false, whatever the cells are?"""
        waiting = [node]
        while waiting:
            match waiting.pop():
                case nodes.Logical(left=left, right=right):
                    waiting += [left, right]
                case nodes.Unary(operator="not", operand=operand):
                    waiting.append(operand)
                case nodes.Binary(operator=operator) if operator in _COMPARISONS:
                    pass
                case nodes.Bool():
                    pass
                case nodes.Call(name=name, arguments=arguments):
                    info = self._names.builtins.get(name)
                    if info is None or not only(info.result_type([ANY] * len(arguments)), BOOL):
                        return False
                case _:
                    return False
        return True

    def _made(self) -> Iterator[str]:
        return (each.name for each in self._body.results)


def _new_names() -> Iterator[str]:
    yield "value"
    number = 2
    while True:
        yield f"value_{number}"
        number += 1


# Patterns ---------------------------------------------------------------------------

_SIDES = {"<": ("min", "max"), "<=": ("min", "max"), ">": ("max", "min"), ">=": ("max", "min")}


def _extreme(node: nodes.If) -> tuple[str, str, nodes.Expr] | None:
    """``if value > best do best = value``, perhaps behind ``if best == null`` with the same: which
    it looks for, the variable and the value.
    """
    if node.otherwise is not None or len(node.branches) > 2:
        return None
    bodies = [branch.body for branch in node.branches]
    if not all(len(body) == 1 and isinstance(body[0], nodes.Assign) for body in bodies):
        return None
    (stored,) = bodies[-1]
    assert isinstance(stored, nodes.Assign)
    name, value = stored.name, stored.value
    test = node.branches[-1].condition
    if not isinstance(test, nodes.Binary) or test.operator not in _SIDES:
        return None
    if _is_name(test.right, name) and _is_same(test.left, value):
        kind = _SIDES[test.operator][0]
    elif _is_name(test.left, name) and _is_same(test.right, value):
        kind = _SIDES[test.operator][1]
    else:
        return None
    if len(node.branches) == 2:
        first = node.branches[0]
        (start,) = bodies[0]
        assert isinstance(start, nodes.Assign)
        match first.condition:
            case nodes.Binary(operator="==", left=nodes.Name(name=tested), right=nodes.Null()):
                if tested != name or start.name != name or not _is_same(start.value, value):
                    return None
            case _:
                return None
    return kind, name, value


def _starts_key(node: nodes.If) -> bool:
    """Is it ``if not has_key(by, key) do by[key] = 0 endif``?"""
    match node:
        case nodes.If(
            branches=(
                nodes.Branch(
                    condition=nodes.Unary(operator="not", operand=nodes.Call(name="has_key")),
                    body=(nodes.AssignElement(value=nodes.Number(value=0)),),
                ),
            ),
            otherwise=None,
        ):
            return True
    return False


def _started(node: nodes.If | None, name: str) -> list[nodes.Expr]:
    """The keys that such an ``if`` looks for and sets."""
    if node is None:
        return []
    match node.branches[0]:
        case nodes.Branch(
            condition=nodes.Unary(operand=nodes.Call(arguments=(nodes.Name(name=tested), key))),
            body=(nodes.AssignElement(name=stored, path=(path,)),),
        ) if tested == name == stored and not isinstance(path, str):
            if not isinstance(key, nodes.Spread | nodes.NamedArgument):
                return [key, path]
    raise NotWritable


def _is_name(node: nodes.Expr, name: str) -> bool:
    return isinstance(node, nodes.Name) and node.name == name


def _is_same(one: nodes.Expr, other: nodes.Expr) -> bool:
    """Are two expressions written alike?"""
    waiting: list[tuple[object, object]] = [(one, other)]
    while waiting:
        left, right = waiting.pop()
        if left.__class__ is not right.__class__:
            return False
        if isinstance(left, nodes.Node):
            fields = [name for name in left.__dataclass_fields__ if name not in _PLACES]
            waiting += [(getattr(left, name), getattr(right, name)) for name in fields]
        elif isinstance(left, tuple) and isinstance(right, tuple):
            if len(left) != len(right):
                return False
            waiting += zip(left, right, strict=True)
        elif left != right:
            return False
    return True


_PLACES = frozenset(("line", "column"))


def _not(condition: nodes.Expr) -> nodes.Expr:
    if isinstance(condition, nodes.Binary) and condition.operator in _OPPOSITE:
        opposite = _OPPOSITE[condition.operator]
        place = condition.line, condition.column
        return nodes.Binary(*place, opposite, condition.left, condition.right)
    return nodes.Unary(condition.line, condition.column, "not", condition)


_OPPOSITE = {"==": "!=", "!=": "=="}
_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))


def _number_of(node: nodes.Expr | None) -> float | None:
    match node:
        case nodes.Number(value=value):
            return value
        case nodes.Unary(operator="-", operand=nodes.Number(value=value)):
            return -value
    return None
