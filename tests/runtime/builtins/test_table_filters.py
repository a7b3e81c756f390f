"""Filters by conditions in programs: what the conformance cases do not say."""

from __future__ import annotations

from datacode import Interpreter
from tests.runtime.builtins.test_tables import ProgramTestCase


class ConditionTests(ProgramTestCase):
    """``table_filter``, ``table_where`` with a text, ``t['...']``."""

    def assertItems(self, expected: str, *expressions: str) -> None:
        """The items of the filtered tables."""
        for expression in expressions:
            self.assertPrints(f"[{expected}]", f"extend(({expression}).item, [])")

    def test_three_parts(self) -> None:
        """``column operator value`` in any spacing and any letter case of the operator."""
        self.assertItems("nut", "table_filter(stock, ' n   >\t5 ')", "stock['n > 5']")
        self.assertItems(
            "bolt, board", "table_filter(stock, 'item like bo%')", "stock['item LIKE bo%']"
        )
        self.assertItems("pin", "stock['n = null']", "table_where(stock, 'n == null')")
        self.assertItems("", "stock['n = \"3\"']", "stock['n = item']")

    def test_expressions(self) -> None:
        """Everything else is an expression over the cells."""
        self.assertItems(
            "nut, board", "stock['n>3']", "stock['n > 3 and true']", "stock['isset(n) and n>3']"
        )
        self.assertItems("bolt", "stock['price * 2 == n']", "stock['item = \"bolt\"']")
        self.assertItems("bolt, nut", "stock['price < 2']['n > 0']")

    def test_long_numbers(self) -> None:
        """A bare number of more digits than a number keeps equals its text, and no other."""
        self.run_program(
            "rows = [['40702810900000012345', 1], ['40702810900000012346', 2]]\n"
            "accounts = table(rows, ['a', 'n'])\n"
            "long = 40702810900000012345\n"
        )
        for many in ("accounts", "merge_tables(bulk_create(300, accounts))"):
            for condition in (
                "a = 40702810900000012345", "n > 0 and a == 40702810900000012345",
                "40702810900000012345 = a and true", "a in [5, 40702810900000012345]",
                "a not in [40702810900000012346]", "not a in [40702810900000012346]",
                "a != 40702810900000012346 and n < 40702810900000012345",
                "trim(a) = 40702810900000012345", "if(a = 40702810900000012345, true, false)",
            ):  # fmt: skip
                self.assertPrints("[1]", f'unique({many}["{condition}"].n)')
        self.assertEqual(self.warnings, [])
        self.assertIn(
            "Cannot compare String",
            self.failure("table_filter(accounts, 'true and a >= 40702810900000012345')"),
        )
        for call in (
            "table_where(accounts, 'a', '=', long)", "table_in(accounts, 'a', [long])",
            "table_between(accounts, 'a', long, long)",
        ):  # fmt: skip
            self.warnings.clear()
            self.assertPrints("0", f"len({call})")
            self.assertEqual([each.code for each in self.warnings], ["texts_beside_number"], call)

    def test_names_of_the_program(self) -> None:
        """Variables and functions of the program, of a calling function too."""
        self.run_program(
            "least = 4\n"
            "function above(t, limit) do\nreturn t['n > limit and n > least']\nendfunction"
        )
        self.assertItems("nut, board", "stock['n > least or false']")
        self.assertItems("nut", "above(stock, 6)")

    def test_column_or_condition(self) -> None:
        """A text that is no condition is a column that does not exist."""
        for text in ("x", "no such column", "n", "a + b", "a.b", "unit price"):
            if text != "n":
                self.assertEqual(
                    self.failure(f"stock['{text}']"), f"Column '{text}' not found in table"
                )
        self.assertEqual(self.failure("stock['a >']"), "Column 'a >' not found in table")
        self.assertEqual(self.failure("stock['x > 1']"), "Column 'x' not found")
        self.assertPrints("Column(n > 1)", "table([[1]], ['n > 1'])['n > 1']")

    def test_errors_within_errors(self) -> None:
        """A condition that fails in a condition, and so on, is not told without end."""
        text = (
            "t = table([[1]], ['n'])\nfunction f(x) do\nreturn table_filter(t, 'f(n) > 0')\n"
            "endfunction\nf(1)"
        )
        found = str(Interpreter(recursion_limit=400).run(text).error)
        self.assertIn("условии фильтрации: Runtime Error at line 3: Превышена", found[-200:])
        self.assertLess(len(found), 20_000)

    def test_one_language(self) -> None:
        """An error that another one quotes is in the reader's language, without another prefix."""
        text = "t = table([[1]], ['n'])\ntable_filter(t, 'n > 1 or nosuch')"
        error = Interpreter().run(text).error
        assert error is not None
        self.assertEqual(
            error.render("ru"), "Ошибка в условии: переменная 'nosuch' не определена (строка 2)"
        )
        self.assertEqual(
            error.render("en"),
            "Runtime Error at line 2: Error in the filter condition: "
            "Variable Error at line 2: Variable 'nosuch' not found",
        )

    def test_errors(self) -> None:
        """What goes wrong in a condition is told with its own error inside."""
        self.assertEqual(
            self.failure("stock['n > 1 or nosuch']"),
            "Ошибка в условии фильтрации: Variable Error at line 1: Variable 'nosuch' not found",
        )
        self.assertEqual(
            self.failure("table_filter(stock, 'n + 1 + 1')"),
            "Условие фильтрации должно возвращать boolean",
        )
        self.assertEqual(
            self.failure("table_filter(stock, 'a b c d')"),
            "Invalid filter condition: 'a b c d'. Expected format: 'column operator value'",
        )
        self.assertEqual(self.failure("table_filter(stock, 'n is 3')"), "Unsupported operator: is")

    def test_columns_with_odd_names(self) -> None:
        """Columns called as words of the language, twice, or not by a name at all."""
        self.run_program("t = table([[1, 2, 3, 4]], ['if', 'a', 'a', 'unit price'])")
        self.assertPrints("1", "len(table_query(t, 'a == 2'))", "len(t['a < 3'])")
        self.assertPrints("1", "len(table_where(t, 'unit price', '=', 4))")

    def test_users_functions_in_conditions(self) -> None:
        """A function of the program may filter tables itself."""
        self.run_program(
            "function has(name) do\n"
            "return len(table_where(stock, 'item', '=', name)) > 0\nendfunction"
        )
        self.assertItems("bolt, nut, pin, board", "stock['has(item)']")


class WhereTests(ProgramTestCase):
    """``table_where`` with a column, an operator and a value."""

    def test_arguments(self) -> None:
        """By name; three arguments are too few."""
        self.assertPrints("1", "len(table_where(stock, col='n', op='>', value=5))")
        self.assertPrints("1", "len(table_where(stock, 'n', '=', value=null))")
        self.assertPrints("1", "len(table_where(table=stock, condition='n > 5'))")
        self.assertPrints("1", "len(table_where(stock, condition='n = null'))")
        for call, count in (
            ("stock, 'n', '='", 3),
            ("stock, op='=', value=5", 3),
            ("stock, 'n', condition='n > 5'", 3),
            ("stock, op='='", 2),
            ("table=stock", 1),
        ):
            self.assertEqual(
                self.failure(f"table_where({call})"),
                f"Function 'table_where' expects 4-4 arguments, got {count}",
            )

    def test_in_a_column(self) -> None:
        """The values of ``IN`` may be a column."""
        self.assertPrints("2", "len(table_where(stock, 'n', 'IN', table([[3], [5]], ['v']).v))")
        self.assertEqual(
            self.failure("table_where(stock, 'n', 'IN', 3)"),
            "The operator IN needs an array of values",
        )
