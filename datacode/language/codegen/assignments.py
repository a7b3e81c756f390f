"""Assignments to variables, and who owns arrays and objects.

Arrays and objects are values: ``b = a`` shares one Python list, and whoever changes it first must
copy it first. To know that a copy is not needed, ``o_x`` beside a variable ``v_x`` holds the list
that the variable owns alone. Code that makes a list for the variable sets it, every read that lets
the list become known elsewhere clears it, and ``o_x is v_x`` says that it may be changed in place.
``n_x`` does the same for the lists within, which are known by their identity.

Source: language reference, 4 and 6.1.
"""

from __future__ import annotations

from datacode.language.analysis.flow import Flow, Slot
from datacode.language.codegen.append import appends_to_array, appends_to_string
from datacode.language.codegen.builder import Builder
from datacode.language.codegen.variables import assign_name, store
from datacode.language.syntax import nodes


def assign(b: Builder, node: nodes.Assign) -> None:
    """``name = value``, ``global name = value``, ``local name = value``."""
    if node.scope == "global":
        value = b.expression(node.value, keep=True)
        store(b, b.flow.global_slot(node.name), value)
    elif node.scope == "local":
        value = b.expression(node.value, keep=True)
        store(b, _innermost(b.flow, node.name), value)
    elif not (appends_to_array(b, node) or appends_to_string(b, node)):
        assign_name(b, node.name, b.expression(node.value, keep=True))


def _innermost(flow: Flow, name: str) -> Slot:
    """The variable that ``local`` sets."""
    if flow.in_function:
        return flow.own_slot(name)
    if not flow.blocks:
        return flow.top_level_slot(name)
    return flow.in_innermost(name)
