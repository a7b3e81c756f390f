"""Plans for people to read: what has been decided for each statement, with the types of values.

Variables have their Python names, so that a plan can be held beside the Python made of it
(``listing``). ``<type>`` stands behind what is read or computed, unless nothing is known of it or
it is a bool.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from datacode.language.analysis import plan
from datacode.language.analysis.type_sets import (
    ANY,
    ARRAY,
    BOOL,
    FRACTION,
    INTEGER,
    NULL,
    OBJECT,
    OTHER,
    OWN,
    STRING,
    elements_of,
)
from datacode.values.text import printed

_TYPES = {
    STRING: "string",
    BOOL: "bool",
    NULL: "null",
    ARRAY: "array",
    OBJECT: "object",
    OTHER: "other",
}

_LONGEST = 200
"""Characters of an expression; a plan is to be read."""


def plan_listing(unit: plan.Unit) -> list[str]:
    """The lines of a plan."""
    head = f"{unit.kind} {unit.name}({', '.join(unit.parameters)})"
    lines = [f"{head} -> {_type_name(unit.returns)}"]
    if unit.unset:
        lines.append(f"    may be unset: {', '.join(sorted(unit.unset))}")
    if unit.owners:
        lines.append(f"    may own: {', '.join(slot.python for slot in unit.owners)}")
    for (name, given), (python, types) in unit.asked.items():
        types_given = ", ".join(map(_type_name, given))
        called = f"{python} is" if python else "types of"
        lines.append(f"    {called} {name}({types_given}) -> {_type_name(types)}")
    lines += [f"    {line}" for line in _block(unit.body)]
    return lines


def _block(statements: Sequence[plan.Stmt]) -> Iterator[str]:
    for each in statements:
        yield from _statement(each)


def _inner(statements: Sequence[plan.Stmt]) -> Iterator[str]:
    return (f"    {line}" for line in _block(statements))


def _statement(node: plan.Stmt) -> Iterator[str]:
    line = f"{node.at[0]}: "
    match node:
        case plan.Store(targets=targets, value=value):
            yield f"{line}{_targets(targets)} = {_shown(value)}"
        case plan.AppendArray(target=target, item=item, function=function):
            owned = " owned" if node.is_owned else ""
            yield f"{line}{function} to{owned} {_targets([target])}: {_shown(item)}"
        case plan.AppendText(target=target, added=added):
            texts = " + ".join(_shown(each.value) for each in added)
            yield f"{line}append to {_targets([target])}: {texts}"
        case plan.AppendByType(target=target, text=text, value=value):
            yield f"{line}if {_shown(node.read)} is a string"
            yield from _inner([text])
            yield f"{line}else"
            yield f"    {line}{_targets([target])} = {_shown(value)}"
        case plan.AddOne(target=target, added=added):
            yield f"{line}number or string {_targets([target])} += {_shown(added.value)}"
        case plan.StoreElement():
            yield f"{line}{_into(node)} = {_shown(node.value)}"
        case plan.Evaluate(value=value):
            yield f"{line}{_shown(value)}"
        case plan.ThrowPlan(value=value):
            yield f"{line}throw {_shown(value)}"
        case plan.ReturnPlan(value=value):
            yield f"{line}return" if value is None else f"{line}return {_shown(value)}"
        case plan.BreakPlan():
            yield f"{line}break"
        case plan.NextPlan(depth=depth):
            yield f"{line}next" + (f" of the loop {depth} further out" if depth else "")
        case plan.IfPlan():
            yield from _if(node)
        case plan.ForPlan():
            yield from _for(node)
        case plan.TryPlan():
            yield from _try(node)
        case plan.Promoted(promotions=promotions, statement=statement):
            names = (f"{each.outer.python} as {each.inner.python}" for each in promotions)
            yield f"{line}in locals: {', '.join(names)}"
            yield from _inner([statement])
        case _:
            yield f"{line}{node.__class__.__name__}"


def _targets(targets: Sequence[plan.AssignTarget]) -> str:
    shown = []
    for each in targets:
        word = {None: "", "set": " if set", "exists": " if it exists"}[each.test]
        shown.append(each.slot.python + word + (" (announced)" if each.is_announced else ""))
    return ", else ".join(shown)


def _into(node: plan.StoreElement) -> str:
    targets = []
    for each in node.targets:
        owned = "owned " if each.is_owned else ""
        targets.append(f"{owned}{each.slot.python}{_typed(each.type)}")
    steps = [
        f".{step.index.value}"
        if step.is_member and isinstance(step.index, plan.Const)
        else f"[{_shown(step.index)}]"
        for step in node.path
    ]
    return f"({', else if set '.join(targets)}){''.join(steps)}"


def _if(node: plan.IfPlan) -> Iterator[str]:
    word = "if"
    for branch in node.branches:
        yield f"{branch.at[0]}: {word} {_shown(branch.condition)}"
        yield from _inner(branch.body)
        word = "else if"
    if node.otherwise is not None:
        yield f"{node.at[0]}: else"
        yield from _inner(node.otherwise)


def _for(node: plan.ForPlan) -> Iterator[str]:
    outlined = " in a function of its own" if node.is_outlined else ""
    for loop in (*node.versions, node.rest):
        yield f"{node.at[0]}: for {', '.join(loop.variables)} in {_source(node, loop)}{outlined}"
        if loop.shadow is not None:
            yield f"    beside it, if of use: {loop.shadow}"
        if loop.cells is not None:
            yield f"    cells of the row: {', '.join(loop.cells)}"
        if loop.unset:
            yield f"    unset at each step: {', '.join(loop.unset)}"
        if loop.fold is not None:
            fold = loop.fold
            slots = [each.slot for each in (*fold.accumulators, *fold.arrays, *fold.set)]
            slots += [each.slot for each in fold.objects]
            names = ", ".join(slot.python for slot in slots)
            yield f"    for many rows at once, if the table is long: {names}"
        yield from _inner(loop.body)


def _source(node: plan.ForPlan, loop: plan.Loop) -> str:
    source = loop.source
    if isinstance(source, plan.Range):
        return f"range({', '.join(map(_shown, source.bounds))})"
    assert node.value is not None
    value = _shown(node.value)
    if isinstance(source, plan.Elements):
        return f"{source.how} of {value}"
    if source.positions is None:
        return f"column of numbers {value}"
    cells = ", ".join(map(str, source.positions))
    numbers = f", numbers in {', '.join(map(str, source.numbers))}" if source.numbers else ""
    return f"cells {cells} of table {value}{numbers}"


def _try(node: plan.TryPlan) -> Iterator[str]:
    yield f"{node.at[0]}: try" + (" in a function of its own" if node.is_outlined else "")
    yield from _inner(node.body)
    if node.handler is not None:
        target = node.handler.target
        yield f"{node.at[0]}: catch" + (f" {_targets([target])}" if target else "")
        yield from _inner(node.handler.body)
    if node.final is not None:
        outlined = " in a function of its own" if node.is_final_outlined else ""
        yield f"{node.at[0]}: finally{outlined}"
        yield from _inner(node.final)


# Expressions -----------------------------------------------------------------------------


def _shown(node: plan.Expr) -> str:
    text = _expression(node)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _expression(node: plan.Expr) -> str:
    match node:
        case plan.Const(value=value):
            return repr(value) if isinstance(value, str) else printed(value)
        case plan.OperationPlan():
            return _operations(node)
        case plan.Read(slot=slot):
            words = ("" if node.certain else "?") + (" (released)" if node.released else "")
            return f"{slot.python}{words}{_typed(node.type)}"
        case plan.ReadFirst(reads=reads):
            return f"({' if set, else '.join(map(_expression, reads))})"
        case plan.CacheDef(python=python, value=value):
            return f"({python} := {_expression(value)})"
        case plan.Cell(python=python) | plan.CacheUse(python=python):
            return f"{python}{_typed(node.type)}"
        case plan.Element(base=base, index=index):
            return f"{_expression(base)}[{_expression(index)}]{_typed(node.type)}"
        case plan.Field(base=base, name=name):
            return f"{_expression(base)}.{name}{_typed(node.type)}"
        case plan.CallUser(python=python, arguments=arguments):
            return f"{python}({_expressions(arguments)}){_typed(node.type)}"
        case plan.CallBuiltin(name=name, arguments=arguments):
            return f"{name}({_expressions(arguments)}){_typed(node.type)}"
    return f"{_rest(node)}{_typed(node.type)}"


def _rest(node: plan.Expr) -> str:
    match node:
        case plan.ArrayLiteral(elements=elements):
            return f"[{_expressions(elements)}]"
        case plan.ObjectLiteral(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return f"{{{', '.join(f'{key}: {_expression(value)}' for key, value in pairs)}}}"
        case plan.Negate(operand=operand):
            return f"-{_expression(operand)}"
        case plan.Not(operand=operand):
            return f"not {_expression(operand)}"
        case plan.IsMultiple(value=value, divisor=divisor):
            word = "no multiple" if node.is_negated else "multiple"
            return f"({_expression(value)} is {word} of {_expression(divisor)})"
        case plan.RowCell(position=position):
            return f"cell {position}"
        case plan.Captured(name=name):
            return f"variable {name}"
        case plan.Length(value=value):
            return f"len({_expression(value)})"
        case plan.IsInstance(value=value, word=word):
            return f"isinstance({_expression(value)}, {word})"
        case plan.IsSet(possible=possible):
            return f"isset({', '.join(each.slot.python for each in possible)})"
        case plan.CallLoose(name=name, arguments=given):
            return f"{name}({', '.join(map(_argument, given))})"
        case plan.CallWrong(name=name, arguments=arguments, why=why):
            return f"{name}({_expressions(arguments)}) (wrong: {why})"
        case plan.RowTestPlan(operator=operator, operands=operands):
            negated = "not " if node.is_negated else ""
            return f"({negated}{operator}: {_expressions(operands)})"
        case plan.ChoicePlan(branches=branches, otherwise=otherwise):
            cases = [f"{_expression(test)}: {_expression(value)}" for test, value in branches]
            return f"case({', '.join([*cases, _expression(otherwise)])})"
    return node.__class__.__name__


def _expressions(nodes: Sequence[plan.Expr]) -> str:
    return ", ".join(map(_expression, nodes))


def _argument(argument: plan.Argument) -> str:
    if argument.name is not None:
        return f"{argument.name}={_expression(argument.value)}"
    return ("*" if argument.is_spread else "") + _expression(argument.value)


def _operations(node: plan.OperationPlan) -> str:
    """A row of operations, which is deep on its left, from left to right."""
    row: list[plan.OperationPlan] = []
    first: plan.Expr = node
    while isinstance(first, plan.OperationPlan):
        row.append(first)
        first = first.left
    parts = [_expression(first)]
    for each in reversed(row):
        bounds = getattr(each, "bounds", None)
        within = f" (from {bounds[0]!r} to {bounds[1]!r})" if bounds else ""
        parts.append(f" {each.operator} {_expression(each.right)}{within}){_typed(each.type)}")
    return "(" * len(row) + "".join(parts)


# Types -------------------------------------------------------------------------------------


def _typed(types: int) -> str:
    return "" if types in (ANY, BOOL) else f"<{_type_name(types)}>"


def _type_name(types: int) -> str:
    """The types of a set, as ``number | null``, ``array of string``."""
    if types & OWN == OWN:
        return "any"
    names = []
    if types & INTEGER:
        names.append("number" if types & FRACTION else "integer")
    elif types & FRACTION:
        names.append("fraction")
    names += [name for own, name in _TYPES.items() if types & own]
    text = " | ".join(names) or "nothing"
    inner = elements_of(types)
    if types & (ARRAY | OBJECT) and inner & OWN and inner & OWN != OWN:
        text += f" of {_type_name(inner & OWN)}"
    return text
