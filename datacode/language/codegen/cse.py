"""Parts of values that are read again (``analysis.subexpressions``) are read once.

The first of several equal expressions leaves its value in ``m1``, ``m2``, …, and so what has been
found out of its type is known for the others too.
"""

from __future__ import annotations

from datacode.language import python_names
from datacode.language.analysis.flow import CachedRead
from datacode.language.analysis.subexpressions import variables_of
from datacode.language.codegen.builder import STEADY, Builder, Operand
from datacode.language.codegen.evaluation_order import flatten
from datacode.language.codegen.subscripts import cell_of_row, index, member
from datacode.language.syntax import nodes


def read_part(b: Builder, node: nodes.Index | nodes.Member, keep: bool) -> Operand:
    """``base[index]`` or ``base.name``."""
    cell = cell_of_row(b, node)
    if cell is not None:
        return cell
    state = b.flow.state
    key = b.subexpressions.key(b.flow, node)
    cached = None if key is None else state.cached.get(key)
    if cached is None:
        if isinstance(node, nodes.Index):
            operand = flatten(b, index(b, node, keep=keep))
        else:
            operand = flatten(b, member(b, node, keep=keep))
        if key is None:
            return operand
        python = python_names.cached_part(b.subexpressions.next_number())
        slots = variables_of(b.flow, node) or frozenset()
        cached = CachedRead(python, operand.types, slots)
        b.assign(python, operand.node)
        state = b.flow.state
        state.cached[key] = cached
        state.types[python] = operand.types
    types = state.types.get(cached.python, cached.types)
    value = b.name(cached.python)
    return Operand(value, types, plain=True, steadiness=STEADY, safe=True, slot=cached.python)
