"""Dates and amounts of money compare as what they are, compiled in whatever way."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode.runtime.interpreter import Interpreter

_PAIRS = (
    ('"31.12.2025"', '"01.02.2026"'), ('"1.12.2025"', '"2025-12-02"'), ('"abc"', '"abd"'),
    ('"15.12.2025 9:15:00"', '"15.12.2025 17:18"'), ('"10"', '"9"'), ('"2.1.2024"', '"30"'),
    ('"5 ₽"', '"10 ₽"'), ("money(5)", "money(10)"), ('"$5"', '"$10"'),
    ("2", "10"),
)  # fmt: skip
"""The first of each is less than the second."""

_OPERATORS = (("<", True, False), ("<=", True, False), (">", False, True), (">=", False, True))


class ComparisonTests(SynchronousTestCase):
    """``<`` and its like between two values."""

    def output(self, program: str) -> str:
        """What a program prints."""
        outcome = Interpreter().run(program)
        self.assertIsNone(outcome.error, program)
        return outcome.output

    def test_every_way(self) -> None:
        """Constants, variables of known and of unknown types, parameters, cells of a table."""
        for less, more in _PAIRS:
            for operator, forward, backward in _OPERATORS:
                for left, right, expected in ((less, more, forward), (more, less, backward)):
                    program = (
                        f"print({left} {operator} {right})\n"
                        f"a = {left}\nb = {right}\nprint(a {operator} b)\n"
                        f"print(a {operator} {right}, {left} {operator} b)\n"
                        f"function f(x, y) do\n return x {operator} y\nendfunction\n"
                        "print(f(a, b))\n"
                        f"for x in [a] do\n for y in [b, b] do\n  print(x {operator} y)\n"
                        " next y\nnext x\n"
                        "for x in [a, null] do\n try\n  print(x {0} b)\n catch e\n endtry\n"
                        "next x\n"
                        "t = table([[a, b]], ['a', 'b'])\n"
                        "print(len(table_query(t, 'a {0} b')) == 1)\n"
                    ).replace("{0}", operator)
                    said = set(self.output(program).split())
                    self.assertEqual(said, {str(expected).lower()}, program)

    def test_conditions(self) -> None:
        """In conditions over rows dates are equal in any form; elsewhere texts are texts."""
        rows = "t = table([['1.12.2025', 1], ['2025-12-01', 2], ['2.12.2025', 3]], ['d', 'n'])\n"
        for condition, count in (
            ("d == '01.12.2025' and n > 0", 2), ("d != '01.12.2025' and n > 0", 1),
            ("'01.12.2025' = d or n == 9", 2), ("d = '1.12.2025'", 2), ("d = day and n > 0", 2),
        ):  # fmt: skip
            program = rows + f"day = '01.12.2025'\nprint(len(table_query(t, \"{condition}\")))"
            self.assertEqual(self.output(program), f"{count}\n", condition)
        self.assertEqual(self.output("print('1.12.2025' == '01.12.2025')"), "false\n")

    def test_currencies(self) -> None:
        """Different ones do not compare, nor do they add up."""
        for program, error in (
            (
                "print(money(5) < money(5, 'EUR'))",
                "Cannot compare $5.00 and 5 EUR: the currencies are different",
            ),
            ("print(sum(['$5', '5 €']))", "Amounts in different currencies: $5 and 5 €"),
            ("print(money(5) < 5)", 'Cannot compare Currency("$5.00") and Number(5.0)'),
        ):
            outcome = Interpreter().run(program)
            assert outcome.error is not None
            self.assertEqual(outcome.error.text, error)

    def test_amounts(self) -> None:
        """Money is added, averaged, converted; what is in both styles is read rightly."""
        program = (
            "print(sum(['100 ₽', '20,50 ₽']), average(['$5', '$7.50', 1]), float('1 234,50 ₽'))\n"
            "print(int(money(7.9)), float('1.234,50 €'), float('1,234.50 EUR'))\n"
            "print(sort(['100 ₽', '20 ₽']), sort(['31.12.2025', '1.2.2025', '2024-05-05']))\n"
            "t = table([['100 ₽', 'a'], ['20,50 ₽', 'a'], ['1 000 ₽', 'b']], ['p', 'k'])\n"
            "print(table_sort(t, 'p')['p'].first, len(table_where(t, 'p', '>', 50)))\n"
            "print(table_group(t, ['k'], {s: ['p', 'sum'], m: ['p', 'max']}).rows.rows)\n"
            "print(len(table_between(t, 'p', '20 ₽', '100 ₽')))\n"
            "print(len(table_where(t, 'p', '=', '$100')))"
        )
        self.assertEqual(
            self.output(program).splitlines(),
            [
                "120.5 4.5 1234.5",
                "7 1234.5 1234.5",
                "[20 ₽, 100 ₽] [2024-05-05, 1.2.2025, 31.12.2025]",
                "20,50 ₽ 2",
                "[[a, 120.5, 100 ₽], [b, 1000, 1 000 ₽]]",
                "2",
                "0",
            ],
        )

    def test_conditions_of_any_length(self) -> None:
        """Short and long tables give the same rows, whatever texts are among the cells."""
        cells = ["1.12.2025", "2025-12-31", "н/д", "15.12.2025 9:15", "5 ₽", "€7", "x"]
        conditions = (
            "d >= '02.12.2025' and n >= 0", "d < '2025-12-31' and n >= 0", "d > 'а' and n >= 0",
            "d == '01.12.2025' and n >= 0", "d != '01.12.2025' and n >= 0", "d > '6 €' and n >= 0",
        )  # fmt: skip
        for kept in (cells[:4], cells[2:], cells):
            rows = f"cells = {kept}\nrows = []\nfor i in range(COUNT) do\n"
            rows += f"  rows = push(rows, [cells[i % {len(kept)}], i % {len(kept)}])\nnext i\n"
            for condition in conditions:
                program = rows + (
                    "t = table(rows, ['d', 'n'])\n"
                    f'print(unique(table_query(t, "{condition}")["n"]))'
                )
                outputs = set()
                for count in (2 * len(kept), 100 * len(kept) + 500 - 500 % len(kept)):
                    outcome = Interpreter().run(program.replace("COUNT", str(count)))
                    outputs.add(str(outcome.error) if outcome.error else outcome.output)
                self.assertEqual(len(outputs), 1, (kept, condition, outputs))

    def test_two_columns_of_dates(self) -> None:
        """Row by row and all at once, with times on one side."""
        program = (
            "rows = []\nfor i in range(COUNT) do\n  day = str(10 + i % 20)\n"
            "  rows = push(rows, ['15.12.2025 9:00', day + '.12.2025', '2025-12-' + day, i % 20])\n"
            "next i\nt = table(rows, ['a', 'b', 'c', 'n'])\n"
            "for sign in ['<', '<=', '==', '!=', '>=', '>'] do\n"
            "  print(unique(table_query(t, 'a ' + sign + ' b')['n']))\n"
            "  print(unique(table_query(t, 'b ' + sign + ' c')['n']))\nnext sign"
        )
        outputs = {self.output(program.replace("COUNT", str(n))) for n in (20, 600)}
        self.assertEqual(len(outputs), 1)
        self.assertTrue(outputs.pop().startswith("[6, 7, 8,"))
