"""Loops over tables that never make a row mean what they mean over arrays of arrays."""

from __future__ import annotations

import math

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.values.column_storage import ColumnData
from datacode.values.table import Table
from datacode.values.types import Value

ROWS: list[list[Value]] = [
    [float(i), f"n{i}", None if i % 3 else i % 2 == 0, [float(i)] if i == 7 else 2.0 * i]
    for i in range(1100)
]
NAMES = ["k", "name", "flag", "any"]

BODIES = (
    "s = s + row[0]",
    "s = s + row[-4] * row[0]\n  last = row[1]",
    "if row[2] do\n    s = s + 1\n    next row\n  endif\n  last = row[1] + row[0]",
    "if row[0] == 600 do\n    last = row\n    break\n  endif",
    "if row[0] == 600 do\n    last = row[1]\n    break\n  endif",
    "try\n    s = s + row[3] - 1\n  catch e\n    last = e\n  endtry",
    "try\n    s = s + row[1]\n  finally\n    last = row[2]\n  endtry",
    "xs = row[3]\n  xs[0] = 5\n  last = row[3]",
    "row[0] = 8\n  s = s + row[0]",
    "row = [3, row[1]]\n  s = s + row[0]\n  last = row[1]",
    "local row = [3]\n  s = s + row[0]",
    "for i in [1, 2] do\n    if row[0] == 3 do\n      next row\n    endif\n"
    "    s = s + row[0]\n  next i",
    "for row in [[1], [2]] do\n    s = s + row[0]\n  next row",
    "try\n    throw row[1]\n  catch row\n    last = row\n  endtry",
    "s = s + twice(row[0])\n  last = twice(row[1])",
    "if row[0] > 900 do\n    last = row[4]\n  endif\n  s = s + row[0]",
    "if row[0] > 900 do\n    last = row[-5]\n  endif\n  s = s + row[0]",
    "last = row[0.5]",
    "last = row[1][0] + row[1][-1]",
    "last = row[1].k",
    "last = -row[1]",
    "s = s + len(row)",
    "last = [row[0], {k: row[1]}]\n  seen = push(seen, last)",
    "counts[row[1]] = row[0]\n  last = counts[row[1]]",
    "t = row[0]\n  s = s + t",
    "function_of_row = row[0]",
    "global s = row[0]",
)

PAIRS = (
    "s = s + a\n  last = d",
    "if a == 600 do\n    last = [a, b, c, d]\n    break\n  endif",
    "a = 5\n  s = s + a\n  d = b\n  last = d",
    "try\n    s = s + d - 1\n  catch e\n    last = e + b\n  endtry",
)

ELEMENTS = (
    "s = s + x",
    "s = s + x * 2 - 1\n  last = x",
    "last = '' + x\n  s = s + x",
    "s = x + s\n  x = 'a'\n  last = x + 1",
    "if x == 600 do\n    last = x\n    break\n  endif\n  s = s - x",
    "for j in [1, 2] do\n    s = s + x * j\n  next j",
    "for x in [1, 2] do\n    s = s + x\n  next x\n  s = s + x",
    "seen = push(seen, -x)",
    "last = x.len + 1",
    "last = x[0] + 1",
    "s = s + twice(x) + x",
    "try\n    s = s + x\n    throw x\n  catch e\n    last = e + x\n  endtry",
    "s = s + len(table([[x]], ['k'])['k > x - 1'])",
)

START = (
    "function twice(x) do\n  return x + x\nendfunction\n"
    "function itself(x) do\n  return x\nendfunction\n"
    "s = 0\nlast = null\nseen = []\ncounts = {}\n"
)
END = "print(s, last, len(seen), len(counts), isset(row), isset(function_of_row))\nprint(seen)\n"


def outcome(source: Value, program: str) -> tuple[str, str]:
    """What a program prints when ``t`` is the source, and its error."""
    interpreter = Interpreter()
    interpreter.define("t", source)
    found = interpreter.run(program)
    return found.output, str(found.error or "")


def stored(*, typed: bool) -> Table:
    """The rows as a table, with its columns typed where they can be."""
    columns = [ColumnData.of_list(list(column)) for column in zip(*ROWS, strict=True)]
    if typed:
        columns = [as_typed(column.values()) for column in columns]
    return Table(NAMES, columns)


def as_typed(cells: list[Value]) -> ColumnData:
    """A column that is typed if it can be."""
    column = ColumnData.of_list(list(cells))
    series = column.stored_series()
    return column if series is None else ColumnData.of_series(series)


def passes(table: Table) -> tuple[int, int]:
    """How many parts of the rows were made by passes, and how many are kept."""
    return len(table._visited_blocks), len(table._blocks)


class RowLoopTests(SynchronousTestCase):
    """The same program over a table and over the array of its rows."""

    def assert_alike(self, program: str) -> None:
        """Both ways to store a table, and the array, give the same, once and again."""
        rows = outcome([list(row) for row in ROWS], program)
        for typed in (True, False):
            table = stored(typed=typed)
            for _ in range(2):
                self.assertEqual(outcome(table, program), rows, program)

    def test_cells(self) -> None:
        """Bodies that want cells of the row, and some that want more."""
        for body in BODIES:
            loop = f"for row in t do\n  {body}\nnext row\n"
            self.assert_alike(f"{START}{loop}{END}")
            self.assert_alike(
                f"{START}function run(t) do\n  s = 0\n{loop}  return s\nendfunction\n"
                f"print(run(t))\n{END}"
            )

    def test_numbered(self) -> None:
        """Rows behind their numbers."""
        for body in (*BODIES, "s = s + i * row[0]\n  last = i", "i = row[1]\n  last = i + row[0]"):
            self.assert_alike(f"{START}for i, row in enum(t) do\n  {body}\nnext i\n{END}")
        for loop in (
            "for row, row in enum(t) do\n  s = s + row[0]\nnext row\n",
            "for pair in enum(t) do\n  s = s + pair[0] + pair[1][0]\n  last = pair\nnext pair\n",
            "for i, row in enum(enum(t)) do\n  s = s + row[1][0]\nnext i\n",
            "for a, b, c in enum(t) do\n  s = s + 1\nnext a\n",
            "for i, row in enum(*[t]) do\n  s = s + row[0]\nnext i\n",
            "for i, row in enum(value=t) do\n  s = s + row[0]\nnext i\n",
            "function enum(x) do\n  return [[1, [2]]]\nendfunction\n"
            "for i, row in enum(t) do\n  s = s + i + row[0]\nnext i\n",
            "for i, row in enum(t) do\n  if i > 1 do\n    break\n  endif\n"
            "  for j, other in enum(t) do\n    if j > 5 do\n      next i\n    endif\n"
            "    s = s + row[0] * other[0]\n  next j\nnext i\n",
            "xs = [1, 2]\nfor i, x in enum(xs) do\n  xs = push(xs, x)\n  xs[0] = 7\nnext i\n"
            "last = xs\n",
        ):
            self.assert_alike(START + loop + END)

    def test_numbered_others(self) -> None:
        """Other values behind their numbers, or the error of the function, in its place."""
        program = "for i, x in enum(t) do\n  print(i, x)\nnext i"
        self.assertEqual(outcome("да", program), ("0 д\n1 а\n", ""))
        self.assertEqual(outcome([[1.0], None], program), ("0 [1]\n1 null\n", ""))
        for wrong in ({}, None, 5.0):
            interpreter = Interpreter()
            interpreter.define("t", wrong)
            places = []
            for loop in (program, "x = 1 + enum(t)"):
                error = interpreter.run(loop).error
                assert error is not None
                places.append((str(error), error.column))
            self.assertEqual(places[0][0], places[1][0])
            self.assertEqual([column for _, column in places], [13, 9])

    def test_numbered_lazily(self) -> None:
        """Only as much is made as the loop visits."""
        table = stored(typed=True)
        for row in ("row", "row[0]"):
            outcome(table, f"for i, row in enum(t) do\n  last = {row}\n  break\nnext i")
        self.assertEqual(passes(table), (1, 0))

    def test_unpacked(self) -> None:
        """Rows that are unpacked at once."""
        for body in PAIRS:
            self.assert_alike(f"{START}for a, b, c, d in t do\n  {body}\nnext a\n{END}")

    def test_columns(self) -> None:
        """The cells of a column, numbers or not, beside the array of them."""
        for name, cells in (
            ("k", [row[0] for row in ROWS]),
            ("k", [None if i == 900 else float(i) for i in range(1100)]),
            ("k", [math.nan, -0.0, math.inf] * 200),
            ("name", [row[1] for row in ROWS]),
            ("any", [row[3] for row in ROWS]),
            ("k", []),
        ):
            for body in ELEMENTS:
                for loop in (f"for x in t['{name}'] do", f"for i, x in enum(t['{name}']) do"):
                    program = f"{START}{loop}\n  {body}\nnext\n{END}"
                    program = program.replace("next\n", f"next {'i' if 'enum' in loop else 'x'}\n")
                    expected = outcome({name: list(cells)}, program)
                    for column in (ColumnData.of_list(list(cells)), as_typed(cells)):
                        self.assertEqual(
                            outcome(Table([name], [column]), program), expected, program
                        )

    def test_cells_that_are_no_numbers(self) -> None:
        """Arithmetic with cells of every kind is what it is over arrays."""
        for cells in (
            [float(i) for i in range(600)],
            [None if i == 500 else float(i) for i in range(600)],
            ["a"] * 599 + [2.0],
            ["a", "b"] * 300,
            [True, None] * 300,
        ):
            for body in (
                "s = s + row[0]",
                "if row[1] > 500 do\n    last = row[5]\n  endif\n  s = row[0] + s",
                "s = s + row[0] * row[1]",
                "s = s * row[1] - row[0]",
                "s = s + -row[0]",
                "last = row[0] > row[1]",
                "s = s + '' + row[0]",
            ):
                for source in ("t", "itself(t)"):
                    program = f"{START}for row in {source} do\n  {body}\nnext row\n{END}"
                    rows: list[Value] = [[cell, float(i)] for i, cell in enumerate(cells)]
                    expected = outcome(rows, program)
                    for store in (ColumnData.of_list, as_typed):
                        columns = [store(list(column)) for column in zip(*rows, strict=True)]
                        table = Table(["a", "b"], columns)
                        self.assertEqual(outcome(table, program), expected, program)

    def test_unpacked_wrongly(self) -> None:
        """As many variables as columns are needed, if there is a row."""
        for names in ("a, b", "a, b, c, d, e"):
            program = f"for {names} in t do\n  print(a)\nnext a"
            count = len(names.split(","))
            self.assertEqual(
                outcome(stored(typed=False), program),
                (
                    "",
                    "Runtime Error at line 1: Cannot unpack table row of length 4"
                    f" into {count} variables",
                ),
            )
            self.assertEqual(outcome(Table(NAMES, [ColumnData.of_list([])] * 4), program), ("", ""))

    def test_everything_else(self) -> None:
        """What is no table is visited as ever."""
        for source in ([], "мир", {"a": 1.0}, [[1.0], [2.0]], None, 5.0, Table([], [], 3)):
            program = "for row in t do\n  print(row[0])\nnext row"
            plain = "for row in t do\n  r = row\n  print(r[0])\nnext row"
            found, expected = outcome(source, program), outcome(source, plain)
            self.assertEqual(found, (expected[0], expected[1].replace("line 3", "line 2")))

    def test_no_rows_are_made(self) -> None:
        """The rows of the table do not come to be."""
        table = stored(typed=True)
        outcome(table, "s = 0\nfor row in t do\n  s = s + row[0]\n  last = row[1]\nnext row")
        outcome(table, "for a, b, c, d in t do\n  last = [a, d]\nnext a")
        self.assertEqual(passes(table), (0, 0))
        outcome(table, "for row in t do\n  last = row\nnext row")
        self.assertEqual(passes(table), (2, 0))

    def test_conditions_see_the_row(self) -> None:
        """A condition over the rows of a table finds the variables of the loops around it."""
        for condition in (
            "t['k == row[0] + 0']",
            "table_filter(t, 'k == row[0] + 0')",
            "table_where(t, 'k == row[0] + 0')",
            "table_query(t, text)",
            "t[text]",
            "table_query(*[t, text])",
        ):
            program = (
                "text = 'k == row[0] + 0'\nfor row in t do\n"
                "  if row[0] > 3 do\n    break\n  endif\n"
                f"  print(len({condition}), row[0])\nnext row"
            )
            self.assertEqual(outcome(stored(typed=True), program), ("1 0\n1 1\n1 2\n1 3\n", ""))

    def test_conditions_in_functions(self) -> None:
        """They see the variables of the function only, as the row is not theirs."""
        program = (
            "function f(x) do\n  return len(t['k < x + 0'])\nendfunction\n"
            "function g(x) do\n  return len(t['k < row + 0'])\nendfunction\n"
            "for row in t do\n  if row[0] > 2 do\n    break\n  endif\n  print(f(row[0]))\n"
            "next row\nfor row in t do\n  g(row[0])\nnext row"
        )
        output, error = outcome(stored(typed=True), program)
        self.assertEqual(output, "0\n1\n2\n")
        self.assertIn("Variable 'row' not found", error)

    def test_loops_in_loops(self) -> None:
        """Tables within tables, deeper than Python allows loops, and left from within."""
        short = Table(
            ["a", "b"], [ColumnData.of_list([1.0, 2.0, 3.0]), ColumnData.of_list(["x", "y", "z"])]
        )
        for depth in (2, 3, 14):
            names = [f"r{i}" for i in range(depth)]
            program = "".join(f"for {name} in t do\n" for name in names)
            program += f"if {names[-1]}[0] == 2 do\n  next {names[0]}\nendif\n"
            program += f"print({', '.join(f'{name}[1]' for name in names[:3])})\n"
            program += "".join(f"next {name}\n" for name in reversed(names))
            arrays: Value = [[1.0, "x"], [2.0, "y"], [3.0, "z"]]
            self.assertEqual(outcome(short, program), outcome(arrays, program))
            self.assertEqual(len(outcome(short, program)[0].splitlines()), 3)
            for source in (short, arrays):
                local = f"function f(t) do\n{program}endfunction\nf(t)"
                self.assertEqual(outcome(source, local), outcome(arrays, program))

    def test_places_of_errors(self) -> None:
        """Line and column are those of the program, whichever of the two loops runs."""
        program = "for row in t do\n  x = row[1] + row[0] - row[1]\nnext row"
        places = set()
        for source in (stored(typed=True), [list(row) for row in ROWS]):
            interpreter = Interpreter()
            interpreter.define("t", source)
            error = interpreter.run(program).error
            assert error is not None
            places.add((str(error), error.line, error.column))
        self.assertEqual(len(places), 1)
        self.assertEqual(places.pop()[1:], (2, 23))
