"""A column beside an operator: the error says what to write instead, and that works."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter


class ColumnOperatorTests(SynchronousTestCase):
    """``t["price"] * 2``."""

    def setUp(self) -> None:
        self.interpreter = Interpreter()
        self.addCleanup(self.interpreter.close)
        self.interpreter.run("t = table([[1, 2, 'a'], [3, 4, 'b']], ['price', 'q, n', 'word'])")

    def failure(self, expression: str) -> str:
        """The error of an expression."""
        return str(self.interpreter.run(f"x = {expression}").error)

    def test_what_to_write(self) -> None:
        """The columns, numbers and texts as an expression has them."""
        for expression, suggested in (
            ('t["price"] * 2', "price * 2"),
            ("2 - t.price", "2 - price"),
            ('t["price"] / t["q, n"]', "price / `q, n`"),
            ("t.word + '!'", 'word + "!"'),
            ("t.price % 2", "price % 2"),
            ("t.price ^ 2", "price ^ 2"),
            ("t.price + [1]", "price + ..."),
        ):
            error = self.failure(expression)
            self.assertIn(f"table_add_column(t, 'name', expression='{suggested}')", error)
            if "..." not in suggested:
                program = f"t2 = table_add_column(t, 'name', expression='{suggested}')"
                self.assertIsNone(self.interpreter.run(program).error)
        for expression, suggested in (
            ("t.price > 2", "price > 2"),
            ("3 <= t.price", "3 <= price"),
            ('t["q, n"] < t["price"]', "`q, n` < price"),
        ):
            self.assertIn(f"table_filter(t, '{suggested}')", self.failure(expression))
            program = f"t2 = table_filter(t, '{suggested}')"
            self.assertIsNone(self.interpreter.run(program).error)

    def test_long_operands(self) -> None:
        """What would not be read is left out."""
        self.assertIn("word + ...'", self.failure(f"t.word + '{'x' * 1000}'"))
