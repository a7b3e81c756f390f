"""Assignments, and who owns arrays and objects.

Arrays and objects are values: ``b = a`` shares one Python list, and whoever changes it first must
copy it first. To know that a copy is not needed, ``o_x`` beside a variable ``v_x`` holds the list
that the variable owns alone. Code that makes a list for the variable sets it, every read that lets
the list become known elsewhere clears it, and ``o_x is v_x`` says that it may be changed in place.
``n_x`` does the same for the lists within, which are known by their identity.

Source: language reference, 4 and 6.1.
"""

from __future__ import annotations

from datacode.language import python_names
from datacode.language.codegen.elements import Elements
from datacode.language.codegen.growing import Growing
from datacode.language.codegen.variables import Slot
from datacode.language.syntax import nodes


class Assigning(Growing, Elements):
    """The part of the compiler that makes assignments."""

    def assign_variable(self, node: nodes.Assign) -> None:
        """``name = value``, ``global name = value``, ``local name = value``."""
        if node.scope == "global":
            value = self.expression(node.value, keep=True)
            self.store(self.slot(python_names.global_variable(node.name), node.name, False), value)
        elif node.scope == "local":
            value = self.expression(node.value, keep=True)
            self.store(self._innermost(node.name), value)
        elif not (self._grows_array(node) or self._grows_string(node)):
            self.assign_plain(node.name, self.expression(node.value, keep=True))

    def _innermost(self, name: str) -> Slot:
        """The variable that ``local`` sets."""
        if self.in_function:
            return self.slot(python_names.own_variable(name), name, True)
        if not self.blocks:
            return self.slot(python_names.top_level_local(name), name, False)
        return self.in_innermost(name)
