"""Elements and members, and those that are read again (``analysis.subexpressions``).

Source: language reference, 5.8.
"""

from __future__ import annotations

from datacode.language import python_names
from datacode.language.analysis import plan, rules
from datacode.language.analysis.flow import CachedRead
from datacode.language.analysis.infer import constant_position
from datacode.language.analysis.slots import Slot
from datacode.language.analysis.subexpressions import variables_of
from datacode.language.analysis.type_sets import ANY, ARRAY, NUMBER, OBJECT, OTHER, STRING, only
from datacode.language.planning.planner import Planner, place
from datacode.language.syntax import nodes


def read_part(p: Planner, node: nodes.Index | nodes.Member, keep: bool) -> plan.Expr:
    """``base[index]`` or ``base.name``; the first of several equal ones is kept for the others."""
    cell = _cell_of_row(p, node)
    if cell is not None:
        return cell
    flow = p.flow
    key = p.subexpressions.key(flow, node)
    cached = None if key is None else flow.state.cached.get(key)
    if cached is not None:
        types = flow.state.types.get(cached.python, cached.types)
        return plan.CacheUse(place(node), types, cached.python)
    made = _element(p, node, keep) if isinstance(node, nodes.Index) else _member(p, node, keep)
    if key is None:
        return made
    python = python_names.cached_part(p.subexpressions.next_number())
    slots = variables_of(flow, node) or frozenset()
    flow.state.cached[key] = CachedRead(python, made.type, slots)
    flow.state.types[python] = made.type
    return plan.CacheDef(place(node), made.type, python, made)


def _cell_of_row(p: Planner, node: nodes.Index | nodes.Member) -> plan.Expr | None:
    """``row[1]`` in a loop over the cells of rows, where there is no row."""
    if not p.row_cells or not isinstance(node, nodes.Index):
        return None
    if not isinstance(node.base, nodes.Name):
        return None
    cells = p.row_cells.get(p.flow.candidates(node.base.name)[0].python)
    position = constant_position(node.index)
    if cells is None or position is None:
        return None
    python = cells[position]
    return plan.Cell(place(node), p.flow.state.types.get(python, ANY), python)


def _element(p: Planner, node: nodes.Index, keep: bool) -> plan.Expr:
    flow = p.flow
    base = p.expression(node.base)
    index = p.expression(node.index)
    types = rules.element(base.type)
    if index.type & STRING and base.type & OTHER:
        flow.release_globals()  # it may be a condition over rows
    if only(base.type, ARRAY):
        flow.refine(plan.variable_of(index), index.type & NUMBER or NUMBER)
    released = _released(p, node, types) if keep else ()
    return plan.Element(place(node), types, base, index, released)


def _member(p: Planner, node: nodes.Member, keep: bool) -> plan.Expr:
    base = p.expression(node.base)
    types = rules.member(node.name, base.type)
    is_length = node.name in rules.LENGTHS and only(base.type, ARRAY | STRING)
    may_be_kept = keep and base.type & OBJECT and not is_length
    released = _released(p, node, types) if may_be_kept else ()
    return plan.Field(place(node), types, base, node.name, released)


def _released(p: Planner, node: nodes.Index | nodes.Member, types: int) -> tuple[Slot, ...]:
    """Of a part that something will hold on to: the variables that own it no longer."""
    root: nodes.Expr = node
    while isinstance(root, nodes.Index | nodes.Member):
        root = root.base
    if not isinstance(root, nodes.Name) or not types & (ARRAY | OBJECT):
        return ()
    return tuple(slot for slot in p.flow.candidates(root.name) if slot.owns_parts)
