"""Loops over tables that could be one expression: which, and that it gives the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.language.syntax.parser import parse
from datacode.language.tools.lint import check
from datacode.language.tools.loop_advice import loop_advice
from datacode.runtime.builtins import BUILTINS
from datacode.values.table import Column, Table
from datacode.values.types import Value

HEADERS = ("город", "число штук", "price", "qty", "paid")
SALES = {"sales": HEADERS}

START = "total = 0\nn = 0\nbest = null\nlow = 1000\nxs = []\nby = {}\nrate = 1.5\nword = 'Тверь'\n"


def loop(body: str, head: str = "for row in sales do", end: str = "next row") -> str:
    """A program with this loop."""
    return f"{START}{head}\n  {body}\n{end}\n"


def advice(program: str, tables: dict[str, Sequence[str] | None] | None = None) -> list[str]:
    """What is said of each loop."""
    found = loop_advice(parse(program), SALES if tables is None else tables, BUILTINS)
    return [message.render("en").split("at once: ")[1] for _, message in found]


class ExpressionTests(SynchronousTestCase):
    """The expressions."""

    def assert_advice(self, program: str, *expected: str) -> None:
        self.assertEqual(advice(program), list(expected), program)

    def test_sums_and_counts(self) -> None:
        self.assert_advice(loop("total = total + row[2]"), 'total = sum(sales["price"])')
        self.assert_advice(loop("n = n + 1"), "n = len(sales)")
        self.assert_advice(loop("total = row[-2] + total"), 'total = sum(sales["qty"])')
        self.assert_advice(loop("total = total - 2"), "total = total - 2 * len(sales)")
        self.assert_advice(
            loop(
                'if row[0] == "Москва" and row[2] > 100 do\n total = total + row[2] * rate\nendif'
            ),
            "total = sum(table_add_column("
            "table_query(sales, \"город == 'Москва' and price > 100\"),"
            ' "value", expression="price * rate")["value"])',
        )
        self.assert_advice(
            loop("total = total + (row[1] - 1) * round(row[2], 2)"),
            'total = sum(table_add_column(sales, "value",'
            ' expression="(`число штук` - 1) * round(price, 2)")["value"])',
        )

    def test_several_at_once(self) -> None:
        self.assert_advice(
            loop(
                "x = row[2] * row[3]\n if x <= 5 do\n next row\n endif\n n = n + 1\n"
                "xs = push(xs, x)"
            ),
            'n = len(table_query(sales, "not (price * qty <= 5)")); xs ='
            ' extend(table_add_column(table_query(sales, "not (price * qty <= 5)"), "value",'
            ' expression="price * qty")["value"], [])',
        )
        self.assert_advice(
            loop("if row[4] == true do\n n = n + 1\n else\n total = total + row[2]\n endif"),
            'n = len(table_query(sales, "paid == true")); total ='
            ' sum(table_query(sales, "paid != true")["price"])',
        )

    def test_extremes(self) -> None:
        first = (
            "if best == null do\n best = row[2]\n else if best < row[2] do\n best = row[2]\n endif"
        )
        self.assert_advice(loop(first), 'best = max(sales["price"])')
        self.assert_advice(
            loop("if row[2] < low do\n low = row[2]\n endif"), 'low = min(low, min(sales["price"]))'
        )

    def test_by_key(self) -> None:
        start = "if not has_key(by, row[0]) do\n by[row[0]] = 0\n endif\n "
        self.assert_advice(
            loop(f"{start}by[row[0]] = by[row[0]] + row[2]"),
            'table_group(sales, "город", {by: ["price", "sum"]})',
        )
        self.assert_advice(
            loop(f"{start}by[row[0]] = by[row[0]] + 1"),
            'table_group(sales, "город", {by: ["город", "count"]})',
        )

    def test_other_loops(self) -> None:
        self.assert_advice(
            loop("total = total + p", 'for p in sales["price"] do', "next p"),
            'total = sum(sales["price"])',
        )
        self.assert_advice(
            loop("total = total + p", "for p in sales.price do", "next p"),
            'total = sum(sales["price"])',
        )
        self.assert_advice(
            loop("total = total + c * d", "for a, b, c, d, e in sales do", "next a"),
            'total = sum(table_add_column(sales, "value", expression="price * qty")["value"])',
        )
        self.assert_advice(
            f"{START}function f() do\n total = 0\n for row in sales do\n total = total + row[2]\n"
            " next row\n return total\nendfunction",
            'total = sum(sales["price"])',
        )

    def test_tables_of_the_text(self) -> None:
        made = 't = table([[1, 2]], ["a", "b c"])\nu = table_filter(t, "a > 0")\nv = u["a > 0"]\n'
        for name in "tuv":
            body = loop("total = total + row[1]", f"for row in {name} do")
            self.assertEqual(advice(made + body), [f'total = sum({name}["b c"])'])
        read = 't = read_file("a.csv")\n'
        self.assertEqual(
            advice(read + loop("total = total + row[1] * row[2]", "for row in t do")),
            [
                'total = sum(table_add_column(t, "value", expression="c1 * c2")["value"]);'
                " c1, c2 stand for the names of the columns"
            ],
        )
        for other in ("t = [1]", "t = 1", "t[0] = 1", "function f(t) do\n return t\nendfunction"):
            body = loop("total = total + row[1]", "for row in t do")
            self.assertEqual(advice(f"{read}{other}\n{body}"), [], other)

    def test_nothing_to_say(self) -> None:
        bodies = (
            "print(row[0])",
            "total = total + row[2]\n if total > 5 do\n break\n endif",
            "total = total + row[2]\n n = total",
            "total = total * row[2]",
            "total = total + len(row)",
            "total = total + row[n]",
            "total = total + missing(row[2])",
            "total = total + row[9]",
            "total = total + row[2]\n total = total + 1",
            "total = total + u\n u = row[2]",
            "if u > 3 do\n n = n + 1\n endif\n u = row[2]",
            "u = row[2]\n u = row[3]\n total = total + u",
            "if row[2] > 3 do\n u = row[2]\n endif\n total = total + row[2]",
            "if row[2] > low do\n low = row[3]\n endif",
            "low = row[2]",
            "if row[3] > 1 do\n if row[2] < low do\n low = row[2]\n endif\n endif",
            'if row[0] == "it\'s" do\n n = n + 1\n endif',
            "word = word + row[2]",
            "local u = row[2]\n total = total + u",
            "for i in [1] do\n total = total + row[2]\n next i",
            "by[row[0]] = by[row[1]] + 1",
            "if row[2] do\n n = n + 1\n endif",
            "if row[2] > 1 or row[3] do\n n = n + 1\n endif",
            "by[row[0] + 1] = by[row[0] + 1] + 1",
            "xs = push(xs, row)",
            "row = 1\n total = total + row",
        )
        for body in bodies:
            self.assertEqual(advice(loop(body)), [], body)
        self.assertEqual(advice(loop("x = row[2]\n total = total + x") + "print(x)"), [])
        self.assertEqual(advice(loop("total = total + row[2]"), {}), [])
        long = "total = total + " + " + ".join(["row[2]"] * 5000)
        self.assertEqual(advice(loop(long)), [])
        self.assertEqual(advice(loop("n = n + 1\n" * 5000)), [])

    def test_severity(self) -> None:
        """It is no warning, and stands at the loop."""
        text = loop("total = total + row[2]")
        (problem,) = check(text, known_variables=("sales",), known_tables=SALES, builtins=BUILTINS)
        self.assertEqual((problem.severity, problem.line, problem.column), ("info", 9, 1))

    def test_tables_of_a_session(self) -> None:
        interpreter = Interpreter()
        interpreter.run('sales = table([["a", 1]], ["name", "n"])')
        (problem,) = interpreter.check("s = 0\nfor row in sales do\n  s = s + row[1]\nnext row")
        self.assertEqual(problem.message.value("expression"), 's = sum(sales["n"])')


class SameResultTests(SynchronousTestCase):
    """Random loops, and what is said to be the same."""

    def test_random_loops(self) -> None:
        said = 0
        for seed in range(100):
            random = Random(seed)
            program = loop("\n  ".join(_statements(random)))
            found = advice(program)
            if not found:
                continue
            said += 1
            interpreter = Interpreter()
            interpreter.define("sales", _sales(random))
            outcome = interpreter.run(program)
            self.assertIsNone(outcome.error, program)
            expected = dict(interpreter.globals_for_export())
            interpreter.run(START)
            for text in found[0].split("; "):
                statement = f"by = {text}" if text.startswith("table_group") else text
                outcome = interpreter.run(statement)
                self.assertIsNone(outcome.error, f"{program}\n{statement}")
            results = interpreter.globals_for_export()
            for name in ("total", "n", "best", "low", "xs"):
                _assert_alike(self, results[name], expected[name], f"{program}\n{found[0]}")
            by: Value = results["by"]
            if isinstance(by, Table):
                by = {str(key): number for key, number in by.cells_of_rows((0, 1))}
            _assert_alike(self, by, expected["by"], f"{program}\n{found[0]}")
        self.assertGreater(said, 60)


def _assert_alike(case: SynchronousTestCase, one: Value, other: Value, text: str) -> None:
    if isinstance(one, Column):
        one = list(one)
    if isinstance(one, float) and isinstance(other, float):
        case.assertTrue(math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6), text)
    elif isinstance(one, list) and isinstance(other, list):
        case.assertEqual(one, other, text)
    elif isinstance(one, dict) and isinstance(other, dict):
        case.assertEqual(one.keys(), other.keys(), text)
        for key, value in one.items():
            _assert_alike(case, value, other[key], text)
    else:
        case.assertEqual(one, other, text)


def _sales(random: Random) -> Table:
    rows: list[Sequence[Value]] = [
        [
            random.choice(("Москва", "Тверь", "Омск")),
            float(random.randrange(50)),
            random.uniform(-10, 100),
            float(random.randrange(1, 9)),
            random.random() < 0.5,
        ]
        for _ in range(random.choice((1, 40, 600)))
    ]
    return Table.from_rows(HEADERS, rows)


def _statements(random: Random) -> list[str]:
    made = []
    if random.random() < 0.3:
        made.append(f"x = {_number(random, 2)}")
    if random.random() < 0.2:
        made.append(f"if {_condition(random)} do\n next row\n endif")
    results = [
        f"total = total {random.choice('+-')} {_number(random, 2)}",
        f"n = n + {random.choice(('1', '2'))}",
        "if row[2] < low do\n low = row[2]\n endif",
        f"xs = push(xs, {random.choice(('row[0]', 'row[1]', _number(random, 1)))})",
        "if not has_key(by, row[0]) do\n by[row[0]] = 0\n endif\n"
        f"by[row[0]] = by[row[0]] + {random.choice(('1', _number(random, 1)))}",
    ]
    for each in random.sample(results, random.randrange(1, 4)):
        if random.random() < 0.5 and not each.startswith("if row[2]"):
            made.append(f"if {_condition(random)} do\n{each}\nendif")
        else:
            made.append(each)
    return made


def _number(random: Random, depth: int) -> str:
    if not depth or random.random() < 0.3:
        return random.choice(
            ("row[1]", "row[2]", "row[3]", "rate", "2", "0.5", "row[-3]", "-row[1]")
        )
    if random.random() < 0.2:
        return f"round({_number(random, depth - 1)}, 1)"
    sign = random.choice("+-*")
    return f"({_number(random, depth - 1)} {sign} {_number(random, depth - 1)} / row[3])"


def _condition(random: Random) -> str:
    kind = random.random()
    if kind < 0.3:
        word = random.choice(("and", "or"))
        return f"({_condition(random)} {word} {_condition(random)})"
    if kind < 0.4:
        return f"not ({_condition(random)})"
    if kind < 0.6:
        text = random.choice(("word", "row[0]", '"Омск"'))
        return f"row[0] {random.choice(('==', '!='))} {text}"
    if kind < 0.7:
        return "row[4] == true"
    return f"{_number(random, 1)} {random.choice(('<', '<=', '>', '>='))} {_number(random, 1)}"
