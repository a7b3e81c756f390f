"""Conditions over rows that compare what never meets, or otherwise than it looks, are told."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode.i18n.message import Message
from datacode.runtime.interpreter import Interpreter


class WarningTestCase(SynchronousTestCase):
    """Programs over a table, and their warnings."""

    def setUp(self) -> None:
        self.warnings: list[Message] = []
        self.interpreter = Interpreter(on_warning=self.warnings.append)
        self.addCleanup(self.interpreter.close)

    def told(self, program: str) -> list[str]:
        """The codes of the warnings of a program that must not fail."""
        self.warnings.clear()
        outcome = self.interpreter.run(program)
        self.assertIsNone(outcome.error, program)
        return [each.code for each in self.warnings]

    def make(self, names: list[str], *rows: str, times: int) -> None:
        """A table ``t`` with these rows so many times, and variables ``limit`` and ``some``."""
        all_rows = ", ".join([*rows] * times)
        named = ", ".join(f"'{name}'" for name in names)
        program = f"t = table([{all_rows}], [{named}])\nlimit = 7\nsome = [7]"
        self.assertEqual(self.told(program), [])


class ConditionWarningTests(WarningTestCase):
    """Of short tables, and of long ones with typed columns."""

    def test_numbers_and_texts(self) -> None:
        """A number is no text, written out or the value of a variable, and no text a number."""
        for times in (1, 400):
            self.make(["n", "a", "b"], "[7, '007', '7']", "[8, 'x', 'x']", times=times)
            for condition, codes in (
                ("n == a", ["numbers_never_equal_texts"]),
                ("1 > 0 and b != n", ["numbers_never_equal_texts"]),
                ("a == b or n > 9", ["keys_look_alike"]),
                ("n == 7 and a == '7'", []),
                ("a = 7", ["texts_beside_number"]),
                ("n = 7", []),
                ("a != 8", []),
                ("n > 1 and a in ['x', 7]", ["texts_beside_number"]),
                ("b == limit and n > 1", ["texts_beside_number"]),
                ("n == limit and b == 'x'", []),
                ("b in some", ["texts_beside_number"]),
                ("7 = b", ["texts_beside_number"]),
                ("a = 40702810900000012345", []),
                ("n == '7' and b == 'x'", ["numbers_beside_text"]),
                ("n in ['7', '8']", ["numbers_beside_text"]),
            ):
                for function in ("table_filter", "table_query"):
                    if function == "table_query" or condition.split()[-1] not in ("a", "x"):
                        call = f'{function}(t, "{condition}")'
                        self.assertEqual(self.told(call), codes, call)
            self.assertEqual(self.told("table_filter(t, \"n = '7'\")"), [])
            self.assertEqual(self.told('t["n = x"]'), ["numbers_beside_text"])
            self.assertEqual(self.told('t["a > 100"]'), ["texts_beside_number_in_order"])

    def test_functions(self) -> None:
        """The filters on one column tell the same."""
        for times in (1, 400):
            self.make(["n", "s"], "[7, '1 234,56']", "[8, '12,50']", times=times)
            for call, codes in (
                ("table_where(t, 'n', '=', '7')", ["numbers_beside_text"]),
                ("table_where(t, 'n', 'LIKE', '7')", []),
                ("table_where(t, 's', '>', 100)", ["texts_beside_number_in_order"]),
                ("table_in(t, 'n', ['7'])", ["numbers_beside_text"]),
                ("table_in(t, 'n', [7])", []),
                ("table_between(t, 's', 0, 1000)", ["texts_beside_number_in_order"]),
                ("table_between(t, 'n', 0, 1000)", []),
            ):
                self.assertEqual(self.told(call), codes, call)

    def test_dates(self) -> None:
        """Texts that are no dates are put in order with a date letter by letter."""
        for times in (1, 400):
            self.make(
                ["d", "day"], "['31.12.2025 г.', '31.12.2025']", "['1.02.2026 г.', null]",
                times=times,
            )  # fmt: skip
            for call, codes in (
                ("table_where(t, 'd', '>=', '01.01.2026')", ["texts_beside_date"]),
                ("table_between(t, 'd', '01.01.2026', '2026-12-31')", ["texts_beside_date"]),
                ("t['d > \"01.01.2026\" and day is null']", ["texts_beside_date"]),
                ('t[\'d between "01.01.2026" and "31.12.2026"\']', ["texts_beside_date"]),
                ("table_where(t, 'd', '=', '01.01.2026')", []),
                ("table_where(t, 'day', '>=', '01.01.2026')", []),
                ("table_where(t, 'd', '>=', '1')", []),
            ):
                self.assertEqual(self.told(call), codes, call)

    def test_words_without_quotes(self) -> None:
        """In brackets a word that names a column or a variable is that; DataCode 1.x has a text,
        which is told."""
        self.make(["price", "qty", "name"], "[9, 2, 'qty']", "[1, 2, 'limit']", times=1)
        for condition in ("price > qty", "price > limit", "price > `qty`"):
            outcome = self.interpreter.run(f'print(t["{condition}"].rows.rows)')
            self.assertEqual(outcome.output, "[[9, 2, qty]]\n", condition)
        self.assertEqual(self.told('t["price > qty"]'), [])
        self.assertEqual(self.told('t["price > qtty"]'), ["numbers_beside_text"])
        self.assertEqual(self.told('t["name = other"]'), [])
        for condition in ("name = qty", "name = limit"):
            self.assertEqual(
                self.told(f'table_filter(t, "{condition}")'), ["condition_word_is_text"]
            )
            outcome = self.interpreter.run(f'print(len(table_filter(t, "{condition}")))')
            self.assertEqual(outcome.output, "1\n")
        self.assertEqual(self.told('table_filter(t, "price > `qty`")'), [])
        inside = (
            'function above(least) do\n  local it = least\n  return len(t["price > it"])\n'
            "endfunction\nprint(above(5))"
        )
        self.assertEqual(self.interpreter.run(inside).output, "1\n")


class TextOrderTests(WarningTestCase):
    """Numbers that are texts are put in order as texts, which is told."""

    def codes(self, *cells: str, function: str = "table_sort(t, 's')") -> list[str]:
        """The codes for a column of these cells, which must be those of a long one, too."""
        rows = [f"[{cell}]" for cell in cells]
        self.make(["s"], *rows, times=1)
        found = self.told(function)
        self.make(["s"], *rows, times=300)
        self.assertEqual(self.told(function), found)
        return found

    def test_order(self) -> None:
        """Not where the order is the same, nor for codes, dates and what is no number."""
        told = ["numbers_ordered_as_texts"]
        self.assertEqual(self.codes("'1 234,56'", "'12,50'"), told)
        self.assertEqual(self.codes("'100'", "'20'", "null"), told)
        self.assertEqual(self.codes("'100 %'", "'20 %'"), told)
        self.assertEqual(self.codes("'100'", "'200'"), [])
        self.assertEqual(self.codes("'0100'", "'20'"), [])
        self.assertEqual(self.codes("'7701234567'", "'5001234567'"), [])
        self.assertEqual(self.codes("'40702810900000012345'", "'5'"), [])
        self.assertEqual(self.codes("'31.12.2025'", "'1.02.2026'"), [])
        self.assertEqual(self.codes("'9:30'", "'10:15'"), [])
        self.assertEqual(self.codes("'100'", "'20'", "'none'"), [])
        self.assertEqual(self.codes("100", "20"), [])
        self.assertEqual(self.codes("7", "'1 000,5'"), ["numbers_ordered_beside_texts"])
        self.assertEqual(self.codes("7", "'none'"), [])

    def test_functions(self) -> None:
        """All that ask for an order."""
        for function in (
            "table_sort(t, ['s'])", "table_top(t, 1, 's')", "table_window(t, {r: ['s', 'rank']})",
            "table_group(t, [], {m: ['s', 'max']})", "table_group(t, [], {m: ['s', 'min']})",
            "table_window(t, {n: ['s', 'row_number']}, [], 's')",
        ):  # fmt: skip
            self.assertEqual(
                self.codes("'100'", "'20'", function=function), ["numbers_ordered_as_texts"]
            )
        self.assertEqual(self.codes("'100'", "'20'", function="table_count(t, 's')"), [])
