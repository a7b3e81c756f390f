"""The names in generated code: what one side makes the other reads."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode.language import python_names as names

USED = ("x", "_", "_x_y", "w1_i", "v_", "имя", "b1x1_a", "o_", "l_x")
"""Names of variables in programs, some of which look like names in generated code."""


class NameTests(SynchronousTestCase):
    """``language.python_names``."""

    def variables(self, name: str) -> list[str]:
        """The Python names that a variable can have."""
        block = names.block_variable(12, 3, name)
        outside = [names.global_variable(name), names.top_level_local(name)]
        return [*outside, names.own_variable(name), block, names.cell_variable(block, 2)]

    def test_variables(self) -> None:
        """The name in the program is read from each, and who can see the variable."""
        for name in USED:
            for python in self.variables(name):
                self.assertEqual(names.variable_name(python), name)
                self.assertEqual(names.variable_in(f"name '{python}' is not defined"), name)
                self.assertNotEqual(names.is_private(python), names.is_global(python))
                self.assertEqual(
                    names.is_private(names.owner(python)), names.is_private(python), python
                )
                self.assertEqual(names.is_global(names.owner(python)), names.is_global(python))

    def test_no_two_are_the_same(self) -> None:
        """Whatever a program calls its variables and functions."""
        made: list[str] = []
        for name in USED:
            variables = self.variables(name)
            made += [*variables, names.function(name), names.specialization(name, (1, 255))]
            made += [names.shadow(7, python) for python in variables]
            for beside in (names.owner, names.owned_parts, names.only_reference):
                made += map(beside, variables)
        for number in (1, 12):
            for own in (names.temporary, names.cached_part, names.exit_flag, names.loop_element):
                made.append(own(number))
            made.append(names.block_function(number))
        made += [names.DEPTH, names.INDEX, names.EXIT, names.ROW, names.CAPTURED]
        self.assertEqual(len(made), len(set(made)))

    def test_shadows(self) -> None:
        """Number and variable; nothing else is taken for one."""
        for python in self.variables("i"):
            shadow = names.shadow(31, python)
            self.assertEqual((names.shadow_number(shadow), names.shadow_of(shadow)), (31, python))
            self.assertIsNone(names.shadow_number(python))
            self.assertIsNone(names.shadow_of(python))

    def test_functions(self) -> None:
        """Blocks and specializations are none of the program's functions."""
        self.assertEqual(names.function_name(names.function("f_f")), "f_f")
        self.assertIsNone(names.function_name(names.specialization("f", (3,))))
        self.assertIsNone(names.function_name(names.block_function(1)))
        self.assertTrue(names.is_block_function(names.block_function(1)))
        self.assertFalse(names.is_block_function(names.function("_block1")))
